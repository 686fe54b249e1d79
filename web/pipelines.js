/** Each pipeline: the main thread's end of it, and how its node and its engine come about. */

import { addProcessor, createNode } from './audio-node.js';
import { EngineThread } from './engine-thread.js';
import { fetchRuntime, InlineMainEnd } from './inline-main-end.js';
import { MessageMainEnd } from './message-transport.js';
import { CLOSE, formatAt } from './protocol.js';
import { SharedMainEnd } from './shared-transport.js';

/** @typedef {SharedMainEnd | MessageMainEnd | InlineMainEnd} MainEnd */

/**
 * @typedef {object} Opened
 * @property {AudioWorkletNode} node
 * @property {EngineThread} engine ready
 * @property {import('./protocol.js').EngineFacts} facts of it
 */

/**
 * The quantum where the browser is new, the latency, of one burst, where the context is live.
 *
 * @typedef {BaseAudioContext & { renderQuantumSize?: number, baseLatency?: number }} TellingContext
 */

const ENDS = { shared: SharedMainEnd, message: MessageMainEnd, inline: InlineMainEnd };

/**
 * @param {import('./protocol.js').Pipeline} pipeline
 * @param {BaseAudioContext} context
 * @param {number} channelCount
 * @returns {MainEnd}
 */
export function createEnd(pipeline, context, channelCount) {
  const { sampleRate, renderQuantumSize, baseLatency } = /** @type {TellingContext} */ (context);
  const format = formatAt(sampleRate, channelCount, renderQuantumSize, baseLatency);
  return new ENDS[pipeline](format);
}

/**
 * @param {BaseAudioContext} context
 * @param {MainEnd} end
 * @param {Promise<import('./protocol.js').ModelFile>} whenModel
 * @param {(stage: import('./protocol.js').StartStage) => void} onStage
 * @returns {Promise<Opened>}
 * @throws {Error} what could not be loaded and what to do
 */
export function openNode(context, end, whenModel, onStage) {
  return end instanceof InlineMainEnd
    ? openInline(context, end, whenModel, onStage)
    : openWithWorker(context, end, whenModel, onStage);
}

/**
 * @param {BaseAudioContext} context
 * @param {SharedMainEnd | MessageMainEnd} end
 * @param {Promise<import('./protocol.js').ModelFile>} whenModel
 * @param {(stage: import('./protocol.js').StartStage) => void} onStage
 * @returns {Promise<Opened>}
 */
async function openWithWorker(context, end, whenModel, onStage) {
  const engine = new EngineThread();
  try {
    const [facts] = await Promise.all([
      engine.start(end, whenModel, onStage),
      addProcessor(context, 'worker'),
    ]);
    const latency = end.lines.format.cushion + facts.latency;
    const node = createNode(context, 'worker', { lines: end.lines, latency });
    return { engine, facts, node };
  } catch (error) {
    engine.end();
    throw error;
  }
}

/**
 * @param {BaseAudioContext} context
 * @param {InlineMainEnd} end
 * @param {Promise<import('./protocol.js').ModelFile>} whenModel
 * @param {(stage: import('./protocol.js').StartStage) => void} onStage
 * @returns {Promise<Opened>}
 */
async function openInline(context, end, whenModel, onStage) {
  const [runtime] = await Promise.all([fetchRuntime(), addProcessor(context, 'inline')]);
  const lines = { ...end.lines, controls: end.slots.controls, runtime };
  const node = createNode(context, 'inline', { lines });
  const engine = new EngineThread(node.port);
  /** @type {Promise<never>} */
  const whenBroken = new Promise((_, reject) => {
    node.onprocessorerror = () => reject(new Error('the audio processor could not be made'));
  });
  try {
    const facts = await Promise.race([engine.start(end, whenModel, onStage), whenBroken]);
    return { engine, facts, node };
  } catch (error) {
    node.port.postMessage(CLOSE);
    throw error;
  }
}
