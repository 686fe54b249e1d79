/** The worker: loads the engine, then enhances what its end of the pipeline brings. */

import { failure, startEngine } from './engine-host.js';
import { MessageEngineEnd } from './message-transport.js';
import { SharedEngineEnd } from './shared-transport.js';

self.addEventListener('message', start, { once: true });

/** @param {MessageEvent} event */
async function start({ data: { lines } }) {
  const line = /** @type {import('./engine-host.js').Line} */ (/** @type {unknown} */ (self));
  try {
    const End = lines.pipeline === 'shared' ? SharedEngineEnd : MessageEngineEnd;
    const end = new End(lines);
    await end.serve(await startEngine(line, end));
  } catch (error) {
    line.postMessage(failure(error));
  }
}
