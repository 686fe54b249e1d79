import assert from 'node:assert/strict';
import { test } from 'node:test';

import { enhance } from '../../web/demo/files/enhance.js';
import { WavSource } from '../../web/demo/files/wav-source.js';
import { WavFormat, WavWriter } from '../../web/demo/wav.js';

const LATENCY = 1440;
const N_SAMPLES = 60_000; // two pieces and a half

/** Turns the sign, so late. */
class FakeEngine {
  latency = LATENCY;
  #held = new Float32Array(LATENCY);

  begin() {}

  async process(samples) {
    const all = Float32Array.of(...this.#held, ...samples.map((sample) => -sample));
    this.#held = all.slice(samples.length);
    return all.slice(0, samples.length);
  }
}

/** Enhance a stereo file; `wrong` are values that take the place of samples, by their number. */
async function enhanceFile(wrong) {
  const left = Float32Array.from({ length: N_SAMPLES }, (_, i) => Math.sin(i));
  const right = left.map((sample) => sample / 2);
  for (const [number, value] of Object.entries(wrong)) right[number] = value;
  const writer = new WavWriter(new WavFormat(48_000, 2));
  writer.push([left, right]);
  const source = await WavSource.open(writer.finish());
  const engines = [new FakeEngine(), new FakeEngine()];
  const enhanced = [];
  for await (const { before, after } of enhance(source, engines, {}, new AbortController().signal)) {
    assert.deepEqual(after, before.map((samples) => samples.map((sample) => -sample)));
    enhanced.push(...after[1]);
  }
  return { right, enhanced };
}

test('a recording comes back whole, in time with itself', async () => {
  const { right, enhanced } = await enhanceFile({ 40_000: 100, 50_000: -100 });
  assert.deepEqual(enhanced, [...right].map((sample) => -sample));
});

for (const [value, said] of [[NaN, 'NaN'], [-Infinity, '-Infinity'], [100.5, '100.5'], [-1e30, '-1e\\+30']]) {
  test(`a sample of ${value} is told by its number`, async () => {
    await assert.rejects(
      enhanceFile({ 40_000: value, 50_000: NaN }),
      new RegExp(`^Error: Sample 40000 is ${said}, expected ±1: repair or rescale the file.$`),
    );
  });
}
