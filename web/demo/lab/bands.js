/** Picture "128 bands": the spectrum of one frame, with and without the noise, and what passes. */

import { field } from '../field.js';
import { depthOf, LABELS } from '../picture/frequency-axis.js';
import { Plot } from './plot.js';
import { rowOf } from './protocol.js';

const HIGHEST_DB = -10;
const LOWEST_DB = -100;
const TICKS_DB = [-20, -40, -60, -80];
const BIN_HZ = 50;
const LOWEST_BIN = 2;
const HIGHEST_BIN = 400; // 20 kHz
const FAINTEST = 0.06;
const STRONGEST = 0.55;

const PLACES = Array.from({ length: HIGHEST_BIN + 1 - LOWEST_BIN }, (_, i) =>
  placeOf((LOWEST_BIN + i) * BIN_HZ));

export class Bands {
  #plot;
  #words = field('bands-words');
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
    const gains = rowOf(this.#result.frames.gains, this.#frame);
    const nPassing = gains.filter((gain) => gain > 0.5).length;
    this.#words.show(`Here ${nPassing} of ${gains.length} bands keep more than half of their level.`);
  }

  #draw() {
    const plot = this.#plot;
    plot.clear(
      [...LABELS].map(([hz, label]) => [placeOf(hz), label]),
      TICKS_DB.map((db) => [depth(db), `${db} dB`.replace('-', '−')]),
    );
    if (!this.#result) return;
    const { frames, facts } = this.#result;
    const centres = facts.band_centres_hz.map(placeOf);
    const accent = plot.colour('accent');
    rowOf(frames.gains, this.#frame).forEach((gain, band) => {
      const top = centres[band];
      const corners = [centres[band - 1] ?? top, top, centres[band + 1] ?? top];
      const triangle = (/** @type {number} */ i) => (i === 1 ? 0.04 : 1);
      plot.area(corners, triangle, accent, FAINTEST + (STRONGEST - FAINTEST) * gain);
    });
    const noisy = rowOf(frames.noisy_db, this.#frame);
    const clean = rowOf(frames.clean_db, this.#frame);
    plot.line(PLACES, (i) => depth(noisy[LOWEST_BIN + i]), plot.colour('warm'), 1.25);
    plot.line(PLACES, (i) => depth(clean[LOWEST_BIN + i]), plot.colour('text'), 1.5);
  }
}

/** @param {number} hz */
function placeOf(hz) {
  return 1 - depthOf(hz);
}

/** @param {number} db */
function depth(db) {
  return (HIGHEST_DB - db) / (HIGHEST_DB - LOWEST_DB);
}
