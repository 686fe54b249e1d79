/**
 * Pipeline B, for pages without shared memory: every thread has its own rings and slots, and
 * messages carry blocks to the worker and back, slots to whom they concern.
 */

import { discardBacklog } from './backlog.js';
import { N_CONTROLS, N_PLAYBACK, N_REPORT, Playback } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const N_BLOCKS_IN_FLIGHT = 16;
const REPORT_EVERY_BLOCKS = 5;
const PLAYBACK_EVERY_S = 0.05;

/**
 * @typedef {object} MessageLines
 * @property {'message'} pipeline
 * @property {import('./protocol.js').Format} format
 * @property {MessagePort} [port] to the audio thread; for the engine only
 * @property {Float32Array} [controls] as they are at the start; for the engine only
 */

/** @typedef {{ position: number, block: Float32Array }} BlockMessage both ways, with its buffer */

export class MessageMainEnd {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {MessagePort | undefined} */
  #enginePort;

  /** @type {import('./protocol.js').Slots} */
  slots = {
    controls: new Float32Array(N_CONTROLS),
    playback: new Int32Array(N_PLAYBACK),
    report: new Float32Array(N_REPORT),
  };

  /** @param {import('./protocol.js').Format} format */
  constructor(format) {
    /** @type {MessageLines} */
    this.lines = { pipeline: 'message', format };
  }

  /** @param {Worker} worker */
  startEngine(worker) {
    const { port1, port2 } = new MessageChannel();
    this.#worker = worker;
    this.#enginePort = port2;
    worker.addEventListener('message', ({ data }) => {
      if (data.type === 'report') this.slots.report.set(data.report);
    });
    const lines = { ...this.lines, port: port1, controls: this.slots.controls };
    worker.postMessage({ lines }, [port1]);
  }

  /** A worker that waits for messages takes them anyway. */
  announceMessage() {}

  /** A worker that takes messages ends when it is terminated. */
  retireEngine() {}

  /**
   * The engine is ready: let the audio thread speak to it.
   *
   * @param {MessagePort} processorPort
   */
  connect(processorPort) {
    const port = /** @type {MessagePort} */ (this.#enginePort);
    processorPort.onmessage = ({ data }) => this.slots.playback.set(data);
    processorPort.postMessage(port, [port]);
  }

  sendControls() {
    this.#worker?.postMessage({ controls: this.slots.controls });
  }
}

export class MessageAudioEnd {
  playback = new Int32Array(N_PLAYBACK);

  /** @type {MessagePort | undefined} */
  #enginePort;
  #nextPlayback = 0;

  // Reused, so that the audio thread allocates what `postMessage` does and no more
  /** @type {Float32Array<ArrayBuffer>[]} */
  #freeBlocks = [];
  #message = { position: 0, block: new Float32Array() };
  /** @type {ArrayBuffer[]} */
  #transfer = new Array(1);

  /**
   * @param {MessageLines} lines
   * @param {MessagePort} mainPort over which engines are introduced, again after a restart
   */
  constructor({ format }, mainPort) {
    this.format = format;
    this.input = RingBuffer.own(format);
    this.output = RingBuffer.own(format);
    this.output.push(new Float32Array(format.channelCount * format.cushion));
    this.mainPort = mainPort;
    mainPort.addEventListener('message', ({ data }) => {
      if (data instanceof MessagePort) this.#connect(data);
    });
    mainPort.start();
  }

  /** @param {MessagePort} port */
  #connect(port) {
    this.#enginePort?.close();
    this.#enginePort = port;
    const { blockLength, channelCount, cushion } = this.format;
    this.#freeBlocks = Array.from(
      { length: N_BLOCKS_IN_FLIGHT },
      () => new Float32Array(channelCount * blockLength),
    );
    port.onmessage = ({ data: { position, block } }) => {
      this.output.pushAt(position + cushion, block);
      this.#freeBlocks.push(block);
    };
  }

  /** Pass on the blocks that are complete; what an engine too slow leaves stays in the ring. */
  send() {
    const { blockLength, sampleRate } = this.format;
    if (this.playback[Playback.SAMPLES] - this.#nextPlayback >= 0) {
      this.#nextPlayback = (this.playback[Playback.SAMPLES] + PLAYBACK_EVERY_S * sampleRate) | 0;
      this.mainPort.postMessage(this.playback);
    }
    if (!this.#enginePort) return;
    discardBacklog(this.input, blockLength);
    while (this.input.available >= blockLength) {
      const block = this.#freeBlocks.pop();
      if (!block) return;
      this.#message.position = this.input.position;
      this.#message.block = block;
      this.#transfer[0] = block.buffer;
      this.input.pull(block);
      this.#enginePort.postMessage(this.#message, this.#transfer);
    }
  }
}

export class MessageEngineEnd {
  /** @param {Required<MessageLines>} lines */
  constructor({ format, port, controls }) {
    this.format = format;
    this.port = port;
    /** @type {import('./protocol.js').Slots} */
    this.slots = {
      controls,
      playback: new Int32Array(N_PLAYBACK),
      report: new Float32Array(N_REPORT),
    };
    self.addEventListener('message', ({ data }) => {
      if (data.controls) controls.set(data.controls);
    });
  }

  /**
   * Does not resolve; rejects with the engine's error.
   *
   * @param {import('./rate-step.js').Step} step
   */
  serve(step) {
    let nBlocks = 0;
    return new Promise((_, reject) => {
      /** @param {MessageEvent<BlockMessage>} event */
      this.port.onmessage = ({ data: { position, block } }) => {
        try {
          step.process(block, position);
        } catch (error) {
          this.port.close();
          reject(error);
          return;
        }
        this.port.postMessage({ position, block }, [block.buffer]);
        if (nBlocks++ % REPORT_EVERY_BLOCKS === 0) {
          self.postMessage({ type: 'report', report: this.slots.report });
        }
      };
    });
  }
}
