/**
 * Samples at one rate from samples at another, piece by piece: a windowed sinc, in as many phases
 * as the rates need.
 */

// In samples at the lower rate. The pass band ends at 0.9 of the lower Nyquist frequency, from
// that frequency on 80 dB and more are taken off: Kaiser's formula for 87 dB.
const CUTOFF = 0.95;
const HALF_LENGTH = 56;
const KAISER_BETA = 8.6;

export class Resampler {
  #fromRate;
  #toRate;
  /** Taps on each side, in samples of the input. */
  #halfLength;
  /** The whole samples of the delay. */
  #delay;
  /** @type {Float32Array[]} */
  #phases;
  #past;
  #mask;

  // The next output sample stands at #base + #phase / #toRate, in samples of the input.
  #base = 0;
  #phase = 0;
  #nPushed = 0;

  /** By how much the output is late, in samples of the input; any number. */
  latency;

  /**
   * @param {number} fromRate whole Hz
   * @param {number} toRate whole Hz
   * @param {number} maxWaiting most samples of the input between a push and the pulls that follow
   * @param {number} [delay] samples of the input to be late by, besides the filter's
   */
  constructor(fromRate, toRate, maxWaiting, delay = 0) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    this.#fromRate = fromRate / divisor;
    this.#toRate = toRate / divisor;
    const scale = Math.min(1, toRate / fromRate); // of the lower rate, in samples of the input
    this.#halfLength = Math.ceil(HALF_LENGTH / scale);
    this.latency = this.#halfLength + delay;
    this.#delay = Math.floor(delay);
    const fraction = delay - this.#delay;
    this.#phases = Array.from({ length: this.#toRate }, (_, phase) =>
      this.#taps(phase / this.#toRate - fraction, scale),
    );
    const nKept = 2 * this.#halfLength + 2 + this.#delay + maxWaiting;
    this.#past = new Float32Array(2 ** Math.ceil(Math.log2(nKept)));
    this.#mask = this.#past.length - 1;
  }

  /** Output samples ready to be pulled. */
  get available() {
    const nReady = this.#nPushed + this.#delay - this.#base;
    return Math.max(0, Math.ceil((nReady * this.#toRate - this.#phase) / this.#fromRate));
  }

  /** @param {Float32Array} samples */
  push(samples) {
    for (let i = 0; i < samples.length; i++) {
      this.#past[(this.#nPushed + i) & this.#mask] = samples[i];
    }
    this.#nPushed += samples.length;
  }

  /** @param {Float32Array} target of no more samples than are available */
  pull(target) {
    const length = 2 * this.#halfLength + 1;
    for (let i = 0; i < target.length; i++) {
      const taps = this.#phases[this.#phase];
      const first = this.#base - this.#delay - length + 1;
      let sum = 0;
      for (let k = 0; k < length; k++) sum += taps[k] * this.#past[(first + k) & this.#mask];
      target[i] = sum;
      this.#phase += this.#fromRate;
      this.#base += Math.floor(this.#phase / this.#toRate);
      this.#phase %= this.#toRate;
    }
  }

  /**
   * Start afresh.
   *
   * @param {number} before every sample of the input before now
   */
  reset(before) {
    this.#past.fill(before);
    this.#base = this.#phase = this.#nPushed = 0;
  }

  /**
   * @param {number} position of the output sample, from the middle tap
   * @param {number} scale
   */
  #taps(position, scale) {
    const half = this.#halfLength;
    return Float32Array.from({ length: 2 * half + 1 }, (_, k) => {
      const x = (position + half - k) * scale;
      return scale * CUTOFF * sinc(CUTOFF * x) * kaiser(x / HALF_LENGTH);
    });
  }
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x -1 to 1, beyond it is nothing */
function kaiser(x) {
  return Math.abs(x) < 1 ? bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA) : 0;
}

/** Modified Bessel function of the first kind and order 0. @param {number} x */
function bessel(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > 1e-12 * sum; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
