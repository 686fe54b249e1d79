/** The audio thread's part where the engine is in a worker. */

import { BurstMeter } from './burst-meter.js';
import { MessageAudioEnd } from './message-transport.js';
import { Processor } from './processor.js';
import { formatAt } from './protocol.js';
import { SharedAudioEnd } from './shared-transport.js';

class WorkerProcessor extends Processor {
  #meter;

  /** @param {{ processorOptions: { lines: any, latency: number } }} options */
  constructor({ processorOptions: { lines, latency } }) {
    const isShared = lines.pipeline === 'shared';
    super((port) => (isShared ? new SharedAudioEnd(lines) : new MessageAudioEnd(lines, port)));
    this.latency = latency;
    this.#meter = new BurstMeter(lines.format.sampleRate);
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    if (!this.#meter.isDone) this.#measure(outputs[0][0].length);
    return super.process(inputs, outputs);
  }

  /**
   * Where the device asks for more at a time than it declared, the cushion has to be longer.
   *
   * @param {number} length of this quantum
   */
  #measure(length) {
    this.#meter.observe(Date.now(), length);
    if (!this.#meter.isDone) return;
    const { sampleRate, channelCount, quantum, cushion } = this.end.format;
    const wanted = formatAt(sampleRate, channelCount, quantum, this.#meter.burst / sampleRate);
    this.delayMore(Math.max(0, wanted.cushion - cushion));
  }
}

registerProcessor('percepnet-worker', WorkerProcessor);
