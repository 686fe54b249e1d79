/**
 * Pipeline C: the engine is in the audio thread itself. Nothing waits for another thread, so that
 * also an OfflineAudioContext, faster than time, gets every sample.
 */

import { failure } from './engine-host.js';
import { N_CONTROLS, N_PLAYBACK, N_REPORT, Playback } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const REPORT_EVERY_S = 0.05;

export class InlineAudioEnd {
  playback = new Int32Array(N_PLAYBACK);

  /** @type {import('./rate-step.js').Step | undefined} */
  #step;
  #port;
  #block;
  #nextReport = 0;

  /**
   * @param {import('./inline-main-end.js').InlineLines} lines
   * @param {MessagePort} port to the main thread
   */
  constructor({ format, controls }, port) {
    this.format = format;
    /** @type {import('./protocol.js').Slots} */
    this.slots = { controls, playback: this.playback, report: new Float32Array(N_REPORT) };
    this.input = RingBuffer.own(format);
    this.output = RingBuffer.own(format);
    this.output.push(new Float32Array(format.channelCount * format.cushion));
    this.#port = port;
    this.#block = new Float32Array(format.channelCount * format.blockLength);
    port.addEventListener('message', ({ data }) => {
      if (data.controls) controls.set(data.controls);
    });
  }

  /**
   * Begin; what was heard until now does not count.
   *
   * @param {import('./rate-step.js').Step} step
   */
  serve(step) {
    this.#step = step;
    this.playback.fill(0);
    this.#nextReport = 0;
  }

  /** Enhance the blocks that are complete. */
  send() {
    const { blockLength, cushion, sampleRate } = this.format;
    while (this.input.available >= blockLength) {
      const { position } = this.input;
      this.input.pull(this.#block);
      if (this.#process(position)) this.output.pushAt(position + cushion, this.#block);
    }
    if (this.playback[Playback.SAMPLES] - this.#nextReport < 0) return;
    this.#nextReport = (this.playback[Playback.SAMPLES] + REPORT_EVERY_S * sampleRate) | 0;
    this.#port.postMessage({ type: 'report', ...this.slots });
  }

  /**
   * @param {number} position
   * @returns {boolean} whether there is an engine
   */
  #process(position) {
    try {
      this.#step?.process(this.#block, position);
    } catch (error) {
      this.#step = undefined;
      this.#port.postMessage(failure(error));
    }
    return this.#step !== undefined;
  }
}
