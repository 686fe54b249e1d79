/** The worker: loads the engine, then enhances what its end of the pipeline brings. */

import { Engine } from './engine.js';
import { HopStep } from './hop-step.js';
import { MessageEngineEnd } from './message-transport.js';
import { SAMPLE_RATE } from './protocol.js';
import { RateStep } from './rate-step.js';
import { SharedEngineEnd } from './shared-transport.js';

/** @typedef {import('./protocol.js').ModelFile} ModelFile */

self.addEventListener('message', start, { once: true });

/** @param {MessageEvent} event */
async function start({ data: { lines } }) {
  const End = lines.pipeline === 'shared' ? SharedEngineEnd : MessageEngineEnd;
  const end = new End(lines);
  try {
    const engine = await Engine.load(firstModel(), (stage) => send({ type: 'stage', stage }));
    self.addEventListener('message', ({ data }) => {
      if (data.model) useModel(engine, data.model);
    });
    const hopStep = new HopStep(engine, end.slots);
    const isAtRate = end.timing.sampleRate === SAMPLE_RATE;
    const step = isAtRate ? hopStep : new RateStep(hopStep, end.timing);
    send({ type: 'ready', latency: step.latency, kernel: engine.kernel });
    await end.serve(step);
  } catch (error) {
    send({ type: 'failed', ...describe(/** @type {Error} */ (error)) });
  }
}

/** @returns {Promise<ModelFile>} */
function firstModel() {
  return new Promise((resolve) => {
    self.addEventListener('message', ({ data }) => {
      if (data.model) resolve(data.model); // a second time without effect
    });
  });
}

/**
 * @param {Engine} engine goes on with the model it has if this one cannot be used
 * @param {ModelFile} model
 */
function useModel(engine, model) {
  try {
    engine.useModel(model);
    send({ type: 'model-in-use' });
  } catch (error) {
    send({ type: 'model-refused', message: /** @type {Error} */ (error).message });
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
