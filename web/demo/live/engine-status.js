/** The quiet line: what the denoising costs, whether it keeps up. */

import { field } from '../field.js';

export class EngineStatus {
  #latency = field('latency');
  #hopMs = field('hop-ms');
  #hopMsP99 = field('hop-ms-p99');
  #underruns = field('underruns');
  #kernel = field('kernel');
  #model = field('model');

  /** @param {import('../../percepnet.js').DenoiserStats} stats */
  update({ latencyMs, hopMsP50, hopMsP99, underruns, droppedMs, kernel, model }) {
    this.#latency.show(`${latencyMs.toFixed(0)} ms`);
    this.#hopMs.show(`${hopMsP50.toFixed(2)} ms`);
    this.#hopMsP99.show(`${hopMsP99.toFixed(2)} ms`);
    this.#underruns.show(underruns ? `${underruns} (${droppedMs.toFixed(0)} ms unprocessed)` : '0');
    this.#kernel.show(kernel);
    this.#model.show(model);
  }

  clear() {
    const costs = [this.#latency, this.#hopMs, this.#hopMsP99, this.#underruns];
    for (const text of [...costs, this.#kernel, this.#model]) text.show('–');
  }
}
