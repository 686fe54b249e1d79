/** Measures PercepNet: each model with each kernel that runs here. */

import { bundledModels, fetchModel } from '../../models.js';
import { HOP_LENGTH } from '../../protocol.js';
import { Python, runPython } from '../../python.js';
import { fetchedBytes, timeHops } from './hop-times.js';

const MODEL_PATH = '/bench-model.npz';
const SPLIT_SHARE = 0.25; // of the seconds, for the run with a clock around every stage
const N_CROSSINGS = 2000;
const PAPER = 'paper'; // no file: of the paper's size, made here

const IMPORTS = `
import json
import numpy as np
from percepnet import Enhancer, HOP_LENGTH, load_model
from percepnet.benchmark import PAPER, bench, noisy_voice, random_network
from percepnet.network import PercepNet
from percepnet.nn.kernels import available_kernels

hop = np.zeros(HOP_LENGTH, np.float32)
hop_address = hop.__array_interface__["data"][0]
kernels = available_kernels()

def load(name):
    global network
    network = random_network(PAPER) if name == "${PAPER}" else load_model("${MODEL_PATH}")

def begin(kernel):
    global network, enhancer
    network = PercepNet(network.topology, network.layers, kernel)
    enhancer = Enhancer(network)

def process():
    hop[:] = enhancer.process(hop)
    return float(enhancer.voice_probability)

def nothing():
    hop[:] = hop
    return 0.0

def make_sound(seconds):
    global sound
    sound = noisy_voice(seconds)
    return sound.__array_interface__["data"][0]

def measure(seconds):
    return json.dumps(bench(network, seconds))
`;

self.onmessage = async ({ data: { seconds, startedMs } }) => {
  try {
    await measureAll(seconds, startedMs);
    self.postMessage({ type: 'done' });
  } catch (error) {
    self.postMessage({ type: 'failed', message: /** @type {Error} */ (error).message });
  }
};

/**
 * @param {number} seconds
 * @param {number} startedMs when the page asked for this worker, since the epoch
 */
async function measureAll(seconds, startedMs) {
  const marks = [startedMs];
  const mark = () => marks.push(performance.timeOrigin + performance.now());
  mark();
  const whenModels = bundledModels();
  const python = await Python.start();
  mark();
  const scope = python.run(IMPORTS);
  mark();
  const models = await whenModels;
  python.writeFile(MODEL_PATH, (await fetchModel(models[0].name)).bytes);
  call(scope, 'load', models[0].name);
  call(scope, 'begin', scope.get('kernels')[0]);
  mark();
  call(scope, 'process');
  mark();
  const [worker, runtime, imports, model, hop] = marks.slice(1).map((end, i) => end - marks[i]);
  self.postMessage({
    type: 'start',
    name: 'PercepNet',
    totalMs: marks[marks.length - 1] - startedMs,
    partsMs: { worker, runtime, imports, model, hop },
    bytes: fetchedBytes(),
  });

  const address = call(scope, 'make_sound', seconds);
  for (const name of [...models.map((bundled) => bundled.name), PAPER]) {
    if (name !== PAPER) python.writeFile(MODEL_PATH, (await fetchModel(name)).bytes);
    call(scope, 'load', name);
    for (const kernel of scope.get('kernels')) {
      self.postMessage({ type: 'progress', text: `${name}, ${kernel}` });
      const times = measure(python, scope, kernel, seconds, address);
      self.postMessage({ type: 'hops', name, kernel, ...times });
    }
  }
}

/**
 * @param {Python} python
 * @param {Map<string, any>} scope
 * @param {string} kernel
 * @param {number} seconds
 * @param {number} address of the sound in Python's memory
 */
function measure(python, scope, kernel, seconds, address) {
  call(scope, 'begin', kernel);
  const view = () => python.floatsAt(scope.get('hop_address'), HOP_LENGTH);
  const through = (/** @type {Function} */ process) => (/** @type {Float32Array} */ hop) => {
    view().set(hop);
    process();
    hop.set(view());
  };
  const sound = python.floatsAt(address, Math.floor(seconds * 100) * HOP_LENGTH).slice();
  const hopMs = timeHops(sound, HOP_LENGTH, through(scope.get('process')));

  const cross = through(scope.get('nothing'));
  const hop = new Float32Array(HOP_LENGTH);
  const startedMs = performance.now();
  for (let i = 0; i < N_CROSSINGS; i++) cross(hop);
  const crossingMs = (performance.now() - startedMs) / N_CROSSINGS;

  const bench = JSON.parse(call(scope, 'measure', Math.max(1, SPLIT_SHARE * seconds)));
  return { hopMs, crossingMs, bench };
}

/**
 * @param {Map<string, any>} scope
 * @param {string} name
 * @param {...unknown} values
 */
function call(scope, name, ...values) {
  return runPython(() => scope.get(name)(...values));
}
