/** A block of samples at the audio context's rate through an engine that has a rate of its own. */

import { HOP_LENGTH, SAMPLE_RATE } from './protocol.js';
import { Resampler } from './resampler.js';

/**
 * @typedef {object} Step what `HopStep` is
 * @property {number} latency
 * @property {(hop: Float32Array, position: number) => void} process
 */

export class RateStep {
  #step;
  /** Of each channel. */
  #toEngine;
  #fromEngine;
  #blockLength;
  #hop;
  #hopPosition = 0;
  #nextPosition = 0;

  /** Samples of the context by which `process` delays the signal. */
  latency;

  /**
   * @param {Step} step at `SAMPLE_RATE`
   * @param {import('./protocol.js').Format} format of the context
   */
  constructor(step, { sampleRate, channelCount, blockLength }) {
    this.#step = step;
    this.#blockLength = blockLength;
    this.#hop = new Float32Array(channelCount * HOP_LENGTH);
    const forEachChannel = (/** @type {() => Resampler} */ make) =>
      Array.from({ length: channelCount }, make);
    this.#toEngine = forEachChannel(
      () => new Resampler(sampleRate, SAMPLE_RATE, 2 * blockLength),
    );

    // Blocks that are not just 10 ms long leave up to a hop waiting in between.
    const isInStep = blockLength * SAMPLE_RATE === HOP_LENGTH * sampleRate;
    const waiting = isInStep ? 0 : HOP_LENGTH;
    const perSample = sampleRate / SAMPLE_RATE;
    const { latency: filterLatency } = new Resampler(SAMPLE_RATE, sampleRate, 0);
    const exact =
      this.#toEngine[0].latency + (step.latency + filterLatency + waiting) * perSample;
    this.latency = Math.ceil(exact);
    const delay = waiting + (this.latency - exact) / perSample;
    this.#fromEngine = forEachChannel(
      () => new Resampler(SAMPLE_RATE, sampleRate, 3 * HOP_LENGTH, delay),
    );
  }

  /**
   * Replace the block by the enhanced one; by NaN where the engine, after a gap, has none yet.
   *
   * @param {Float32Array} block of the format's length, one channel after the other
   * @param {number} position of its first sample since the start, modulo 2**32
   */
  process(block, position) {
    if (position !== this.#nextPosition) this.#startAfresh();
    this.#nextPosition = (position + this.#blockLength) | 0;
    this.#toEngine.forEach((channel, n) => channel.push(partOf(block, n, this.#blockLength)));
    while (this.#toEngine[0].available >= HOP_LENGTH) {
      this.#toEngine.forEach((channel, n) => channel.pull(partOf(this.#hop, n, HOP_LENGTH)));
      this.#step.process(this.#hop, this.#hopPosition);
      this.#hopPosition = (this.#hopPosition + HOP_LENGTH) | 0;
      this.#fromEngine.forEach((channel, n) => channel.push(partOf(this.#hop, n, HOP_LENGTH)));
    }
    this.#fromEngine.forEach((channel, n) => channel.pull(partOf(block, n, this.#blockLength)));
  }

  #startAfresh() {
    for (const channel of this.#toEngine) channel.reset(0);
    for (const channel of this.#fromEngine) channel.reset(NaN);
    this.#hopPosition = (this.#hopPosition + HOP_LENGTH) | 0; // a gap for the step, too
  }
}

/**
 * One channel of several in a row.
 *
 * @param {Float32Array} samples
 * @param {number} n
 * @param {number} length
 */
function partOf(samples, n, length) {
  return samples.subarray(n * length, (n + 1) * length);
}
