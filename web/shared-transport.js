/** Pipeline A: samples and slots lie in memory that all threads see; the worker sleeps on it. */

import { skipBacklog } from './backlog.js';
import {
  Control,
  CUSHION,
  HOP_LENGTH,
  N_CONTROLS,
  N_PLAYBACK,
  N_REPORT,
  RING_CAPACITY,
} from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const LOOK_UP_EVERY_MS = 100;

/**
 * @typedef {object} SharedLines
 * @property {'shared'} pipeline
 * @property {SharedArrayBuffer} input ring from the audio thread to the engine
 * @property {SharedArrayBuffer} output ring from the engine to the audio thread
 * @property {Float32Array} controls
 * @property {Int32Array} playback
 * @property {Float32Array} report
 */

export class SharedMainEnd {
  constructor() {
    const output = RingBuffer.allocate(RING_CAPACITY, SharedArrayBuffer);
    new RingBuffer(output).push(new Float32Array(CUSHION));
    /** @type {SharedLines} */
    this.lines = {
      pipeline: 'shared',
      input: RingBuffer.allocate(RING_CAPACITY, SharedArrayBuffer),
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

  /** The engine looks at the slots before each hop. */
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
  constructor({ input, output, controls, playback, report }) {
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
   * @param {import('./hop-step.js').HopStep} step
   */
  async serve(step) {
    const { input, output } = this;
    const hop = new Float32Array(HOP_LENGTH);
    while (this.slots.controls[Control.ENGINE] === this.number) {
      if (this.slots.controls[Control.MAIL] !== this.nMails) await this.#takeMessage();
      if (!input.wait(HOP_LENGTH, LOOK_UP_EVERY_MS)) continue;
      skipBacklog(input);
      const { position } = input;
      input.pull(hop);
      step.process(hop, position);
      output.pushAt(position + CUSHION, hop);
    }
  }

  /** Those who listened before have had it when this goes on. */
  async #takeMessage() {
    this.nMails++;
    await new Promise((resolve) => self.addEventListener('message', resolve, { once: true }));
  }
}
