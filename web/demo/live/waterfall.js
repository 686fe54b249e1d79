/** Panel "Live": what went in and what came out, on one axis of time. */

import { SAMPLE_RATE } from '../../protocol.js';
import { FrequencyRows, labelFrequencies, N_ROWS } from '../picture/frequency-axis.js';
import { Spectrogram } from '../picture/spectrogram.js';
import { FFT_SIZE } from './sound.js';

const COLUMNS_PER_SECOND = 60;
const N_COLUMNS = 600;

export class Waterfall {
  #panel = /** @type {HTMLElement} */ (document.getElementById('waterfall'));
  #sides = [...this.#panel.querySelectorAll('canvas')].map(
    (canvas) => new Spectrogram(canvas, N_COLUMNS),
  );
  #rows = new FrequencyRows(FFT_SIZE / 2, SAMPLE_RATE);
  #levelsDb = new Float32Array(FFT_SIZE / 2);
  #rowsDb = new Float32Array(N_ROWS);
  #silenceDb = new Float32Array(N_ROWS).fill(-Infinity);
  #nDrawn = 0;

  /** With less motion the picture stands still and is written over, from left to right. */
  #still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor() {
    for (const axis of this.#panel.querySelectorAll('.frequencies')) {
      labelFrequencies(/** @type {HTMLElement} */ (axis));
    }
    this.#still.addEventListener('change', () => this.clear());
    this.clear();
  }

  clear() {
    for (const side of this.#sides) side.clear();
    this.#panel.toggleAttribute('data-still', this.#still.matches);
    this.#panel.toggleAttribute('data-empty', true);
  }

  /**
   * Call once per animation frame in which there is new sound.
   *
   * @param {AnalyserNode[]} analysers before and after, of the same moment
   */
  update(analysers) {
    const nDue = columnsDue(analysers[0].context);
    const nNew = Math.min(Math.max(nDue - this.#nDrawn, 0), N_COLUMNS);
    this.#nDrawn = nDue;
    if (nNew === 0) return;
    this.#panel.toggleAttribute('data-empty', false);
    analysers.forEach((analyser, side) => {
      analyser.getFloatFrequencyData(this.#levelsDb);
      this.#rows.pick(this.#levelsDb, this.#rowsDb);
      this.#draw(this.#sides[side], nDue, nNew);
    });
  }

  /**
   * Without sound the picture stands, and goes on from here when there is some.
   *
   * @param {BaseAudioContext} context
   */
  hold(context) {
    this.#nDrawn = columnsDue(context);
  }

  /**
   * @param {Spectrogram} spectrogram
   * @param {number} nDue columns since the start
   * @param {number} nNew of them not drawn yet: frames may be dropped
   */
  #draw(spectrogram, nDue, nNew) {
    if (!this.#still.matches) spectrogram.scroll(nNew);
    for (let i = 0; i < nNew; i++) {
      const column = this.#still.matches ? (nDue - i) % N_COLUMNS : N_COLUMNS - 1 - i;
      spectrogram.draw(column, this.#rowsDb);
    }
    if (this.#still.matches) spectrogram.draw((nDue + 1) % N_COLUMNS, this.#silenceDb);
  }
}

/** Since the start. @param {BaseAudioContext} context */
function columnsDue({ currentTime }) {
  return Math.floor(currentTime * COLUMNS_PER_SECOND);
}
