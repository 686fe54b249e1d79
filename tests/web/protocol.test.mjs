import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as protocol from '../../web/protocol.js';
import { RingBuffer } from '../../web/ring-buffer.js';
import { SharedAudioEnd, SharedMainEnd } from '../../web/shared-transport.js';

const constantsPy = readFileSync(
  new URL('../../py/percepnet/constants.py', import.meta.url),
  'utf8',
);

for (const name of ['SAMPLE_RATE', 'HOP_LENGTH']) {
  test(`${name} is the Python package's`, () => {
    const [, digits] = constantsPy.match(new RegExp(`^${name} = ([\\d_]+)`, 'm'));
    assert.equal(protocol[name], Number(digits.replaceAll('_', '')));
  });
}

test('the cushion holds a hop and a device burst of 20 ms, the rings the whole delay', () => {
  const { RENDER_QUANTUM } = protocol;
  const burst = RENDER_QUANTUM * Math.ceil((0.02 * protocol.SAMPLE_RATE) / RENDER_QUANTUM);
  assert.ok(protocol.CUSHION >= protocol.HOP_LENGTH + burst + RENDER_QUANTUM);
  assert.ok(protocol.RING_CAPACITY > 4 * (protocol.CUSHION + burst));
});

test('a device that asks for a hop at a time asks three times before it needs that hop back', () => {
  const { CUSHION, HOP_LENGTH, RENDER_QUANTUM } = protocol;
  for (let start = 0; start < HOP_LENGTH * RENDER_QUANTUM; start += HOP_LENGTH) {
    const timesToCollect = start / HOP_LENGTH + 1;
    // The audio thread looks a quantum ahead, so that it has time to fade.
    const place = start + CUSHION + 1 - 2 * RENDER_QUANTUM;
    const quantum = RENDER_QUANTUM * Math.ceil(place / RENDER_QUANTUM);
    const timesUntilNeeded = Math.floor(quantum / HOP_LENGTH) + 1;
    assert.ok(timesUntilNeeded - timesToCollect >= 3);
  }
});

test('at other rates the same times, and two longer quanta', () => {
  assert.deepEqual(protocol.formatAt(protocol.SAMPLE_RATE), {
    sampleRate: protocol.SAMPLE_RATE,
    channelCount: 1,
    quantum: protocol.RENDER_QUANTUM,
    blockLength: protocol.HOP_LENGTH,
    cushion: protocol.CUSHION,
    ringCapacity: protocol.RING_CAPACITY,
  });
  for (const rate of [8_000, 11_025, 22_050, 44_100, 96_000, 192_000]) {
    const { blockLength, cushion, ringCapacity } = protocol.formatAt(rate);
    assert.ok(blockLength >= rate / 100 && blockLength < rate / 100 + 1);
    assert.ok(cushion / rate >= protocol.CUSHION / protocol.SAMPLE_RATE);
    assert.ok(Number.isInteger(cushion) && Number.isInteger(Math.log2(ringCapacity)));
    assert.ok(ringCapacity / rate >= protocol.RING_CAPACITY / protocol.SAMPLE_RATE);
  }
});

test('a device that asks for more at a time is given the more, one that asks for less the usual', () => {
  const cushion = (burstS) => protocol.formatAt(48_000, 1, 128, burstS).cushion;
  assert.equal(cushion(0.04), protocol.CUSHION + 0.028 * 48_000);
  assert.equal(cushion(0.003), protocol.CUSHION);
});

test('every slot is its own and exists', () => {
  const { controls, playback, report } = new SharedMainEnd(protocol.formatAt(protocol.SAMPLE_RATE)).slots;
  assert.deepEqual(Object.values(protocol.Control), [...controls.keys()]);
  assert.deepEqual(Object.values(protocol.Playback), [...playback.keys()]);
  assert.deepEqual(Object.values(protocol.Report), [0, 1, 2, 3]);
  assert.equal(report.length, protocol.Report.HOP_MS + protocol.N_HOP_TIMES);
});

test('in pipeline A, what another thread receives is the same memory', () => {
  const main = new SharedMainEnd(protocol.formatAt(protocol.SAMPLE_RATE));
  const audio = new SharedAudioEnd(structuredClone(main.lines));
  assert.equal(audio.output.available, protocol.CUSHION);
  Atomics.store(audio.playback, protocol.Playback.UNDERRUNS, 3);
  audio.input.push(Float32Array.of(1));
  assert.equal(main.slots.playback[protocol.Playback.UNDERRUNS], 3);
  assert.equal(new RingBuffer(main.lines.input).available, 1);
});
