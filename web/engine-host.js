/** What runs an engine, in whichever thread: starts it, tells the main thread, takes models. */

import { Engine } from './engine.js';
import { HopStep } from './hop-step.js';
import { SAMPLE_RATE } from './protocol.js';
import { RateStep } from './rate-step.js';

/** @typedef {import('./protocol.js').ModelFile} ModelFile */
/** @typedef {Pick<MessagePort, 'postMessage' | 'addEventListener'>} Line to the main thread */

/**
 * @param {Line} line
 * @param {{ slots: import('./protocol.js').Slots, format: import('./protocol.js').Format }} end
 * @param {() => Promise<import('./python.js').Python>} [startPython]
 * @returns {Promise<import('./rate-step.js').Step>} what takes a block at the context's rate
 * @throws {Error} what could not be loaded and what to do
 */
export async function startEngine(line, { slots, format }, startPython) {
  /** @param {import('./protocol.js').EngineMessage} message */
  const send = (message) => line.postMessage(message);
  const onStage = (/** @type {import('./protocol.js').StartStage} */ stage) =>
    send({ type: 'stage', stage });
  const engine = await Engine.load(firstModel(line), onStage, {
    nChannels: format.channelCount,
    startPython,
  });
  line.addEventListener('message', ({ data: { model } }) => {
    if (model) send(useModel(engine, model));
  });
  const hopStep = new HopStep(engine, slots);
  const step = format.sampleRate === SAMPLE_RATE ? hopStep : new RateStep(hopStep, format);
  send({ type: 'ready', latency: step.latency, kernel: engine.kernel });
  return step;
}

/**
 * @param {unknown} error
 * @returns {import('./protocol.js').EngineMessage}
 */
export function failure(error) {
  const { message, cause, stack } = /** @type {Error} */ (error);
  return { type: 'failed', message, detail: String(cause ?? stack) };
}

/**
 * @param {Line} line
 * @returns {Promise<ModelFile>}
 */
function firstModel(line) {
  return new Promise((resolve) => {
    line.addEventListener('message', ({ data: { model } }) => {
      if (model) resolve(model); // a second time without effect
    });
  });
}

/**
 * @param {Engine} engine goes on with the model it has if this one cannot be used
 * @param {ModelFile} model
 * @returns {import('./protocol.js').EngineMessage}
 */
function useModel(engine, model) {
  try {
    engine.useModel(model);
    return { type: 'model-in-use' };
  } catch (error) {
    return { type: 'model-refused', message: /** @type {Error} */ (error).message };
  }
}
