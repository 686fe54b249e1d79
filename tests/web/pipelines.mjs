/** Both pipelines' ends as the three threads hold them, here in one; without a browser. */

import { HOP_LENGTH, RENDER_QUANTUM } from '../../web/protocol.js';

/** @type {any} */
let Processor;
globalThis.self = globalThis;
globalThis.currentFrame = 0;
globalThis.AudioWorkletProcessor = class {
  port = nextPort;
};
globalThis.registerProcessor = (_, definition) => (Processor = definition);
let nextPort;
await import('../../web/percepnet-processor.js');
const { CLOSE, CUSHION, SAMPLE_RATE, formatAt } = await import('../../web/protocol.js');
const { MessageEngineEnd, MessageMainEnd } = await import('../../web/message-transport.js');
const { SharedMainEnd } = await import('../../web/shared-transport.js');
const { RingBuffer } = await import('../../web/ring-buffer.js');

export const ENGINE_LATENCY = 960;
export const LATENCY = CUSHION + ENGINE_LATENCY;

/** The samples 1, 2, 3 … of the time line, as the input has them, small enough to be sound. */
export function ramp(start, length) {
  return Float32Array.from({ length }, (_, i) => Math.max(0, (start + i + 1) / 1000));
}

/** An engine that only delays, by ENGINE_LATENCY, and turns the sign, so that one hears which. */
export class FakeStep {
  hops = new Map();
  isBroken = false;

  process(hop, position) {
    if (this.isBroken) throw new Error('something broke');
    this.hops.set(position, -1);
    this.past ??= Array.from({ length: ENGINE_LATENCY / HOP_LENGTH }, () => hop.map(() => 0));
    this.past.push(hop.slice());
    hop.set(this.past.shift().map((sample) => -sample));
  }
}

/** The audio thread. */
class Audio {
  #nQuanta = 0;

  constructor(lines, channel) {
    this.channel = channel;
    nextPort = channel.port1;
    this.processor = new Processor({ processorOptions: { lines, latency: LATENCY } });
  }

  /** Play quanta of the ramp; gives what is heard. */
  play(nMore, input = ramp) {
    const [heard] = this.playChannels(nMore, [input]);
    return heard;
  }

  /** Play quanta of several sources; gives what is heard in each channel. */
  playChannels(nMore, inputs) {
    const heard = inputs.map(() => []);
    for (let i = 0; i < nMore; i++, this.#nQuanta++) {
      const quanta = inputs.map(() => new Float32Array(RENDER_QUANTUM).fill(5000));
      const start = this.#nQuanta * RENDER_QUANTUM;
      const sources = inputs.map((input) => input(start, RENDER_QUANTUM)).filter(Boolean);
      this.isOpen = this.processor.process([sources], [quanta]);
      quanta.forEach((quantum, n) => heard[n].push(...quantum));
    }
    return heard;
  }

  get position() {
    return this.#nQuanta * RENDER_QUANTUM;
  }

  async close() {
    this.channel.port2.postMessage(CLOSE);
    await delivered();
  }

  end() {
    this.channel.port1.close();
    this.channel.port2.close();
  }
}

/** Messages need a few turns to get through several ports. */
export async function delivered() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

export class SharedPipeline {
  step = new FakeStep();
  #nChannels;
  #input;
  #output;

  constructor(nChannels = 1) {
    this.main = new SharedMainEnd(formatAt(SAMPLE_RATE, nChannels));
    this.audio = new Audio(this.main.lines, new MessageChannel());
    this.#nChannels = nChannels;
    this.#input = new RingBuffer(this.main.lines.input, nChannels);
    this.#output = new RingBuffer(this.main.lines.output, nChannels);
  }

  /** Let the engine work off what has come; its own loop never returns. */
  async work() {
    const hop = new Float32Array(this.#nChannels * HOP_LENGTH);
    while (this.#input.available >= HOP_LENGTH) {
      const { position } = this.#input;
      this.#input.pull(hop);
      this.step.process(hop, position);
      this.#output.pushAt(position + CUSHION, hop);
    }
  }

  end() {
    this.audio.end();
  }
}

export class MessagePipeline {
  constructor(nChannels = 1) {
    this.main = new MessageMainEnd(formatAt(SAMPLE_RATE, nChannels));
    this.audio = new Audio(this.main.lines, new MessageChannel());
  }

  async startEngine(step = new FakeStep()) {
    this.step = step;
    const worker = new EventTarget();
    this.worker = worker;
    worker.postMessage = ({ lines }) => (this.engine = new MessageEngineEnd(lines));
    globalThis.postMessage = (data) =>
      worker.dispatchEvent(Object.assign(new Event('message'), { data }));
    globalThis.addEventListener ??= () => {};
    this.main.startEngine(worker);
    this.served = this.engine.serve(step);
    this.served.catch(() => {});
    this.main.connect(this.audio.channel.port2);
    await delivered();
  }

  work = delivered;

  end() {
    this.engine?.port.close();
    this.audio.end();
  }
}
