/** The spectrogram of a whole recording, column by column as its samples arrive. */

import { FrequencyRows, N_ROWS } from './frequency-axis.js';
import { Spectrum } from './spectrum.js';

export const N_COLUMNS = 600;

const FRAME_LENGTH = 2048;
const MAX_FRAMES = 4; // a column of a long recording is the mean of so many frames in it

export class Overview {
  #spectrum = new Spectrum(FRAME_LENGTH);
  #power = new Float64Array(FRAME_LENGTH / 2);
  #levelsDb = new Float32Array(FRAME_LENGTH / 2);
  #rows;
  #framesPerColumn;
  #nSamples;

  /** The end of what has arrived: the frames to come may begin in it. */
  #tail = new Float32Array(FRAME_LENGTH);
  #nArrived = 0;
  #nFrames = 0;

  /**
   * @param {number} nSamples that will arrive
   * @param {number} sampleRate Hz
   */
  constructor(nSamples, sampleRate) {
    this.#nSamples = nSamples;
    this.#rows = new FrequencyRows(FRAME_LENGTH / 2, sampleRate);
    const span = nSamples / N_COLUMNS;
    this.#framesPerColumn = Math.min(Math.max(Math.round(span / FRAME_LENGTH), 1), MAX_FRAMES);
  }

  /**
   * @param {Float32Array} samples the next ones
   * @returns {Generator<{ column: number, rowsDb: Float32Array }>} columns they complete
   */
  *push(samples) {
    const known = new Float32Array(FRAME_LENGTH + samples.length);
    known.set(this.#tail);
    known.set(samples, FRAME_LENGTH);
    const firstKnown = this.#nArrived - FRAME_LENGTH;
    this.#nArrived += samples.length;
    this.#tail = known.slice(samples.length);
    for (let end = this.#nextEnd(); end <= this.#nArrived; end = this.#nextEnd()) {
      const frame = known.subarray(end - FRAME_LENGTH - firstKnown, end - firstKnown);
      this.#spectrum.addPower(frame, this.#power);
      this.#nFrames++;
      if (this.#nFrames % this.#framesPerColumn === 0) yield this.#column();
    }
  }

  #nextEnd() {
    const nFrames = N_COLUMNS * this.#framesPerColumn;
    if (this.#nFrames === nFrames) return Infinity;
    return Math.ceil(((this.#nFrames + 1) * this.#nSamples) / nFrames);
  }

  #column() {
    this.#power.forEach((power, bin) => {
      this.#levelsDb[bin] = 10 * Math.log10(power / this.#framesPerColumn + 1e-20);
    });
    this.#power.fill(0);
    const rowsDb = new Float32Array(N_ROWS);
    this.#rows.pick(this.#levelsDb, rowsDb);
    return { column: this.#nFrames / this.#framesPerColumn - 1, rowsDb };
  }
}
