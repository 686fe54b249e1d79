/**
 * Samples passed between two threads without locks: one producer, one consumer, wait-free.
 *
 * The ring is a timeline. Both sides only move forward; a consumer that arrives before the
 * producer moves on, so a late sample is lost and the delay never grows. A sample that is not
 * there is NaN: late, or never made.
 */

const WRITTEN = 0; // samples pushed and pulled so far, modulo 2**32
const READ = 1;
const COUNTS_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

export class RingBuffer {
  /**
   * Memory for a ring. On shared memory, every thread builds its own RingBuffer.
   *
   * @template {ArrayBufferLike} Memory
   * @param {number} capacity samples, a power of two
   * @param {new (nBytes: number) => Memory} Memory SharedArrayBuffer, or ArrayBuffer for one thread
   * @returns {Memory}
   */
  static allocate(capacity, Memory) {
    if (!Number.isInteger(capacity) || !Number.isInteger(Math.log2(capacity))) {
      throw new RangeError(`capacity ${capacity} is not a power of two: try 4096`);
    }
    return new Memory(COUNTS_BYTES + capacity * Float32Array.BYTES_PER_ELEMENT);
  }

  /** @param {ArrayBufferLike} memory from `RingBuffer.allocate` */
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
   * Producer: put samples at their place, a hole before them where some were never made.
   *
   * @param {number} position of the first, modulo 2**32; places already passed are left alone
   * @param {Float32Array} source
   */
  pushAt(position, source) {
    const nMissing = (position - Atomics.load(this.counts, WRITTEN)) | 0;
    if (nMissing < 0) return;
    this.#pushHole(nMissing);
    this.push(source);
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

  /** Where the consumer is, modulo 2**32. */
  get position() {
    return Atomics.load(this.counts, READ);
  }

  /**
   * Consumer: whether the next samples are all there.
   *
   * @param {number} nSamples
   */
  has(nSamples) {
    if (this.available < nSamples) return false;
    const start = this.position;
    for (let i = 0; i < nSamples; i++) {
      if (Number.isNaN(this.samples[(start + i) & this.mask])) return false;
    }
    return true;
  }

  /**
   * Consumer: fill `target` with the next samples, NaN where there are none.
   *
   * @param {Float32Array} target
   */
  pull(target) {
    const start = this.position;
    const nReady = Math.max(0, Math.min(this.available, target.length));
    for (let i = 0; i < nReady; i++) {
      target[i] = this.samples[(start + i) & this.mask];
    }
    target.fill(NaN, nReady);
    this.skip(target.length);
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
   * Consumer: sleep until `nSamples` are available. In shared memory, and not for the audio or the
   * main thread.
   *
   * @param {number} nSamples
   * @param {number} timeoutMs
   * @returns {boolean} whether they are
   */
  wait(nSamples, timeoutMs) {
    for (;;) {
      // The counter is read before the check, so a push in between ends the wait at once.
      const seen = Atomics.load(this.counts, WRITTEN);
      if (this.available >= nSamples) return true;
      if (Atomics.wait(this.counts, WRITTEN, seen, timeoutMs) === 'timed-out') return false;
    }
  }

  /** @param {number} nSamples */
  #pushHole(nSamples) {
    const end = Atomics.load(this.counts, WRITTEN) + nSamples;
    for (let i = 1; i <= Math.min(nSamples, this.capacity); i++) {
      this.samples[(end - i) & this.mask] = NaN;
    }
    this.#publish(nSamples);
  }

  /** @param {number} nSamples */
  #publish(nSamples) {
    Atomics.add(this.counts, WRITTEN, nSamples);
    Atomics.notify(this.counts, WRITTEN);
  }
}
