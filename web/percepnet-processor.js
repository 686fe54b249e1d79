/** The audio thread's part: copies samples to and from the engine, nothing else. */

import { Counter, RENDER_QUANTUM } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

class PercepNetProcessor extends AudioWorkletProcessor {
  /** @param {{ processorOptions: { shared: import('./protocol.js').Shared, latency: number } }} options */
  constructor({ processorOptions: { shared, latency } }) {
    super();
    this.input = new RingBuffer(shared.input);
    this.output = new RingBuffer(shared.output);
    this.counters = shared.counters;
    this.latency = latency;
    this.silence = new Float32Array(RENDER_QUANTUM);
    this.wasLate = false;
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    this.input.push(inputs[0][0] ?? this.silence); // an unconnected node is silent
    const nLate = this.output.pull(outputs[0][0]);
    if (Atomics.load(this.counters, Counter.FAILED)) {
      this.input.recall(outputs[0][0], this.latency);
    } else if (nLate > 0) {
      if (!this.wasLate) Atomics.add(this.counters, Counter.UNDERRUNS, 1);
      Atomics.add(this.counters, Counter.LATE_SAMPLES, nLate);
    }
    this.wasLate = nLate > 0;
    return Atomics.load(this.counters, Counter.CLOSED) === 0;
  }
}

registerProcessor('percepnet', PercepNetProcessor);
