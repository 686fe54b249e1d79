/** The light that tells whether somebody speaks in what is heard now: hops are computed ahead of that. */

import { HOP_LENGTH, SAMPLE_RATE } from '../../protocol.js';

const VOICE_THRESHOLD = 0.5;

const ENGINE_LATENCY = 3 * HOP_LENGTH; // LATENCY in py/percepnet/constants.py

export class VoiceLight {
  #light = /** @type {HTMLElement} */ (document.getElementById('voice'));

  /** Computed and not heard yet. @type {{ word: string, heardS: number }[]} */
  #coming = [];

  /**
   * Call often: what comes next is shown when it is heard, not before the next call.
   *
   * @param {import('../../stats.js').DenoiserStats} stats as of the newest hop
   * @param {AudioContext} context
   */
  update({ voiceProbability, latencySamples }, { currentTime, outputLatency = 0 }) {
    const word = voiceProbability > VOICE_THRESHOLD ? 'speaking' : 'quiet';
    // From a hop's last sample, with which it is computed, to its first on the way out
    const aheadS = (latencySamples - ENGINE_LATENCY - HOP_LENGTH) / SAMPLE_RATE;
    this.#coming.push({ word, heardS: currentTime + aheadS + outputLatency });
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
