/** The level meters: how loud it is before and after. */

import { FFT_SIZE } from './sound.js';

/** How often to update them: the eye follows, and every sample is looked at. */
export const LEVELS_EVERY_MS = 50;

const FLOOR_DB = -60;
const RELEASE_DB = 2.4; // of one update to the next: fast up, slow down, readable
const TEXT_EVERY_UPDATES = 4;

export class Levels {
  #meters = [new Meter('level-in'), new Meter('level-out')];

  /**
   * @param {AnalyserNode} before
   * @param {AnalyserNode} after
   */
  update(before, after) {
    this.#meters[0].update(before);
    this.#meters[1].update(after);
  }

  clear() {
    for (const meter of this.#meters) meter.show(FLOOR_DB);
  }
}

class Meter {
  #levelDb = FLOOR_DB;
  #nUpdates = 0;
  #samples = new Float32Array(FFT_SIZE);

  /** @param {string} id */
  constructor(id) {
    this.bar = /** @type {HTMLElement} */ (document.getElementById(id));
    this.text = /** @type {HTMLOutputElement} */ (this.bar.nextElementSibling);
    this.cover = document.createElement('i'); // slides off the scale: moved without painting
    this.bar.append(this.cover);
    this.bar.ariaValueMin = String(FLOOR_DB);
    this.bar.ariaValueMax = '0';
    this.show(FLOOR_DB);
  }

  /** @param {AnalyserNode} analyser */
  update(analyser) {
    analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, x) => sum + x * x, 0) / this.#samples.length;
    const nowDb = Math.max(FLOOR_DB, 10 * Math.log10(power));
    this.show(Math.max(nowDb, this.#levelDb - RELEASE_DB));
  }

  /** @param {number} levelDb */
  show(levelDb) {
    this.#levelDb = Math.max(levelDb, FLOOR_DB);
    const share = 1 - this.#levelDb / FLOOR_DB;
    this.cover.style.transform = `translateX(${(100 * share).toFixed(1)}%)`;
    if (this.#nUpdates++ % TEXT_EVERY_UPDATES === 0 || levelDb <= FLOOR_DB) this.#tell();
  }

  #tell() {
    const text = this.#levelDb > FLOOR_DB ? `${this.#levelDb.toFixed(0).replace('-', '−')} dB` : 'silent';
    if (text === this.text.value) return;
    this.text.value = text;
    this.bar.ariaValueNow = this.#levelDb.toFixed(0);
  }
}
