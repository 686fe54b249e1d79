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
  line.addEventListener('message', ({ data: { model, modelToUse } }) => {
    if (model) send(answer('model-read', () => engine.readModel(model)));
    if (modelToUse) send(answer('model-in-use', () => engine.useModel(modelToUse)));
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
 * @param {'model-read' | 'model-in-use'} type
 * @param {() => void} take of the engine, which goes on with what it has if that cannot be done
 * @returns {import('./protocol.js').EngineMessage}
 */
function answer(type, take) {
  try {
    take();
    return { type };
  } catch (error) {
    return { type: 'model-refused', message: /** @type {Error} */ (error).message };
  }
}
