/** Picture "comb filter": what it lets through of one frame, and what comes out. */

import { SAMPLE_RATE } from '../../protocol.js';
import { field } from '../field.js';
import { Plot } from './plot.js';
import { rowOf } from './protocol.js';

const HIGHEST_DB = -10;
const LOWEST_DB = -90;
const TICKS_DB = [-20, -40, -60, -80];
const RESPONSE_RANGE_DB = 45;
const HIGHEST_HZ = 2000;
const TICKS_HZ = [0, 500, 1000, 1500, 2000];

export class Comb {
  #plot;
  #words = field('comb-words');
  /** @type {import('./protocol.js').Result | undefined} */
  #result;
  #frame = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#plot = new Plot(canvas, () => this.#draw());
  }

  /**
   * @param {import('./protocol.js').Result} result
   * @param {number} frame
   */
  show(result, frame) {
    this.#result = result;
    this.#frame = frame;
    this.#plot.update();
  }

  /** In words, what is shown. */
  tell() {
    if (!this.#result) return;
    const { periods, strengths } = this.#result.frames;
    const pitchHz = SAMPLE_RATE / periods.data[this.#frame];
    const mean = rowOf(strengths, this.#frame).reduce((sum, r) => sum + r) / strengths.width;
    this.#words.show(
      `Pitch here: ${pitchHz.toFixed(0)} Hz, a period of ${(1000 / pitchHz).toFixed(1)} ms. ` +
        `On average over the bands, ${(100 * mean).toFixed(0)} % of the comb filter's sound is mixed in.`,
    );
  }

  #draw() {
    const plot = this.#plot;
    plot.clear(
      TICKS_HZ.map((hz) => [hz / HIGHEST_HZ, hz ? `${hz} Hz` : '0']),
      TICKS_DB.map((db) => [depth(db), `${db} dB`.replace('-', '−')]),
    );
    if (!this.#result) return;
    const { frames, facts } = this.#result;
    const places = Array.from({ length: frames.fine_noisy_db.width }, (_, i) =>
      (i * facts.fine_step_hz) / HIGHEST_HZ);
    const response = rowOf(frames.comb_response_db, this.#frame);
    const noisy = rowOf(frames.fine_noisy_db, this.#frame);
    const combed = rowOf(frames.fine_comb_db, this.#frame);
    plot.area(places, (i) => -response[i] / RESPONSE_RANGE_DB, plot.colour('accent'), 0.25);
    plot.line(places, (i) => depth(noisy[i]), plot.colour('warm'), 1.25);
    plot.line(places, (i) => depth(combed[i]), plot.colour('text'), 1.75);
  }
}

/** @param {number} db */
function depth(db) {
  return (HIGHEST_DB - db) / (HIGHEST_DB - LOWEST_DB);
}
