/** The light that tells whether somebody speaks in what is heard now: hops are computed ahead of that. */

import { CUSHION, HOP_LENGTH } from '../../protocol.js';
import { SAMPLE_RATE } from './sound.js';

const VOICE_THRESHOLD = 0.5;

// Of a hop, from its last sample, with which it is computed, to its first on the way out.
const AHEAD_S = (CUSHION - HOP_LENGTH) / SAMPLE_RATE;

export class VoiceLight {
  #light = /** @type {HTMLElement} */ (document.getElementById('voice'));

  /** Computed and not heard yet. @type {{ word: string, heardS: number }[]} */
  #coming = [];

  /**
   * Call often: what comes next is shown when it is heard, not before the next call.
   *
   * @param {number} probability that somebody speaks in the newest hop
   * @param {AudioContext} context
   */
  update(probability, { currentTime, outputLatency = 0 }) {
    const word = probability > VOICE_THRESHOLD ? 'speaking' : 'quiet';
    this.#coming.push({ word, heardS: currentTime + AHEAD_S + outputLatency });
    const nHeard = this.#coming.filter(({ heardS }) => heardS <= currentTime).length;
    const [last] = this.#coming.splice(0, nHeard).slice(-1);
    if (last) this.#show(last.word);
  }

  clear() {
    this.#coming = [];
    this.#show('–');
  }

  /** @param {string} word */
  #show(word) {
    if (this.#light.textContent === word) return;
    this.#light.textContent = word;
    this.#light.dataset.voice = word;
  }
}
