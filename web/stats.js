/** The other threads' slots in the app's units. */

import { N_HOP_TIMES, Playback, Report } from './protocol.js';

/** @typedef {import('./protocol.js').Pipeline} Pipeline */

/**
 * @typedef {object} DenoiserStats
 * @property {number} latencySamples by which the node delays the signal: constant, once 0.6 s
 *   of audio have shown how much the device asks for at a time
 * @property {number} latencyMs the same
 * @property {number} hopMsP50 median time to process 10 ms of audio, over the last 10 s. As fine as
 *   the engine's clock: where that tells whole milliseconds (in the audio thread, in browsers that
 *   coarsen it), a hop of 0.3 ms is counted as 0 or 1
 * @property {number} hopMsP99 99th percentile of it
 * @property {number} underruns times that the engine was late
 * @property {number} droppedMs of audio passed on unprocessed because of it, equally delayed
 * @property {number} invalidSamples that came in not finite or absurdly loud; taken as silence
 * @property {number} voiceProbability 0 to 1, now
 * @property {number} snrDb voice to noise in the input over the last second, as the model hears it
 * @property {string} model name of the one in use
 * @property {Pipeline} pipeline
 * @property {string} kernel what computes the network
 */

/**
 * @param {import('./protocol.js').Slots} slots
 * @param {import('./protocol.js').EngineFacts} facts
 * @param {string} model
 * @param {{ pipeline: Pipeline, format: import('./protocol.js').Format }} lines
 * @returns {DenoiserStats}
 */
export function readStats({ playback, report }, { latency, kernel }, model, { pipeline, format }) {
  const nTimes = Math.min(report[Report.HOPS], N_HOP_TIMES);
  const times = report.slice(Report.HOP_MS, Report.HOP_MS + nTimes).sort();
  const added = Atomics.load(playback, Playback.ADDED_DELAY);
  const latencySamples = format.cushion + added + latency;
  const msPerSample = 1000 / format.sampleRate;
  return {
    latencySamples,
    latencyMs: latencySamples * msPerSample,
    hopMsP50: quantile(times, 0.5),
    hopMsP99: quantile(times, 0.99),
    underruns: Atomics.load(playback, Playback.UNDERRUNS),
    droppedMs: (Atomics.load(playback, Playback.LATE_SAMPLES) >>> 0) * msPerSample,
    invalidSamples: Atomics.load(playback, Playback.INVALID_SAMPLES) >>> 0,
    voiceProbability: report[Report.VOICE_PROBABILITY],
    snrDb: report[Report.SNR_DB],
    model,
    pipeline,
    kernel,
  };
}

/**
 * @param {Float32Array} sorted
 * @param {number} fraction
 */
function quantile(sorted, fraction) {
  return sorted.length ? sorted[Math.floor(fraction * (sorted.length - 1))] : 0;
}
