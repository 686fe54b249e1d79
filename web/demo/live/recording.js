/** Panel "Record": both sides of the denoiser, to play and to keep. */

import { SAMPLE_RATE } from '../../protocol.js';
import { Overview } from '../picture/overview.js';
import { minutes, Player } from '../player.js';
import { WavFormat, WavWriter } from '../wav.js';
import { DelayLine } from './delay-line.js';

const MAX_SAMPLES = 5 * 60 * SAMPLE_RATE;
const FILES = ['noisy', 'enhanced'];

export class Recording {
  #button = /** @type {HTMLButtonElement} */ (document.getElementById('record'));
  #time = /** @type {HTMLElement} */ (document.getElementById('record-time'));
  #takes = /** @type {HTMLElement} */ (document.getElementById('takes'));
  #player = new Player(/** @type {HTMLElement} */ (document.getElementById('take-player')));

  /** Before and after of the same moments, for the pictures. @type {import('./tap.js').Pair[]} */
  #pairs = [];
  #files = newFiles();
  #nSamples = 0;
  #delay = new DelayLine();

  /** @type {import('./tap.js').Tap | undefined} */
  #tap;

  constructor() {
    this.#button.addEventListener('click', () => this.#toggle());
  }

  /** Pressed before Start, it records from the first sample on. */
  get wanted() {
    return this.#button.getAttribute('aria-pressed') === 'true';
  }

  /** @param {{ tap: import('./tap.js').Tap, latency: number }} session `latency` in samples; may grow */
  attach(session) {
    const { tap } = session;
    this.#tap = tap;
    tap.onsamples = (pair) => this.#take(pair, session.latency);
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
    this.#pairs = [];
    this.#files = newFiles();
    this.#delay = new DelayLine();
    this.#nSamples = 0;
    this.#takes.hidden = true;
    this.#player.unload();
  }

  /**
   * @param {import('./tap.js').Pair} pair
   * @param {number} latency samples by which what comes out is late
   */
  #take(pair, latency) {
    if (!this.wanted) return;
    const inStep = [this.#delay.process(pair[0], latency), pair[1]];
    this.#pairs.push(inStep);
    this.#files.both.push(inStep);
    this.#files.sides.forEach((file, side) => file.push([pair[side]]));
    this.#nSamples += pair[0].length;
    this.#time.textContent = minutes(this.#nSamples / SAMPLE_RATE);
    if (this.#nSamples >= MAX_SAMPLES) this.#toggle();
  }

  #finish() {
    this.#press(false);
    const durationS = this.#nSamples / SAMPLE_RATE;
    this.#time.textContent = durationS ? `${minutes(durationS)} recorded.` : '';
    if (!durationS) return;
    FILES.forEach((name, side) => {
      const link = /** @type {HTMLAnchorElement} */ (document.getElementById(`${name}-file`));
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(this.#files.sides[side].finish());
    });
    this.#player.load(this.#files.both.finish(), durationS, 1);
    this.#takes.hidden = false;
    this.#draw(this.#pairs);
  }

  /** @param {import('./tap.js').Pair[]} pairs */
  async #draw(pairs) {
    const overviews = FILES.map(() => new Overview(this.#nSamples, SAMPLE_RATE));
    for (const pair of pairs) {
      overviews.forEach((overview, side) => {
        for (const { column, rowsDb } of overview.push(pair[side])) {
          this.#player.draw(side, column, rowsDb);
        }
      });
      await new Promise((resolve) => setTimeout(resolve)); // the page stays awake
      if (pairs !== this.#pairs) return; // there is a newer recording
    }
  }

  /** @param {boolean} pressed */
  #press(pressed) {
    this.#button.setAttribute('aria-pressed', String(pressed));
    this.#button.textContent = pressed ? 'Stop recording' : 'Record';
  }
}

/** Each side to keep; both to listen to. */
function newFiles() {
  return {
    sides: FILES.map(() => new WavWriter(new WavFormat(SAMPLE_RATE, 1))),
    both: new WavWriter(new WavFormat(SAMPLE_RATE, 2, 16)),
  };
}
