/** The worker: waits for a hop, has the engine enhance it, hands it back. */

import { Engine } from './engine.js';
import { Counter, HOP_LENGTH, Value } from './protocol.js';
import { RingBuffer } from './ring-buffer.js';

self.onmessage = async ({ data }) => {
  /** @type {import('./protocol.js').StartMessage} */
  const { modelUrl, shared } = data;
  try {
    const engine = await Engine.load(modelUrl, (stage) => send({ type: 'stage', stage }));
    send({ type: 'ready', latency: engine.latency });
    run(engine, shared);
  } catch (error) {
    Atomics.store(shared.counters, Counter.FAILED, 1);
    send({ type: 'failed', ...describe(/** @type {Error} */ (error)) });
  }
};

/** @param {import('./protocol.js').EngineMessage} message */
function send(message) {
  self.postMessage(message);
}

/** @param {Error} error */
function describe(error) {
  return { message: error.message, detail: String(error.cause ?? error.stack) };
}

/**
 * Never returns: a worker that waits for samples takes no messages, control is in shared slots.
 *
 * @param {Engine} engine
 * @param {import('./protocol.js').Shared} shared
 */
function run(engine, { input: inputMemory, output: outputMemory, counters, values, hopMs }) {
  const input = new RingBuffer(inputMemory);
  const output = new RingBuffer(outputMemory);
  const applyControls = followControls(engine, counters, values);
  for (;;) {
    input.wait(HOP_LENGTH);
    if (input.available > input.capacity / 2) skipToNow(engine, input, output);
    applyControls();
    input.pull(engine.hop);
    const startedMs = performance.now();
    values[Value.VOICE_PROBABILITY] = engine.process();
    const tookMs = performance.now() - startedMs;
    output.push(engine.hop); // hops that come too late are passed over by the reader
    const nHops = Atomics.add(counters, Counter.HOPS, 1);
    hopMs[(nHops >>> 0) % hopMs.length] = tookMs;
  }
}

/**
 * After a long sleep: leave out the hops nobody will hear, keeping input and output in step.
 *
 * @param {Engine} engine
 * @param {RingBuffer} input
 * @param {RingBuffer} output
 */
function skipToNow(engine, input, output) {
  const nSkipped = (Math.floor(input.available / HOP_LENGTH) - 1) * HOP_LENGTH;
  input.skip(nSkipped);
  output.pushSilence(nSkipped);
  engine.reset();
}

/**
 * Calling Python costs microseconds: only what changed is passed on.
 *
 * @param {Engine} engine
 * @param {Int32Array} counters
 * @param {Float32Array} values
 */
function followControls(engine, counters, values) {
  let strength = NaN;
  let attenuationLimitDb = NaN;
  let bypass = -1;
  return () => {
    if (values[Value.STRENGTH] !== strength) {
      engine.strength = strength = values[Value.STRENGTH];
    }
    if (values[Value.ATTENUATION_LIMIT_DB] !== attenuationLimitDb) {
      engine.attenuationLimitDb = attenuationLimitDb = values[Value.ATTENUATION_LIMIT_DB];
    }
    if (Atomics.load(counters, Counter.BYPASS) !== bypass) {
      bypass = Atomics.load(counters, Counter.BYPASS);
      engine.bypass = bypass === 1;
    }
  };
}
