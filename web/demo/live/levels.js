/** The level meters: how loud it is before and after. */

import { FFT_SIZE } from './sound.js';

const FLOOR_DB = -60;
const RELEASE_DB_PER_FRAME = 0.8; // fast up, slow down: readable
const TEXT_EVERY_FRAMES = 6;
const MAX_STILL_FRAMES = 30; // of the screen, with the very same sample in each

export class Levels {
  #meters = [new Meter('level-in'), new Meter('level-out')];

  /** Whether new sound has come since the frame before. */
  get isFresh() {
    return this.#meters[0].isFresh;
  }

  /** Whether new sound arrives; a source that has ended leaves its last one standing. */
  get isFlowing() {
    return this.#meters[0].isFlowing;
  }

  /**
   * Call once per animation frame.
   *
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
  #nFrames = 0;
  #samples = new Float32Array(FFT_SIZE);
  #lastSample = 0;
  #timeS = 0;
  #nStill = 0;

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
    const lastSample = this.#samples[FFT_SIZE - 1];
    if (lastSample !== this.#lastSample || lastSample === 0) this.#nStill = 0;
    else if (analyser.context.currentTime > this.#timeS) this.#nStill++; // it is not the clock
    this.#lastSample = lastSample;
    this.#timeS = analyser.context.currentTime;
    const power = this.#samples.reduce((sum, x) => sum + x * x, 0) / this.#samples.length;
    const nowDb = Math.max(FLOOR_DB, 10 * Math.log10(power));
    this.show(Math.max(nowDb, this.#levelDb - RELEASE_DB_PER_FRAME));
  }

  get isFresh() {
    return this.#nStill === 0;
  }

  get isFlowing() {
    return this.#nStill < MAX_STILL_FRAMES;
  }

  /** @param {number} levelDb */
  show(levelDb) {
    this.#levelDb = Math.max(levelDb, FLOOR_DB);
    const share = 1 - this.#levelDb / FLOOR_DB;
    this.cover.style.transform = `translateX(${(100 * share).toFixed(1)}%)`;
    if (this.#nFrames++ % TEXT_EVERY_FRAMES === 0 || levelDb <= FLOOR_DB) this.#tell();
  }

  #tell() {
    const text = this.#levelDb > FLOOR_DB ? `${this.#levelDb.toFixed(0).replace('-', '−')} dB` : 'silent';
    if (text === this.text.value) return;
    this.text.value = text;
    this.bar.ariaValueNow = this.#levelDb.toFixed(0);
  }
}
