/** The audio thread's part where the engine is in it, too. Pyodide is imported after its scope. */

import { provideFiles } from './worklet-scope.js';
import './pyodide/pyodide.asm.js';
import { loadPyodide } from './pyodide/pyodide.mjs';
import { failure, startEngine } from './engine-host.js';
import { InlineAudioEnd } from './inline-transport.js';
import { Processor } from './processor.js';
import { Python } from './python.js';

class InlineProcessor extends Processor {
  /** @param {{ processorOptions: { lines: any } }} options */
  constructor({ processorOptions: { lines } }) {
    super((port) => new InlineAudioEnd(lines, port));
    this.#start(lines);
  }

  /** @param {import('./inline-main-end.js').InlineLines} lines */
  async #start({ runtime, format }) {
    const end = /** @type {InlineAudioEnd} */ (this.end);
    try {
      provideFiles(runtime.files, runtime.module);
      const step = await startEngine(this.port, end, () => Python.start(async () => loadPyodide));
      this.latency = format.cushion + step.latency;
      end.serve(step);
    } catch (error) {
      this.port.postMessage(failure(error));
    }
  }
}

registerProcessor('percepnet-inline', InlineProcessor);
