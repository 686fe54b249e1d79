import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { allocateShared, Counter, CUSHION, HOP_LENGTH, RENDER_QUANTUM } from '../../web/protocol.js';
import { RingBuffer } from '../../web/ring-buffer.js';

const ENGINE_LATENCY = 960;
const LATENCY = CUSHION + ENGINE_LATENCY;
const N_CUSHION_QUANTA = CUSHION / RENDER_QUANTUM;

let Processor;
globalThis.AudioWorkletProcessor = class {};
globalThis.registerProcessor = (_, definition) => (Processor = definition);
await import('../../web/percepnet-processor.js');

let shared, processor, input, output, nQuanta;

beforeEach(() => {
  shared = allocateShared();
  processor = new Processor({ processorOptions: { shared, latency: LATENCY } });
  input = new RingBuffer(shared.input);
  output = new RingBuffer(shared.output);
  nQuanta = 0;
});

/** The samples 1, 2, 3 … of the time line, from `start`. */
function ramp(start, length) {
  return Float32Array.from({ length }, (_, i) => start + i + 1);
}

/** Let the audio thread run: what it played, for the ramp as input. */
function play(nMore) {
  const heard = [];
  for (let i = 0; i < nMore; i++, nQuanta++) {
    const quantum = new Float32Array(RENDER_QUANTUM).fill(NaN);
    processor.process([[ramp(nQuanta * RENDER_QUANTUM, RENDER_QUANTUM)]], [[quantum]]);
    heard.push(...quantum);
  }
  return heard;
}

/** The engine's part, here without any work: pass on the complete hops. */
function passHops() {
  const hop = new Float32Array(HOP_LENGTH);
  while (input.available >= HOP_LENGTH) {
    input.pull(hop);
    output.push(hop);
  }
}

test('the signal comes back after exactly the cushion', () => {
  const heard = [];
  for (let i = 0; i < 100; i++) {
    heard.push(...play(1));
    passHops();
  }
  const expected = [...new Float32Array(CUSHION), ...ramp(0, heard.length - CUSHION)];
  assert.deepEqual(heard, expected);
  assert.equal(shared.counters[Counter.UNDERRUNS], 0);
});

test('an engine that is late costs zeros, is counted, and the delay stays', () => {
  play(N_CUSHION_QUANTA);
  const missed = play(10);
  assert.ok(missed.every((sample) => sample === 0));
  assert.equal(shared.counters[Counter.UNDERRUNS], 1);
  assert.equal(shared.counters[Counter.LATE_SAMPLES], 10 * RENDER_QUANTUM);
  passHops(); // the late hops are passed over
  const start = nQuanta * RENDER_QUANTUM;
  assert.deepEqual(play(1), [...ramp(start - CUSHION, RENDER_QUANTUM)]);
  assert.equal(shared.counters[Counter.UNDERRUNS], 1);
});

test('a failed engine leaves the input, as late as before', () => {
  play(50);
  Atomics.store(shared.counters, Counter.FAILED, 1);
  const start = nQuanta * RENDER_QUANTUM;
  assert.deepEqual(play(4), [...ramp(start - LATENCY, 4 * RENDER_QUANTUM)]);
});

test('a node without a source takes in silence', () => {
  processor.process([[]], [[new Float32Array(RENDER_QUANTUM)]]);
  assert.equal(input.available, RENDER_QUANTUM);
});

test('a closed processor asks to be freed', () => {
  const quantum = [[new Float32Array(RENDER_QUANTUM)]];
  assert.equal(processor.process([[]], quantum), true);
  Atomics.store(shared.counters, Counter.CLOSED, 1);
  assert.equal(processor.process([[]], quantum), false);
});
