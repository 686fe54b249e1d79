/** The other threads' slots in the app's units. */

import { CUSHION, Playback, Report, SAMPLE_RATE } from './protocol.js';

/**
 * @typedef {object} DenoiserStats
 * @property {number} latencyMs by which the node delays the signal, constant
 * @property {number} hopMsP50 median time to process 10 ms of audio, over the last 10 s
 * @property {number} hopMsP99 99th percentile of it
 * @property {number} underruns times that the engine was late
 * @property {number} droppedMs of audio passed on unprocessed because of it, equally delayed
 * @property {number} invalidSamples that came in not finite or absurdly loud; taken as silence
 * @property {number} voiceProbability 0 to 1, now
 * @property {string} model name of the one in use
 * @property {import('./protocol.js').Pipeline} pipeline
 * @property {string} kernel what computes the network
 */

/**
 * @param {import('./protocol.js').Slots} slots
 * @param {import('./protocol.js').EngineFacts} facts
 * @param {string} model
 * @param {import('./protocol.js').Pipeline} pipeline
 * @returns {DenoiserStats}
 */
export function readStats({ playback, report }, { latency, kernel }, model, pipeline) {
  const times = report.slice(Report.HOP_MS).filter((ms) => ms > 0).sort();
  return {
    latencyMs: samplesToMs(CUSHION + latency),
    hopMsP50: quantile(times, 0.5),
    hopMsP99: quantile(times, 0.99),
    underruns: Atomics.load(playback, Playback.UNDERRUNS),
    droppedMs: samplesToMs(Atomics.load(playback, Playback.LATE_SAMPLES) >>> 0),
    invalidSamples: Atomics.load(playback, Playback.INVALID_SAMPLES) >>> 0,
    voiceProbability: report[Report.VOICE_PROBABILITY],
    model,
    pipeline,
    kernel,
  };
}

/** @param {number} nSamples */
function samplesToMs(nSamples) {
  return (nSamples / SAMPLE_RATE) * 1000;
}

/**
 * @param {Float32Array} sorted
 * @param {number} fraction
 */
function quantile(sorted, fraction) {
  return sorted.length ? sorted[Math.floor(fraction * (sorted.length - 1))] : 0;
}
