/** The Python package inside Pyodide. Nothing else in web/ knows of either. */

import { HOP_LENGTH } from './protocol.js';

const RUNTIME_URL = new URL('./pyodide/', import.meta.url).href;
const MODEL_PATH = '/model.npz'; // in Pyodide's memory file system

// Compiled code and numpy's caches settle within this many hops.
const N_WARM_UP_HOPS = 32;

const SETUP = `
import numpy as np
from percepnet import HOP_LENGTH, LATENCY, Enhancer, load_model

model = load_model("${MODEL_PATH}")
enhancer = Enhancer(model)
kernel = model.kernel
hop = np.zeros(HOP_LENGTH, np.float32)
hop_address = hop.__array_interface__["data"][0]

def process():
    hop[:] = enhancer.process(hop)
    return float(enhancer.voice_probability)
`;

export class EngineError extends Error {
  name = 'EngineError';
}

export class Engine {
  #pyodide;
  #process;
  #enhancer;
  #firstSample;

  /** Samples by which `process` delays the signal. */
  latency;

  /** What computes the network. */
  kernel;

  /**
   * Start Python, load the package and the model.
   *
   * @param {string} modelUrl
   * @param {(stage: import('./protocol.js').StartStage) => void} onStage
   * @returns {Promise<Engine>}
   * @throws {EngineError} what could not be loaded and what to do
   */
  static async load(modelUrl, onStage) {
    requireWebAssembly();
    onStage('runtime');
    const [pyodide, model] = await Promise.all([startPython(), fetchModel(modelUrl)]);
    onStage('model');
    pyodide.FS.writeFile(MODEL_PATH, model);
    const engine = new Engine(pyodide);
    onStage('warm-up');
    for (let i = 0; i < N_WARM_UP_HOPS; i++) engine.process();
    engine.reset();
    return engine;
  }

  /** @param {import('pyodide').PyodideAPI} pyodide */
  constructor(pyodide) {
    const scope = pyodide.toPy({});
    runPython(() => pyodide.runPython(SETUP, { globals: scope }));
    this.#pyodide = pyodide;
    this.#process = scope.get('process');
    this.#enhancer = scope.get('enhancer');
    this.#firstSample = scope.get('hop_address') / Float32Array.BYTES_PER_ELEMENT;
    this.latency = /** @type {number} */ (scope.get('LATENCY'));
    this.kernel = /** @type {string} */ (scope.get('kernel'));
  }

  /**
   * The buffer `process` works in, `HOP_LENGTH` samples. Take it anew each time: the view dies
   * when WebAssembly's memory grows, its place stays.
   */
  get hop() {
    /** @type {Float32Array} */
    const heap = /** @type {any} */ (this.#pyodide)._module.HEAPF32;
    return heap.subarray(this.#firstSample, this.#firstSample + HOP_LENGTH);
  }

  /**
   * Replace the hop by the enhanced one.
   *
   * @returns {number} the probability that it holds a voice
   * @throws {EngineError} Python's error
   */
  process() {
    return runPython(this.#process);
  }

  /** Forget the audio so far. */
  reset() {
    this.#enhancer.reset();
    this.hop.fill(0);
  }

  /** @param {number} strength 0 to 1 */
  set strength(strength) {
    this.#enhancer.strength = strength;
  }

  /** @param {number} limitDb 0 to Infinity */
  set attenuationLimitDb(limitDb) {
    this.#enhancer.attenuation_limit_db = limitDb;
  }

  /** @param {boolean} bypass */
  set bypass(bypass) {
    this.#enhancer.bypass = bypass;
  }
}

function requireWebAssembly() {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)); // the empty module
  } catch (cause) {
    throw new EngineError(
      "WebAssembly is blocked: add 'wasm-unsafe-eval' to script-src in the Content-Security-Policy",
      { cause },
    );
  }
}

/** @returns {Promise<import('pyodide').PyodideAPI>} */
async function startPython() {
  try {
    const { loadPyodide } = await import(/* @vite-ignore */ `${RUNTIME_URL}pyodide.mjs`);
    const python = loadPyodide({ indexURL: RUNTIME_URL, packages: ['percepnet'] });
    return await Promise.race([python, firstFailedRequest()]);
  } catch (cause) {
    const { message } = /** @type {Error} */ (cause);
    throw new EngineError(
      `Python could not be started (${message}): check that all of ${RUNTIME_URL} is served`,
      { cause },
    );
  }
}

/**
 * Without WebAssembly's file Pyodide waits for ever: this rejects when a request of it fails.
 *
 * @returns {Promise<never>}
 */
function firstFailedRequest() {
  const fetch = globalThis.fetch;
  return new Promise((_, reject) => {
    globalThis.fetch = (...request) => {
      const response = fetch(...request);
      response.then(requireOk).catch(reject);
      return response;
    };
  });
}

/** @param {string} url */
async function fetchModel(url) {
  const response = await fetch(url);
  requireOk(response);
  return new Uint8Array(await response.arrayBuffer());
}

/** @param {Response} response */
function requireOk({ ok, url, status }) {
  if (!ok) throw new EngineError(`${url} cannot be loaded (HTTP ${status})`);
}

/**
 * Call into Python; of an error, the last line of the traceback says what happened.
 *
 * @template Result
 * @param {() => Result} call
 * @returns {Result}
 */
function runPython(call) {
  try {
    return call();
  } catch (cause) {
    const traceback = /** @type {Error} */ (cause).message.trimEnd();
    throw new EngineError(traceback.slice(traceback.lastIndexOf('\n') + 1), { cause });
  }
}
