/** The samples of a file, at 48 kHz, from whatever it is. */

import { decode } from '../decode.js';
import { WavSource } from './wav-source.js';

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
  return wav?.length ? wav : new DecodedSource(await decode(file));
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
