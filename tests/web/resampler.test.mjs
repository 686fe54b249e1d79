import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOP_LENGTH, SAMPLE_RATE, formatAt } from '../../web/protocol.js';
import { RateStep } from '../../web/rate-step.js';
import { Resampler } from '../../web/resampler.js';
import { seededRandom } from './random.mjs';

const RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000];

function sine(frequencyHz, sampleRate, length, startS = 0) {
  return Float32Array.from({ length }, (_, i) =>
    Math.sin(2 * Math.PI * frequencyHz * (startS + i / sampleRate)),
  );
}

/** All that comes out of pieces of 100 samples. */
function resample(samples, fromRate, toRate, delay = 0) {
  const resampler = new Resampler(fromRate, toRate, 100, delay);
  const out = [];
  for (let start = 0; start < samples.length; start += 100) {
    resampler.push(samples.subarray(start, start + 100));
    const piece = new Float32Array(resampler.available);
    resampler.pull(piece);
    out.push(...piece);
  }
  return { out: Float32Array.from(out), latency: resampler.latency };
}

function level(samples) {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
}

for (const rate of RATES) {
  for (const [fromRate, toRate] of [[rate, SAMPLE_RATE], [SAMPLE_RATE, rate]]) {
    describe(`from ${fromRate} to ${toRate} Hz`, () => {
      const lowerNyquist = Math.min(fromRate, toRate) / 2;
      const settled = Math.ceil(toRate / 20);

      test('up to 0.9 of the lower Nyquist frequency nothing changes but the stated delay', () => {
        for (const share of [0.01, 0.3, 0.9]) {
          const f = share * lowerNyquist;
          const { out, latency } = resample(sine(f, fromRate, fromRate / 5), fromRate, toRate, 3.7);
          const expected = sine(f, toRate, out.length, -latency / fromRate);
          const error = out.map((x, i) => x - expected[i]).subarray(settled);
          assert.ok(level(error) < 1e-3, `${share}: ${level(error)}`);
        }
      });

      test('images and aliases are 80 dB down', () => {
        // Down: tones above the new Nyquist frequency; up: what is not the tone itself.
        const f = fromRate > toRate ? 1.02 * lowerNyquist : 0.9 * lowerNyquist;
        const { out, latency } = resample(sine(f, fromRate, fromRate / 5), fromRate, toRate);
        const wanted = fromRate > toRate ? 0 : 1;
        const expected = sine(f, toRate, out.length, -latency / fromRate);
        const tail = out.subarray(settled);
        const kept = expected.subarray(settled);
        const dot = tail.reduce((sum, x, i) => sum + x * kept[i], 0);
        const gain = wanted * (dot / kept.reduce((sum, x) => sum + x * x, 0));
        const rest = tail.map((x, i) => x - gain * kept[i]);
        assert.ok(20 * Math.log10(level(rest) * Math.SQRT2) < -80, `${level(rest)}`);
      });
    });
  }

  test(`at ${rate} Hz, blocks come back after exactly the stated delay`, () => {
    const format = formatAt(rate);
    const latency = 3 * HOP_LENGTH;
    const past = new Float32Array(latency + HOP_LENGTH);
    const positions = [];
    const delay = {
      latency,
      process(hop, position) {
        past.copyWithin(0, HOP_LENGTH);
        past.set(hop, latency);
        hop.set(past.subarray(0, HOP_LENGTH));
        positions.push(position);
      },
    };
    const step = new RateStep(delay, format);
    assert.ok(Number.isInteger(step.latency));
    const heard = [];
    const nBlocks = 60;
    const f = 0.11 * rate;
    for (let n = 0; n < nBlocks; n++) {
      const block = sine(f, rate, format.blockLength, (n * format.blockLength) / rate);
      step.process(block, n * format.blockLength);
      heard.push(...block);
    }
    const start = Math.ceil(0.2 * rate);
    const expected = sine(f, rate, heard.length, -step.latency / rate);
    const error = heard.map((x, i) => x - expected[i]).slice(start);
    assert.ok(level(error) < 1e-3, `${level(error)}`);
    assert.ok(positions.every((position, n) => position === n * HOP_LENGTH));
  });
}

test('every channel is resampled on its own', () => {
  const random = seededRandom(4);
  const formats = [1, 1, 2].map((nChannels) => formatAt(44_100, nChannels));
  const step = { latency: 0, process: () => {} };
  const [left, right, both] = formats.map((format) => new RateStep(step, format));
  const { blockLength } = formats[0];
  for (let n = 0; n < 5; n++) {
    const [one, other] = [1, 2].map(() => Float32Array.from({ length: blockLength }, random));
    const stereo = Float32Array.of(...one, ...other);
    left.process(one, n * blockLength);
    right.process(other, n * blockLength);
    both.process(stereo, n * blockLength);
    assert.deepEqual([...stereo], [...one, ...other]);
  }
});

test('after a gap there is no sound until the engine has some', () => {
  const format = formatAt(44_100);
  const random = seededRandom(3);
  const step = new RateStep({ latency: 0, process: () => {} }, format);
  const block = Float32Array.from({ length: format.blockLength }, () => random() - 0.5);
  const processed = (position) => {
    const copy = block.slice();
    step.process(copy, position);
    return copy;
  };
  assert.ok(processed(0).every(Number.isFinite));
  const afterGap = processed(10 * format.blockLength);
  assert.ok(Number.isNaN(afterGap[0]));
  assert.ok(Number.isFinite(processed(11 * format.blockLength).at(-1)));
});
