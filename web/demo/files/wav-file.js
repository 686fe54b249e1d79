/** A WAV file, written while it is computed: one of hours need not fit into memory. */

import { createFile } from './visit-files.js';

const TYPE = 'audio/wav';

export class WavFile {
  #file;
  #format;

  /**
   * @param {import('../wav.js').WavFormat} format
   * @param {number} nFrames that will be pushed
   */
  static async create(format, nFrames) {
    const file = await createFile();
    await file.write(format.header(nFrames));
    return new WavFile(file, format);
  }

  /**
   * Use `WavFile.create`.
   *
   * @param {import('./visit-files.js').VisitFile} file
   * @param {import('../wav.js').WavFormat} format
   */
  constructor(file, format) {
    this.#file = file;
    this.#format = format;
  }

  /**
   * @param {Float32Array[]} channels equally long
   * @throws {Error} in words for the visitor
   */
  async push(channels) {
    await this.#file.write(this.#format.encode(channels));
  }

  /** @returns {Promise<Blob>} */
  async finish() {
    const whole = await this.#file.finish();
    return whole.slice(0, whole.size, TYPE);
  }

  async discard() {
    await this.#file.discard();
  }
}
