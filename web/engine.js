/** The Python package as the engine that enhances hop by hop. */

import { HOP_LENGTH } from './protocol.js';
import { Python, runPython } from './python.js';

const MODEL_PATH = '/model.npz'; // in Python's memory file system

// Compiled code and numpy's caches settle within this many hops.
const N_WARM_UP_HOPS = 32;

const SETUP = `
import gc
import numpy as np
from percepnet import HOP_LENGTH, LATENCY, Enhancer
from percepnet.network import assemble_network, read_network

told = np.zeros(2, np.float32)
told_address = told.__array_interface__["data"][0]
read, models = {}, {}

def read_model(name):
    if name not in models:
        read[name] = read_network("${MODEL_PATH}")

def model_called(name):
    if name not in models:
        models[name] = assemble_network(*read.pop(name))
    return models[name]

def begin(name, n_channels):
    global enhancer, hop
    read_model(name)
    enhancer = Enhancer(model_called(name), n_channels=n_channels)
    hop = np.zeros((n_channels, HOP_LENGTH), np.float32).squeeze()
    gc.freeze()  # else a collection would look at all of numpy, for 30 ms, and a hop would wait
    return enhancer

def hop_address():
    return hop.__array_interface__["data"][0]

def use_model(name):
    enhancer.model = model_called(name)

def process():
    hop[:] = enhancer.process(hop)
    told[:] = enhancer.voice_probability, enhancer.snr_db
`;

/** @typedef {import('./protocol.js').ModelFile} ModelFile */

export class Engine {
  #python;
  #process;
  #enhancer;
  #readModel;
  #useModel;
  #hopAddress;
  #hopSize;
  #toldAddress;

  /** Samples by which `process` delays the signal. */
  latency;

  /** What computes the network. */
  kernel;

  /**
   * Start Python, load the package and the model.
   *
   * @param {Promise<ModelFile>} whenModel
   * @param {(stage: import('./protocol.js').StartStage) => void} onStage
   * @param {object} [options]
   * @param {number} [options.nChannels] of several, all get the same gains
   * @param {() => Promise<Python>} [options.startPython]
   * @returns {Promise<Engine>}
   * @throws {Error} what could not be loaded and what to do
   */
  static async load(
    whenModel,
    onStage,
    { nChannels = 1, startPython = () => Python.start() } = {},
  ) {
    onStage('runtime');
    const [python, model] = await Promise.all([startPython(), whenModel]);
    onStage('model');
    const engine = new Engine(python, model, nChannels);
    onStage('warm-up');
    for (let i = 0; i < N_WARM_UP_HOPS; i++) engine.process();
    engine.reset();
    return engine;
  }

  /**
   * @param {Python} python
   * @param {ModelFile} model
   * @param {number} nChannels
   */
  constructor(python, { name, bytes }, nChannels) {
    const scope = python.run(SETUP);
    this.#python = python;
    python.writeFile(MODEL_PATH, bytes);
    this.#enhancer = runPython(() => scope.get('begin')(name, nChannels));
    this.#readModel = scope.get('read_model');
    this.#useModel = scope.get('use_model');
    this.#process = scope.get('process');
    this.#hopAddress = scope.get('hop_address')();
    this.#hopSize = nChannels * HOP_LENGTH;
    this.#toldAddress = scope.get('told_address');
    this.latency = /** @type {number} */ (scope.get('LATENCY'));
    this.kernel = /** @type {string} */ (this.#enhancer.model.kernel);
  }

  /**
   * The buffer `process` works in: `HOP_LENGTH` samples of each channel, one channel after the
   * other. Take it anew each time.
   */
  get hop() {
    return this.#python.floatsAt(this.#hopAddress, this.#hopSize);
  }

  /** Of the hop processed last: the probability that it holds a voice; voice to noise in dB. */
  get told() {
    return this.#python.floatsAt(this.#toldAddress, 2);
  }

  /**
   * Replace the hop by the enhanced one.
   *
   * @throws {Error} Python's
   */
  process() {
    runPython(this.#process);
  }

  /**
   * Read another model. The first time takes as long as ten hops or so, again none.
   *
   * @param {ModelFile} model
   * @throws {Error} what is wrong with it
   */
  readModel({ name, bytes }) {
    this.#python.writeFile(MODEL_PATH, bytes);
    runPython(() => this.#readModel(name));
  }

  /**
   * Go on with a model that was read. The first time takes as long as reading it, again none.
   *
   * @param {string} name
   * @throws {Error} Python's; then all is as before
   */
  useModel(name) {
    runPython(() => this.#useModel(name));
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
