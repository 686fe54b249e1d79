/** How much the device asks for at a time, as the audio thread sees it: not all tell the truth. */

const SETTLED_AFTER_S = 0.1; // a device that starts fills its own buffers first
const MEASURED_AFTER_S = 0.6;

// What is asked for together is played at once; the audio thread's clock tells whole milliseconds.
const PAUSE_MS = 3;

export class BurstMeter {
  #sampleRate;
  #nPlayed = 0;
  #lastMs = NaN;
  #burst = 0;
  /** @type {number[]} */
  #bursts = [];

  /** @param {number} sampleRate */
  constructor(sampleRate) {
    this.#sampleRate = sampleRate;
  }

  get isDone() {
    return this.#nPlayed > MEASURED_AFTER_S * this.#sampleRate;
  }

  /**
   * @param {number} nowMs when a quantum is asked for
   * @param {number} length of it
   */
  observe(nowMs, length) {
    if (nowMs - this.#lastMs >= PAUSE_MS) {
      if (this.#nPlayed > SETTLED_AFTER_S * this.#sampleRate) this.#bursts.push(this.#burst);
      this.#burst = 0;
    }
    this.#lastMs = nowMs;
    this.#burst += length;
    this.#nPlayed += length;
  }

  /** Median, in samples; 0 where there never was a pause. */
  get burst() {
    const sorted = this.#bursts.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}
