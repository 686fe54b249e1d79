/** The samples of a file, at 48 kHz, from whatever it is. */

import { decode } from '../decode.js';
import { WavSource } from './wav-source.js';

// Decoded, an hour in stereo takes 1.4 GB; browsers let a page have two to four.
const MAX_DECODED_S = 3600;

/**
 * @typedef {object} Source
 * @property {number} length per channel
 * @property {number} nChannels
 * @property {(start: number, nSamples: number) => Promise<Float32Array<ArrayBuffer>[]>} read by channel, with
 *   silence after the end
 */

/**
 * @param {File} file
 * @returns {Promise<Source>} read piece by piece where that is possible, else decoded whole
 * @throws {Error} in words for the visitor
 */
export async function openSource(file) {
  const wav = await WavSource.open(file).catch(() => undefined); // decoding tells what is wrong
  if (wav?.length) return wav;
  const durationS = await durationOf(file);
  if (durationS > MAX_DECODED_S) {
    throw new Error(
      `This file lasts ${Math.ceil(durationS / 60)} minutes, too long for a browser's memory: only WAV ` +
        'files of 48 kHz may last more than an hour. Convert it to one, or cut it.',
    );
  }
  return new DecodedSource(await decode(file));
}

/**
 * @param {File} file
 * @returns {Promise<number>} seconds; NaN if the file does not tell, decoding says why
 */
async function durationOf(file) {
  const audio = new Audio();
  audio.preload = 'metadata';
  audio.src = URL.createObjectURL(file);
  await new Promise((resolve) => {
    audio.onloadedmetadata = resolve;
    audio.onerror = resolve;
  });
  URL.revokeObjectURL(audio.src);
  return Number.isFinite(audio.duration) ? audio.duration : NaN;
}

class DecodedSource {
  #buffer;

  /** @param {AudioBuffer} buffer */
  constructor(buffer) {
    this.#buffer = buffer;
    this.length = buffer.length;
    this.nChannels = buffer.numberOfChannels;
  }

  /**
   * @param {number} start
   * @param {number} nSamples
   */
  async read(start, nSamples) {
    return Array.from({ length: this.nChannels }, (_, channel) => {
      const samples = new Float32Array(nSamples);
      samples.set(this.#buffer.getChannelData(channel).subarray(start, start + nSamples));
      return samples;
    });
  }
}
