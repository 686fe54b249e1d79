/**
 * Samples passed between two threads without locks: one producer, one consumer, wait-free.
 *
 * The ring is a timeline. Both sides only move forward; a consumer that arrives before the
 * producer gets zeros and moves on, so a late sample is lost and the delay never grows.
 */

const WRITTEN = 0; // samples pushed and pulled so far, modulo 2**32
const READ = 1;
const COUNTS_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

export class RingBuffer {
  /**
   * Memory for a ring; every thread builds its own RingBuffer on it.
   *
   * @param {number} capacity samples, a power of two
   * @returns {SharedArrayBuffer}
   */
  static allocate(capacity) {
    if (!Number.isInteger(capacity) || !Number.isInteger(Math.log2(capacity))) {
      throw new RangeError(`capacity ${capacity} is not a power of two: try 4096`);
    }
    return new SharedArrayBuffer(COUNTS_BYTES + capacity * Float32Array.BYTES_PER_ELEMENT);
  }

  /** @param {SharedArrayBuffer} memory from `RingBuffer.allocate` */
  constructor(memory) {
    this.counts = new Int32Array(memory, 0, 2);
    this.samples = new Float32Array(memory, COUNTS_BYTES);
    this.mask = this.samples.length - 1;
  }

  get capacity() {
    return this.samples.length;
  }

  /** Samples ready to be pulled; negative by as many as the consumer is ahead. */
  get available() {
    return (Atomics.load(this.counts, WRITTEN) - Atomics.load(this.counts, READ)) | 0;
  }

  /**
   * Producer: append samples. The consumer has to stay less than `capacity` behind.
   *
   * @param {Float32Array} source
   */
  push(source) {
    const start = Atomics.load(this.counts, WRITTEN);
    for (let i = 0; i < source.length; i++) {
      this.samples[(start + i) & this.mask] = source[i];
    }
    this.#publish(source.length);
  }

  /**
   * Producer: append zeros.
   *
   * @param {number} nSamples
   */
  pushSilence(nSamples) {
    const start = Atomics.load(this.counts, WRITTEN);
    for (let i = 0; i < Math.min(nSamples, this.capacity); i++) {
      this.samples[(start + nSamples - 1 - i) & this.mask] = 0;
    }
    this.#publish(nSamples);
  }

  /**
   * Producer: read back what it pushed itself. The newest sample copied is `delay` samples
   * older than the last one pushed; before the first push lies silence.
   *
   * @param {Float32Array} target
   * @param {number} delay samples, with `target.length + delay <= capacity`
   */
  recall(target, delay) {
    const start = Atomics.load(this.counts, WRITTEN) - target.length - delay;
    for (let i = 0; i < target.length; i++) {
      target[i] = this.samples[(start + i) & this.mask];
    }
  }

  /**
   * Consumer: fill `target` with the next samples, zeros where they are late.
   *
   * @param {Float32Array} target
   * @returns {number} how many were late
   */
  pull(target) {
    const start = Atomics.load(this.counts, READ);
    const nReady = Math.max(0, Math.min(this.available, target.length));
    for (let i = 0; i < nReady; i++) {
      target[i] = this.samples[(start + i) & this.mask];
    }
    target.fill(0, nReady);
    this.skip(target.length);
    return target.length - nReady;
  }

  /**
   * Consumer: move on without reading.
   *
   * @param {number} nSamples
   */
  skip(nSamples) {
    Atomics.add(this.counts, READ, nSamples);
  }

  /**
   * Consumer: sleep until `nSamples` are available. Not for the audio or the main thread.
   *
   * @param {number} nSamples
   */
  wait(nSamples) {
    for (;;) {
      // The counter is read before the check, so a push in between ends the wait at once.
      const seen = Atomics.load(this.counts, WRITTEN);
      if (this.available >= nSamples) return;
      Atomics.wait(this.counts, WRITTEN, seen);
    }
  }

  /** @param {number} nSamples */
  #publish(nSamples) {
    Atomics.add(this.counts, WRITTEN, nSamples);
    Atomics.notify(this.counts, WRITTEN);
  }
}
