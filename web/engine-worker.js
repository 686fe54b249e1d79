/** The worker: loads the engine, then enhances what its end of the pipeline brings. */

import { Engine } from './engine.js';
import { HopStep } from './hop-step.js';
import { MessageEngineEnd } from './message-transport.js';
import { SharedEngineEnd } from './shared-transport.js';

self.addEventListener('message', start, { once: true });

/** @param {MessageEvent} event */
async function start({ data: { modelUrl, lines } }) {
  const End = lines.pipeline === 'shared' ? SharedEngineEnd : MessageEngineEnd;
  const end = new End(lines);
  try {
    const engine = await Engine.load(modelUrl, (stage) => send({ type: 'stage', stage }));
    send({ type: 'ready', latency: engine.latency, kernel: engine.kernel });
    await end.serve(new HopStep(engine, end.slots));
  } catch (error) {
    send({ type: 'failed', ...describe(/** @type {Error} */ (error)) });
  }
}

/** @param {import('./protocol.js').EngineMessage} message */
function send(message) {
  self.postMessage(message);
}

/** @param {Error} error */
function describe(error) {
  return { message: error.message, detail: String(error.cause ?? error.stack) };
}
