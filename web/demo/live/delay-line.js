/** Holds samples back, so that what was heard before and after can be compared in step. */

export class DelayLine {
  #held = new Float32Array();

  /**
   * @param {Float32Array} samples
   * @param {number} delay samples; no less than the time before
   * @returns {Float32Array} as many, from `delay` samples ago: zeros first, and by as many as it grows
   */
  process(samples, delay) {
    const all = new Float32Array(delay + samples.length);
    all.set(this.#held, delay - this.#held.length);
    all.set(samples, delay);
    this.#held = all.slice(samples.length);
    return all.subarray(0, samples.length);
  }
}
