/**
 * Samples passed between two threads without locks: one producer, one consumer, wait-free.
 *
 * The ring is a timeline. Both sides only move forward; a consumer that arrives before the
 * producer moves on, so a late sample is lost and the delay never grows. A sample that is not
 * there is NaN: late, or never made.
 *
 * Blocks of several channels are arrays in which one channel follows the other; lengths and
 * positions are those of one channel.
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
   * @param {number} nChannels
   * @returns {Memory}
   */
  static allocate(capacity, Memory, nChannels = 1) {
    if (!Number.isInteger(capacity) || !Number.isInteger(Math.log2(capacity))) {
      throw new RangeError(`capacity ${capacity} is not a power of two: try 4096`);
    }
    return new Memory(COUNTS_BYTES + nChannels * capacity * Float32Array.BYTES_PER_ELEMENT);
  }

  /**
   * A ring for one thread.
   *
   * @param {import('./protocol.js').Format} format
   */
  static own({ ringCapacity, channelCount }) {
    return new RingBuffer(
      RingBuffer.allocate(ringCapacity, ArrayBuffer, channelCount),
      channelCount,
    );
  }

  /**
   * @param {ArrayBufferLike} memory from `RingBuffer.allocate`
   * @param {number} nChannels as allocated
   */
  constructor(memory, nChannels = 1) {
    this.counts = new Int32Array(memory, 0, 2);
    const length = (memory.byteLength - COUNTS_BYTES) / nChannels;
    this.channels = Array.from({ length: nChannels }, (_, n) => {
      const start = COUNTS_BYTES + n * length;
      return new Float32Array(memory, start, length / Float32Array.BYTES_PER_ELEMENT);
    });
    this.mask = this.capacity - 1;
  }

  get capacity() {
    return this.channels[0].length;
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
    const length = source.length / this.channels.length;
    for (let n = 0; n < this.channels.length; n++) {
      const samples = this.channels[n];
      for (let i = 0; i < length; i++) samples[(start + i) & this.mask] = source[n * length + i];
    }
    this.#publish(length);
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
   * @param {number} delay samples, with the target's length no more than the capacity
   */
  recall(target, delay) {
    const length = target.length / this.channels.length;
    const start = Atomics.load(this.counts, WRITTEN) - length - delay;
    for (let n = 0; n < this.channels.length; n++) {
      const samples = this.channels[n];
      for (let i = 0; i < length; i++) target[n * length + i] = samples[(start + i) & this.mask];
    }
  }

  /** Where the consumer is, modulo 2**32. */
  get position() {
    return Atomics.load(this.counts, READ);
  }

  /**
   * Consumer: whether the next samples are all there; where one channel has them, all have.
   *
   * @param {number} nSamples
   */
  has(nSamples) {
    if (this.#nReady < nSamples) return false;
    const start = this.position;
    const samples = this.channels[0];
    for (let i = 0; i < nSamples; i++) {
      if (Number.isNaN(samples[(start + i) & this.mask])) return false;
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
    const length = target.length / this.channels.length;
    const nReady = Math.max(0, Math.min(this.#nReady, length));
    for (let n = 0; n < this.channels.length; n++) {
      const samples = this.channels[n];
      for (let i = 0; i < nReady; i++) target[n * length + i] = samples[(start + i) & this.mask];
      target.fill(NaN, n * length + nReady, (n + 1) * length);
    }
    this.discard(length);
  }

  /**
   * Consumer: move on without reading.
   *
   * @param {number} nSamples where negative, back to what was there before
   */
  discard(nSamples) {
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

  /**
   * Consumer: as `available`, but more than the ring holds are none. Half a day after the last push
   * the difference of the counts wraps round, and what lies in the ring is old.
   */
  get #nReady() {
    const { available } = this;
    return available > this.capacity ? 0 : available;
  }

  /** @param {number} nSamples */
  #pushHole(nSamples) {
    const end = Atomics.load(this.counts, WRITTEN) + nSamples;
    for (const samples of this.channels) {
      for (let i = 1; i <= Math.min(nSamples, this.capacity); i++) {
        samples[(end - i) & this.mask] = NaN;
      }
    }
    this.#publish(nSamples);
  }

  /** @param {number} nSamples */
  #publish(nSamples) {
    Atomics.add(this.counts, WRITTEN, nSamples);
    Atomics.notify(this.counts, WRITTEN);
  }
}
