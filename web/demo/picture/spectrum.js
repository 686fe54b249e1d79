/** The levels of one frame's frequencies, as AnalyserNode would give them. */

export class Spectrum {
  #window;
  #cos;
  #sin;
  #order;
  #re;
  #im;

  /** @param {number} length samples in a frame, a power of two */
  constructor(length) {
    this.length = length;
    const turn = (/** @type {number} */ i) => (2 * Math.PI * i) / length;
    // Blackman's window and the scale, as the Web Audio specification has them.
    this.#window = Float64Array.from({ length }, (_, i) =>
      (0.42 - 0.5 * Math.cos(turn(i)) + 0.08 * Math.cos(2 * turn(i))) / length);
    this.#cos = Float64Array.from({ length: length / 2 }, (_, i) => Math.cos(turn(i)));
    this.#sin = Float64Array.from({ length: length / 2 }, (_, i) => -Math.sin(turn(i)));
    this.#order = bitReversed(length);
    this.#re = new Float64Array(length);
    this.#im = new Float64Array(length);
  }

  /**
   * Add the power of each bin.
   *
   * @param {Float32Array} frame (length,)
   * @param {Float64Array} power (length / 2,), added to
   */
  addPower(frame, power) {
    this.#order.forEach((source, i) => {
      this.#re[i] = frame[source] * this.#window[source];
    });
    this.#im.fill(0);
    for (let half = 1; half < this.length; half *= 2) this.#butterflies(half);
    for (let bin = 0; bin < power.length; bin++) {
      power[bin] += this.#re[bin] ** 2 + this.#im[bin] ** 2;
    }
  }

  /** @param {number} half the transforms' length that are joined to twice of it */
  #butterflies(half) {
    const re = this.#re;
    const im = this.#im;
    const stride = this.length / (2 * half);
    for (let start = 0; start < this.length; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const cos = this.#cos[k * stride];
        const sin = this.#sin[k * stride];
        const i = start + k;
        const j = i + half;
        const turnedRe = re[j] * cos - im[j] * sin;
        const turnedIm = re[j] * sin + im[j] * cos;
        re[j] = re[i] - turnedRe;
        im[j] = im[i] - turnedIm;
        re[i] += turnedRe;
        im[i] += turnedIm;
      }
    }
  }
}

/** @param {number} length */
function bitReversed(length) {
  const order = new Uint32Array(length);
  for (let i = 1; i < length; i++) order[i] = (order[i >> 1] >> 1) | (i & 1 ? length / 2 : 0);
  return order;
}
