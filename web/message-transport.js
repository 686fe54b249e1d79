/**
 * Pipeline B, for pages without shared memory: every thread has its own rings and slots, and
 * messages carry hops to the worker and back, slots to whom they concern.
 */

import { skipBacklog } from './backlog.js';
import {
  CUSHION,
  HOP_LENGTH,
  N_CONTROLS,
  N_PLAYBACK,
  N_REPORT,
  RENDER_QUANTUM,
  RING_CAPACITY,
  SAMPLE_RATE,
} from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

const N_HOPS_IN_FLIGHT = 16;
const REPORT_EVERY_HOPS = 5;
const PLAYBACK_EVERY_QUANTA = Math.round((0.05 * SAMPLE_RATE) / RENDER_QUANTUM);

/**
 * @typedef {object} MessageLines
 * @property {'message'} pipeline
 * @property {MessagePort} [port] to the audio thread; for the engine only
 * @property {Float32Array} [controls] as they are at the start; for the engine only
 */

/** @typedef {{ position: number, hop: Float32Array }} HopMessage both ways, with its buffer */

export class MessageMainEnd {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {MessagePort | undefined} */
  #enginePort;

  /** @type {MessageLines} */
  lines = { pipeline: 'message' };

  /** @type {import('./protocol.js').Slots} */
  slots = {
    controls: new Float32Array(N_CONTROLS),
    playback: new Int32Array(N_PLAYBACK),
    report: new Float32Array(N_REPORT),
  };

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
  input = new RingBuffer(RingBuffer.allocate(RING_CAPACITY, ArrayBuffer));
  output = new RingBuffer(RingBuffer.allocate(RING_CAPACITY, ArrayBuffer));
  playback = new Int32Array(N_PLAYBACK);

  /** @type {MessagePort | undefined} */
  #enginePort;
  #nQuanta = 0;

  // Reused, so that the audio thread allocates what `postMessage` does and no more
  /** @type {Float32Array<ArrayBuffer>[]} */
  #freeHops = [];
  #message = { position: 0, hop: new Float32Array() };
  /** @type {ArrayBuffer[]} */
  #transfer = new Array(1);

  /** @param {MessagePort} mainPort over which engines are introduced, again after a restart */
  constructor(mainPort) {
    this.output.push(new Float32Array(CUSHION));
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
    this.#freeHops = Array.from({ length: N_HOPS_IN_FLIGHT }, () => new Float32Array(HOP_LENGTH));
    port.onmessage = ({ data: { position, hop } }) => {
      this.output.pushAt(position + CUSHION, hop);
      this.#freeHops.push(hop);
    };
  }

  /** Pass on the hops that are complete; what an engine too slow leaves stays in the ring. */
  send() {
    if (this.#nQuanta++ % PLAYBACK_EVERY_QUANTA === 0) this.mainPort.postMessage(this.playback);
    if (!this.#enginePort) return;
    skipBacklog(this.input);
    while (this.input.available >= HOP_LENGTH) {
      const hop = this.#freeHops.pop();
      if (!hop) return;
      this.#message.position = this.input.position;
      this.#message.hop = hop;
      this.#transfer[0] = hop.buffer;
      this.input.pull(hop);
      this.#enginePort.postMessage(this.#message, this.#transfer);
    }
  }
}

export class MessageEngineEnd {
  /** @param {Required<MessageLines>} lines */
  constructor({ port, controls }) {
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
   * @param {import('./hop-step.js').HopStep} step
   */
  serve(step) {
    let nHops = 0;
    return new Promise((_, reject) => {
      /** @param {MessageEvent<HopMessage>} event */
      this.port.onmessage = ({ data: { position, hop } }) => {
        try {
          step.process(hop, position);
        } catch (error) {
          this.port.close();
          reject(error);
          return;
        }
        this.port.postMessage({ position, hop }, [hop.buffer]);
        if (nHops++ % REPORT_EVERY_HOPS === 0) {
          self.postMessage({ type: 'report', report: this.slots.report });
        }
      };
    });
  }
}
