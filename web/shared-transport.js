/** Pipeline A: samples and slots lie in memory that all threads see; the worker sleeps on it. */

import { skipBacklog } from './backlog.js';
import { Control, N_CONTROLS, N_PLAYBACK, N_REPORT } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const LOOK_UP_EVERY_MS = 100;

/**
 * @typedef {object} SharedLines
 * @property {'shared'} pipeline
 * @property {import('./protocol.js').Timing} timing
 * @property {SharedArrayBuffer} input ring from the audio thread to the engine
 * @property {SharedArrayBuffer} output ring from the engine to the audio thread
 * @property {Float32Array} controls
 * @property {Int32Array} playback
 * @property {Float32Array} report
 */

export class SharedMainEnd {
  /** @param {import('./protocol.js').Timing} timing */
  constructor(timing) {
    const output = RingBuffer.allocate(timing.ringCapacity, SharedArrayBuffer);
    new RingBuffer(output).push(new Float32Array(timing.cushion));
    /** @type {SharedLines} */
    this.lines = {
      pipeline: 'shared',
      timing,
      input: RingBuffer.allocate(timing.ringCapacity, SharedArrayBuffer),
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
  constructor({ input, output, playback }) {
    this.input = new RingBuffer(input);
    this.output = new RingBuffer(output);
    this.playback = playback;
  }

  /** The push into the ring has woken the engine. */
  send() {}
}

export class SharedEngineEnd {
  /** @param {SharedLines} lines */
  constructor({ timing, input, output, controls, playback, report }) {
    this.timing = timing;
    this.number = controls[Control.ENGINE];
    this.nMails = controls[Control.MAIL];
    this.input = new RingBuffer(input);
    this.output = new RingBuffer(output);
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
    const { blockLength, cushion } = this.timing;
    const block = new Float32Array(blockLength);
    while (this.slots.controls[Control.ENGINE] === this.number) {
      if (this.slots.controls[Control.MAIL] !== this.nMails) await this.#takeMessage();
      if (!input.wait(blockLength, LOOK_UP_EVERY_MS)) continue;
      skipBacklog(input, blockLength);
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
