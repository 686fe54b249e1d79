/** A worker with an engine of its own, for one channel of a file. */

import { Engine } from '../../engine.js';
import { fetchModel } from '../../models.js';
import { HOP_LENGTH } from '../../protocol.js';

/**
 * @typedef {{ type: 'load', model: string }
 *   | { type: 'begin', strength: number, attenuationLimitDb: number }
 *   | { type: 'process', samples: Float32Array<ArrayBuffer> }} Request `samples` of whole hops
 *
 * @typedef {{ type: 'loaded', latency: number }
 *   | { type: 'processed', samples: Float32Array<ArrayBuffer> }
 *   | { type: 'failed', message: string }} Answer
 */

/** @type {Engine} */
let engine;

/** @param {MessageEvent<Request>} event */
self.onmessage = async ({ data }) => {
  try {
    if (data.type === 'load') await load(data.model);
    else if (data.type === 'begin') begin(data.strength, data.attenuationLimitDb);
    else process(data.samples);
  } catch (error) {
    answer({ type: 'failed', message: /** @type {Error} */ (error).message });
  }
};

/** @param {string} model its name; may be another than before */
async function load(model) {
  const whenModel = fetchModel(model);
  if (engine) {
    const another = await whenModel;
    engine.readModel(another);
    engine.useModel(another.name);
  } else {
    engine = await Engine.load(whenModel, () => {});
  }
  answer({ type: 'loaded', latency: engine.latency });
}

/**
 * @param {number} strength
 * @param {number} attenuationLimitDb
 */
function begin(strength, attenuationLimitDb) {
  engine.reset();
  engine.strength = strength;
  engine.attenuationLimitDb = attenuationLimitDb;
}

/** @param {Float32Array<ArrayBuffer>} samples enhanced in place */
function process(samples) {
  for (let start = 0; start < samples.length; start += HOP_LENGTH) {
    const hop = samples.subarray(start, start + HOP_LENGTH);
    engine.hop.set(hop);
    engine.process();
    hop.set(engine.hop);
  }
  answer({ type: 'processed', samples }, [samples.buffer]);
}

/**
 * @param {Answer} message
 * @param {Transferable[]} transfer
 */
function answer(message, transfer = []) {
  self.postMessage(message, { transfer });
}
