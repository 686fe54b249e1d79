/** The audio thread's part where the engine is in a worker. */

import { MessageAudioEnd } from './message-transport.js';
import { Processor } from './processor.js';
import { SharedAudioEnd } from './shared-transport.js';

class WorkerProcessor extends Processor {
  /** @param {{ processorOptions: { lines: any, latency: number } }} options */
  constructor({ processorOptions: { lines, latency } }) {
    const isShared = lines.pipeline === 'shared';
    super((port) => (isShared ? new SharedAudioEnd(lines) : new MessageAudioEnd(lines, port)));
    this.latency = latency;
  }
}

registerProcessor('percepnet-worker', WorkerProcessor);
