/** What the three threads agree on: sizes, shared slots, messages. */

import { RingBuffer } from './ring-buffer.js';

export const SAMPLE_RATE = 48_000;
export const HOP_LENGTH = 480; // the engine's step, as in py/percepnet/constants.py
export const RENDER_QUANTUM = 128; // Web Audio's step

/**
 * Silence the output ring starts with: what the path to the engine and back may take, in samples.
 * One hop to collect, up to 20 ms because devices ask for audio in bursts, the rest to compute.
 */
export const CUSHION = 1536;

const RING_CAPACITY = 65_536; // 1.4 s
const N_HOP_TIMES = 1024; // 10 s

/** Shared integers. */
export const Counter = {
  CLOSED: 0, // main to all: 1 once the denoiser is closed
  FAILED: 1, // 1 once the engine is gone: the input is passed on, as late as ever
  BYPASS: 2, // main to engine: 1 for the delayed input
  UNDERRUNS: 3, // times that the engine was late
  LATE_SAMPLES: 4, // zeros played because of it
  HOPS: 5, // hops processed, modulo 2**32
};

/** Shared floats. */
export const Value = {
  STRENGTH: 0, // main to engine
  ATTENUATION_LIMIT_DB: 1, // main to engine
  VOICE_PROBABILITY: 2, // engine to main
};

/**
 * @typedef {object} Shared the memory all three threads see
 * @property {SharedArrayBuffer} input ring from the audio thread to the engine
 * @property {SharedArrayBuffer} output ring from the engine to the audio thread
 * @property {Int32Array} counters by `Counter`
 * @property {Float32Array} values by `Value`
 * @property {Float32Array} hopMs the last hops' processing times; hop n is at n % length
 */

/** @returns {Shared} */
export function allocateShared() {
  const output = RingBuffer.allocate(RING_CAPACITY);
  new RingBuffer(output).pushSilence(CUSHION);
  return {
    input: RingBuffer.allocate(RING_CAPACITY),
    output,
    counters: new Int32Array(shared(Object.keys(Counter).length)),
    values: new Float32Array(shared(Object.keys(Value).length)),
    hopMs: new Float32Array(shared(N_HOP_TIMES)),
  };
}

/** @param {number} nWords of four bytes */
function shared(nWords) {
  return new SharedArrayBuffer(4 * nWords);
}

/**
 * @typedef {object} StartMessage main to worker, once
 * @property {string} modelUrl
 * @property {Shared} shared
 */

/** @typedef {'runtime' | 'model' | 'warm-up'} StartStage */

/**
 * @typedef {{ type: 'stage', stage: StartStage }
 *   | { type: 'ready', latency: number }
 *   | { type: 'failed', message: string, detail: string }} EngineMessage worker to main
 */
