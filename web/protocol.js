/** What the three threads agree on: sizes, slots, messages. */

export const SAMPLE_RATE = 48_000;
export const HOP_LENGTH = 480; // the engine's step, as in py/percepnet/constants.py
export const RENDER_QUANTUM = 128; // Web Audio's step, where no other is asked for

/**
 * The context that suits best. 'balanced' is Chromium's buffer for WebRTC, 10 ms at a time: the
 * engine's step. With 'interactive' it may be a frame more, and the two drift apart.
 *
 * @type {AudioContextOptions}
 */
export const CONTEXT_OPTIONS = { sampleRate: SAMPLE_RATE, latencyHint: 'balanced' };

/**
 * Silence the output starts with: what the path to the engine and back may take, in samples.
 * One hop to collect, 20 ms because devices ask for audio in bursts, in whole quanta 1024, one
 * quantum that is looked ahead, and a little to compute. Not a quantum less: a device that asks for
 * 10 ms at a time then needs a hop at the third request after the hop's last sample, not the second.
 */
export const CUSHION = 1664;

// What devices ask for at a time is 10 ms, or 512 samples at 44.1 kHz. The cushion holds two of the
// former, as one may be late.
const USUAL_BURST_S = 0.012;

export const RING_CAPACITY = 65_536; // 1.4 s

/**
 * @typedef {object} Format of the sound at the node, in samples of the context's rate
 * @property {number} sampleRate whole Hz
 * @property {number} channelCount
 * @property {number} quantum what the audio thread takes at a time
 * @property {number} blockLength what the engine takes at a time: 10 ms, or a little more
 * @property {number} cushion as `CUSHION`, at the start
 * @property {number} ringCapacity
 */

/**
 * @param {number} sampleRate
 * @param {number} channelCount
 * @param {number} quantum
 * @param {number} burstS seconds that the device asks for at a time
 * @returns {Format}
 */
export function formatAt(
  sampleRate,
  channelCount = 1,
  quantum = RENDER_QUANTUM,
  burstS = USUAL_BURST_S,
) {
  const times = Math.round(sampleRate) / SAMPLE_RATE;
  const longerQuanta = 2 * Math.max(0, quantum - RENDER_QUANTUM * times);
  const longerBurst = Math.round(Math.max(0, burstS - USUAL_BURST_S) * sampleRate);
  return {
    sampleRate: Math.round(sampleRate),
    channelCount,
    quantum,
    blockLength: Math.ceil(HOP_LENGTH * times),
    cushion: Math.ceil(CUSHION * times + longerQuanta + longerBurst),
    ringCapacity: 2 ** Math.ceil(Math.log2(RING_CAPACITY * times)),
  };
}

// Every block of slots has one thread that writes it.

/** Floats, by the main thread. */
export const Control = { STRENGTH: 0, ATTENUATION_LIMIT_DB: 1, BYPASS: 2, ENGINE: 3, MAIL: 4 };

/** Integers, by the audio thread; samples modulo 2**32. */
export const Playback = {
  SAMPLES: 0, // played
  LATE_SAMPLES: 1, // of these, the input instead of the enhanced, which was not there
  UNDERRUNS: 2, // times that it was not
  INVALID_SAMPLES: 3, // that came in not finite or absurdly loud
  ADDED_DELAY: 4, // for a device that asks for more at a time than it declared
};

/** Floats, by the engine. The last hops' processing times in ms follow. */
export const Report = { HOPS: 0, VOICE_PROBABILITY: 1, SNR_DB: 2, HOP_MS: 3 };

export const N_HOP_TIMES = 1000; // 10 s

export const N_CONTROLS = Object.keys(Control).length;
export const N_PLAYBACK = Object.keys(Playback).length;
export const N_REPORT = Report.HOP_MS + N_HOP_TIMES;

/**
 * @typedef {object} Slots as one thread sees them
 * @property {Float32Array} controls by `Control`
 * @property {Int32Array} playback by `Playback`
 * @property {Float32Array} report by `Report`
 */

/**
 * How samples get to the engine: to a worker by shared memory or by messages, or nowhere, because
 * it is in the audio thread.
 *
 * @typedef {'shared' | 'message' | 'inline'} Pipeline
 */

/** @typedef {'runtime' | 'model' | 'warm-up'} StartStage */

/**
 * @typedef {object} EngineFacts
 * @property {number} latency samples of the context by which the engine delays
 * @property {string} kernel what computes the network
 */

/**
 * @typedef {object} ModelFile
 * @property {string} name of a bundled model, or the address of another
 * @property {Uint8Array<ArrayBuffer>} bytes
 */

/**
 * Main to worker; the lines first.
 *
 * @typedef {{ lines: any } | { model: ModelFile } | { modelToUse: string }} EngineRequest
 */

/**
 * @typedef {{ type: 'stage', stage: StartStage }
 *   | { type: 'ready' } & EngineFacts
 *   | { type: 'model-read' }
 *   | { type: 'model-in-use' }
 *   | { type: 'model-refused', message: string }
 *   | { type: 'report', report: Float32Array }
 *   | { type: 'failed', message: string, detail: string }} EngineMessage worker to main
 */

/** Main to audio thread, once: the node is not needed any more. */
export const CLOSE = 'close';
