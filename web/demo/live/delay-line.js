/** Holds samples back, so that what was heard before and after can be compared in step. */

export class DelayLine {
  #held;

  /** @param {number} delay samples */
  constructor(delay) {
    this.#held = new Float32Array(delay);
  }

  /**
   * @param {Float32Array} samples
   * @returns {Float32Array} as many, from `delay` samples ago: first come zeros
   */
  process(samples) {
    const all = new Float32Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    this.#held = all.slice(samples.length);
    return all.subarray(0, samples.length);
  }
}
