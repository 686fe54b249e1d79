/** Pipeline A: samples and slots lie in memory that all threads see; the worker sleeps on it. */

import { discardBacklog } from './backlog.js';
import { Control, N_CONTROLS, N_PLAYBACK, N_REPORT } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const LOOK_UP_EVERY_MS = 100;

/**
 * @typedef {object} SharedLines
 * @property {'shared'} pipeline
 * @property {import('./protocol.js').Format} format
 * @property {SharedArrayBuffer} input ring from the audio thread to the engine
 * @property {SharedArrayBuffer} output ring from the engine to the audio thread
 * @property {Float32Array} controls
 * @property {Int32Array} playback
 * @property {Float32Array} report
 */

export class SharedMainEnd {
  /** @param {import('./protocol.js').Format} format */
  constructor(format) {
    const { channelCount, cushion, ringCapacity } = format;
    const output = RingBuffer.allocate(ringCapacity, SharedArrayBuffer, channelCount);
    new RingBuffer(output, channelCount).push(new Float32Array(channelCount * cushion));
    /** @type {SharedLines} */
    this.lines = {
      pipeline: 'shared',
      format,
      input: RingBuffer.allocate(ringCapacity, SharedArrayBuffer, channelCount),
      output,
      controls: new Float32Array(shared(N_CONTROLS)),
      playback: new Int32Array(shared(N_PLAYBACK)),
      report: new Float32Array(shared(N_REPORT)),
    };
    this.slots = this.lines;
  }

  /** @param {Worker} worker */
  startEngine(worker) {
    this.retireEngine();
    worker.postMessage({ lines: this.lines });
  }

  /** The engine at work takes one message, when it can, each time this is called. */
  announceMessage() {
    this.slots.controls[Control.MAIL]++;
  }

  /**
   * Ask the engine to leave the rings. A browser that terminates a worker which takes no messages
   * lets it live on for two seconds; two engines would tear the timeline.
   */
  retireEngine() {
    this.slots.controls[Control.ENGINE]++;
  }

  /** Both threads have found the memory by themselves. */
  connect() {}

  /** The engine looks at the slots before each block. */
  sendControls() {}
}

/** @param {number} nWords of four bytes */
function shared(nWords) {
  return new SharedArrayBuffer(4 * nWords);
}

export class SharedAudioEnd {
  /** @param {SharedLines} lines */
  constructor({ format, input, output, playback }) {
    this.format = format;
    this.input = new RingBuffer(input, format.channelCount);
    this.output = new RingBuffer(output, format.channelCount);
    this.playback = playback;
  }

  /** The push into the ring has woken the engine. */
  send() {}
}

export class SharedEngineEnd {
  /** @param {SharedLines} lines */
  constructor({ format, input, output, controls, playback, report }) {
    this.format = format;
    this.number = controls[Control.ENGINE];
    this.nMails = controls[Control.MAIL];
    this.input = new RingBuffer(input, format.channelCount);
    this.output = new RingBuffer(output, format.channelCount);
    /** @type {import('./protocol.js').Slots} */
    this.slots = { controls, playback, report };
  }

  /**
   * Until the engine is retired. A worker in `Atomics.wait` takes no messages.
   *
   * @param {import('./rate-step.js').Step} step
   */
  async serve(step) {
    const { input, output } = this;
    const { blockLength, channelCount, cushion } = this.format;
    const block = new Float32Array(channelCount * blockLength);
    while (this.slots.controls[Control.ENGINE] === this.number) {
      if (this.slots.controls[Control.MAIL] !== this.nMails) await this.#takeMessage();
      if (!input.wait(blockLength, LOOK_UP_EVERY_MS)) continue;
      discardBacklog(input, blockLength);
      const { position } = input;
      input.pull(block);
      step.process(block, position);
      output.pushAt(position + cushion, block);
    }
  }

  /** Those who listened before have had it when this goes on. */
  async #takeMessage() {
    this.nMails++;
    await new Promise((resolve) => self.addEventListener('message', resolve, { once: true }));
  }
}
