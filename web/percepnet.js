/**
 * Speech denoising as a Web Audio node.
 *
 *     const denoiser = await Denoiser.create({ audioContext });
 *     source.connect(denoiser.node).connect(audioContext.destination);
 */

import { allocateShared, Counter, CUSHION, SAMPLE_RATE, Value } from './protocol.js';

/**
 * @typedef {object} DenoiserOptions
 * @property {AudioContext} audioContext running at 48 kHz
 * @property {string | URL} [model] name of a bundled model, or the address of one: default "default"
 * @property {number} [strength] 0 (leave the noise) to 1 (default)
 * @property {number} [attenuationLimitDb] never take more than this off: 0 to Infinity (default)
 * @property {boolean} [bypass] start with the untouched, equally delayed input: default false
 * @property {(stage: import('./protocol.js').StartStage) => void} [onStage] told of each step of
 *   the start
 */

/**
 * @typedef {object} DenoiserStats
 * @property {number} latencyMs by which the node delays the signal, constant
 * @property {number} hopMsP50 median time to process 10 ms of audio, over the last 10 s
 * @property {number} hopMsP99 99th percentile of it
 * @property {number} underruns times that the engine was late
 * @property {number} droppedMs of audio replaced by silence because of it
 * @property {number} voiceProbability 0 to 1, now
 */

/** Fires `error` (an `ErrorEvent`) if the engine stops; the input then passes through, delayed. */
export class Denoiser extends EventTarget {
  #worker;
  #shared;
  #latency;

  /** Connect the source to it, and it to the destination. Mono. @type {AudioWorkletNode} */
  node;

  /**
   * Load the engine; takes seconds the first time.
   *
   * @param {DenoiserOptions} options
   * @returns {Promise<Denoiser>}
   * @throws {Error} what is missing and what to do
   */
  static async create({
    audioContext,
    model = 'default',
    strength = 1,
    attenuationLimitDb = Infinity,
    bypass = false,
    onStage = () => {},
  }) {
    requirePlatform(audioContext);
    const modelUrl = model instanceof URL ? model : new URL(`./models/${model}.npz`, import.meta.url);
    const shared = allocateShared();
    setStrength(shared, strength);
    setAttenuationLimitDb(shared, attenuationLimitDb);
    setBypass(shared, bypass);
    const worker = new Worker(new URL('./engine-worker.js', import.meta.url), {
      type: 'module',
      name: 'percepnet',
    });
    try {
      const [engineLatency] = await Promise.all([
        startEngine(worker, { modelUrl: modelUrl.href, shared }, onStage),
        addProcessor(audioContext),
      ]);
      return new Denoiser(audioContext, worker, shared, CUSHION + engineLatency);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /**
   * Use `Denoiser.create`.
   *
   * @param {AudioContext} audioContext
   * @param {Worker} worker with a running engine
   * @param {Shared} shared
   * @param {number} latency samples
   */
  constructor(audioContext, worker, shared, latency) {
    super();
    this.#worker = worker;
    this.#shared = shared;
    this.#latency = latency;
    this.node = new AudioWorkletNode(audioContext, 'percepnet', {
      channelCount: 1,
      channelCountMode: 'explicit',
      outputChannelCount: [1],
      processorOptions: { shared, latency },
    });
    this.node.onprocessorerror = () => this.#fail(new Error('the audio processor has stopped'));
    worker.onmessage = ({ data }) => this.#fail(asError(data));
    worker.onerror = (event) => this.#fail(new Error(event.message));
  }

  get bypass() {
    return Atomics.load(this.#shared.counters, Counter.BYPASS) === 1;
  }

  /** The untouched input, as late as the enhanced signal; cross-faded. */
  set bypass(bypass) {
    setBypass(this.#shared, bypass);
  }

  get strength() {
    return this.#shared.values[Value.STRENGTH];
  }

  /** How much of the noise is taken away: 0 (none) to 1 (all that is found). */
  set strength(strength) {
    setStrength(this.#shared, strength);
  }

  get attenuationLimitDb() {
    return this.#shared.values[Value.ATTENUATION_LIMIT_DB];
  }

  /** Never take more than this off any band, so that some of the room stays: 0 to Infinity dB. */
  set attenuationLimitDb(limitDb) {
    setAttenuationLimitDb(this.#shared, limitDb);
  }

  /** @returns {DenoiserStats} */
  get stats() {
    const { counters, values, hopMs } = this.#shared;
    const nHops = Atomics.load(counters, Counter.HOPS) >>> 0;
    const times = hopMs.slice(0, Math.min(nHops, hopMs.length)).sort();
    return {
      latencyMs: samplesToMs(this.#latency),
      hopMsP50: quantile(times, 0.5),
      hopMsP99: quantile(times, 0.99),
      underruns: Atomics.load(counters, Counter.UNDERRUNS),
      droppedMs: samplesToMs(Atomics.load(counters, Counter.LATE_SAMPLES)),
      voiceProbability: values[Value.VOICE_PROBABILITY],
    };
  }

  /** Stop and free everything. The node is silent from here on. */
  async close() {
    Atomics.store(this.#shared.counters, Counter.CLOSED, 1);
    this.#worker.terminate();
    this.node.disconnect();
  }

  /** @param {Error} error */
  #fail(error) {
    Atomics.store(this.#shared.counters, Counter.FAILED, 1);
    this.dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
  }
}

/** @typedef {import('./protocol.js').Shared} Shared */

/**
 * @param {Shared} shared
 * @param {number} strength
 */
function setStrength({ values }, strength) {
  if (!(strength >= 0 && strength <= 1)) {
    throw new RangeError(`strength ${strength} is not between 0 and 1`);
  }
  values[Value.STRENGTH] = strength;
}

/**
 * @param {Shared} shared
 * @param {number} limitDb
 */
function setAttenuationLimitDb({ values }, limitDb) {
  if (!(limitDb >= 0)) throw new RangeError(`attenuation limit ${limitDb} dB is not 0 or more`);
  values[Value.ATTENUATION_LIMIT_DB] = limitDb;
}

/**
 * @param {Shared} shared
 * @param {boolean} bypass
 */
function setBypass({ counters }, bypass) {
  Atomics.store(counters, Counter.BYPASS, bypass ? 1 : 0);
}

/** @param {BaseAudioContext} audioContext */
function requirePlatform(audioContext) {
  if (!globalThis.isSecureContext) {
    throw new Error('this page is not secure: open it over https or from localhost');
  }
  if (!globalThis.crossOriginIsolated) {
    throw new Error(
      'this page is not cross-origin isolated: serve it with the headers ' +
        '"Cross-Origin-Opener-Policy: same-origin" and ' +
        '"Cross-Origin-Embedder-Policy: require-corp"',
    );
  }
  if (audioContext.sampleRate !== SAMPLE_RATE) {
    throw new Error(
      `the audio context runs at ${audioContext.sampleRate} Hz, not ${SAMPLE_RATE}: ` +
        `create it with new AudioContext({ sampleRate: ${SAMPLE_RATE} })`,
    );
  }
}

/**
 * @param {Worker} worker
 * @param {import('./protocol.js').StartMessage} start
 * @param {(stage: import('./protocol.js').StartStage) => void} onStage
 * @returns {Promise<number>} the engine's latency in samples
 */
function startEngine(worker, start, onStage) {
  return new Promise((resolve, reject) => {
    /** @param {MessageEvent<import('./protocol.js').EngineMessage>} event */
    worker.onmessage = ({ data }) => {
      if (data.type === 'stage') onStage(data.stage);
      else if (data.type === 'ready') resolve(data.latency);
      else reject(asError(data));
    };
    // Without a message it is the script that could not be loaded.
    worker.onerror = ({ message }) =>
      reject(
        new Error(
          'the engine could not be started: ' +
            (message || 'check that engine-worker.js and its imports are served with the page'),
        ),
      );
    worker.postMessage(start);
  });
}

/** @param {BaseAudioContext} audioContext */
async function addProcessor(audioContext) {
  const url = new URL('./percepnet-processor.js', import.meta.url);
  try {
    await audioContext.audioWorklet.addModule(url);
  } catch (cause) {
    throw new Error(`the audio thread could not load ${url}: check that it is served`, { cause });
  }
}

/** @param {{ message: string, detail: string }} failure */
function asError({ message, detail }) {
  return new Error(message, { cause: detail });
}

/** @param {number} nSamples */
function samplesToMs(nSamples) {
  return (nSamples / SAMPLE_RATE) * 1000;
}

/**
 * @param {Float32Array} sorted
 * @param {number} fraction
 */
function quantile(sorted, fraction) {
  return sorted.length ? sorted[Math.floor(fraction * (sorted.length - 1))] : 0;
}
