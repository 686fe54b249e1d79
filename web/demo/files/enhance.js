/** A whole recording through the engines, piece by piece, in time with itself. */

import { HOP_LENGTH } from '../../protocol.js';

const PIECE_LENGTH = 50 * HOP_LENGTH;
const MAX_PEAK = 100; // as in py/percepnet/constants.py

/**
 * @param {import('./source.js').Source} noisy
 * @param {import('./channel-engine.js').ChannelEngine[]} engines one per channel
 * @param {{ strength: number, attenuationLimitDb: number }} settings
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ before: Float32Array[], after: Float32Array[] }>} by channel; the
 *   pieces together are as long as the recording
 * @throws {Error} what has gone wrong, with the samples or else; the signal's reason once it is
 *   aborted
 */
export async function* enhance(noisy, engines, settings, signal) {
  const { latency } = engines[0];
  for (const engine of engines) engine.begin(settings);
  for (let start = 0; start < noisy.length + latency; start += PIECE_LENGTH) {
    const channels = await noisy.read(start, PIECE_LENGTH);
    checkValues(channels, start);
    const pieces = await Promise.all(
      engines.map((engine, channel) => engine.process(channels[channel])),
    );
    signal.throwIfAborted();
    const delayedStart = start - latency;
    const from = Math.max(delayedStart, 0);
    const to = Math.min(delayedStart + PIECE_LENGTH, noisy.length);
    if (to <= from) continue;
    yield {
      before: await noisy.read(from, to - from),
      after: pieces.map((samples) => samples.subarray(from - delayedStart, to - delayedStart)),
    };
  }
}

/**
 * What is not finite would stay in the engines' state to the end of the file.
 *
 * @param {Float32Array[]} channels
 * @param {number} start of them in the recording
 * @throws {Error} in words for the visitor
 */
function checkValues(channels, start) {
  for (let i = 0; i < channels[0].length; i++) {
    const wrong = channels.find((samples) => !(Math.abs(samples[i]) <= MAX_PEAK)); // NaN, too
    if (!wrong) continue;
    const value = Number(wrong[i].toPrecision(6));
    throw new Error(`Sample ${start + i} is ${value}, expected ±1: repair or rescale the file.`);
  }
}
