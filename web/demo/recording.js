/** Panel "Record": both sides of the denoiser, to play and to keep. */

import { encodeWav } from './wav.js';

const SAMPLE_RATE = 48_000;
const MAX_SAMPLES = 5 * 60 * SAMPLE_RATE; // 115 MB of memory
const FILES = ['noisy', 'enhanced'];

export class Recording {
  #button = /** @type {HTMLButtonElement} */ (document.getElementById('record'));
  #time = /** @type {HTMLElement} */ (document.getElementById('record-time'));
  #takes = /** @type {HTMLElement} */ (document.getElementById('takes'));

  /** Before and after. @type {Float32Array[][]} */
  #sides = [[], []];
  #nSamples = 0;

  /** @type {import('./tap.js').Tap | undefined} */
  #tap;

  constructor() {
    this.#button.addEventListener('click', () => this.#toggle());
  }

  /** Pressed before Start, it records from the first sample on. */
  get wanted() {
    return this.#button.getAttribute('aria-pressed') === 'true';
  }

  /** @param {import('./tap.js').Tap} tap */
  attach(tap) {
    this.#tap = tap;
    tap.onsamples = (pair) => this.#take(pair);
    tap.recording = this.wanted;
    if (this.wanted) this.#begin();
  }

  /** Stop recording, keep what there is. */
  detach() {
    if (this.wanted) this.#finish();
    this.#tap = undefined;
  }

  #toggle() {
    if (this.wanted) {
      if (this.#tap) this.#tap.recording = false;
      this.#finish();
      return;
    }
    this.#press(true);
    if (!this.#tap) {
      this.#time.textContent = 'Records as soon as you press Start.';
      return;
    }
    this.#begin();
    this.#tap.recording = true;
  }

  #begin() {
    this.#sides = [[], []];
    this.#nSamples = 0;
    this.#takes.hidden = true;
  }

  /** @param {import('./tap.js').Pair} pair */
  #take(pair) {
    if (!this.wanted) return;
    this.#sides.forEach((pieces, side) => pieces.push(pair[side]));
    this.#nSamples += pair[0].length;
    this.#time.textContent = minutes(this.#nSamples);
    if (this.#nSamples >= MAX_SAMPLES) this.#toggle();
  }

  #finish() {
    this.#press(false);
    this.#time.textContent = this.#nSamples ? `${minutes(this.#nSamples)} recorded.` : '';
    if (this.#nSamples === 0) return;
    FILES.forEach((name, side) => {
      const link = /** @type {HTMLAnchorElement} */ (document.getElementById(`${name}-file`));
      const player = /** @type {HTMLAudioElement} */ (document.getElementById(`${name}-player`));
      URL.revokeObjectURL(link.href);
      link.href = player.src = URL.createObjectURL(encodeWav(this.#sides[side], SAMPLE_RATE));
    });
    this.#takes.hidden = false;
  }

  /** @param {boolean} pressed */
  #press(pressed) {
    this.#button.setAttribute('aria-pressed', String(pressed));
    this.#button.textContent = pressed ? 'Stop recording' : 'Record';
  }
}

/** @param {number} nSamples */
function minutes(nSamples) {
  const seconds = Math.floor(nSamples / SAMPLE_RATE);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
