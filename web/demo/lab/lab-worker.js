/** A worker with the method taken apart: mixes, computes every step, draws the pictures. */

import { fetchModel } from '../../models.js';
import { Python, runPython } from '../../python.js';
import { drawFrames, drawPitch, drawSound } from './pictures.js';
import { SOUNDS } from './protocol.js';

const MODEL_PATH = '/model.npz'; // in Python's memory file system

const SETUP = `
import json
import numpy as np
from percepnet import load_model
from percepnet.constants import BAND_CENTRES, PITCH_DECIMATION, SAMPLE_RATE, WINDOW_LENGTH
from percepnet.dsp.pitch_path import LAGS
from percepnet.lab import FINE_HZ, experiment

model = load_model("${MODEL_PATH}")
facts = json.dumps({
    "band_centres_hz": [centre * SAMPLE_RATE / WINDOW_LENGTH for centre in BAND_CENTRES],
    "lowest_lag": int(LAGS[0]) * PITCH_DECIMATION,
    "lag_step": PITCH_DECIMATION,
    "fine_step_hz": FINE_HZ[1],
})

def make_room(n_clean, n_noise):
    global clean, noise
    clean, noise = np.zeros(n_clean, np.float32), np.zeros(n_noise, np.float32)
    return json.dumps([place_of(clean), place_of(noise)])

def run(snr_db):
    global result
    result = experiment(clean, noise, snr_db, model)
    sounds = {**vars(result.stages), "network": result.network, "clean": result.clean}
    return json.dumps([places_of(sounds), places_of(vars(result.frames))])

def places_of(arrays):
    return {name: place_of(array) for name, array in arrays.items()}

def place_of(array):
    return {
        "address": array.__array_interface__["data"][0],
        "length": array.size,
        "width": array[0].size,
    }
`;

/** @typedef {{ address: number, length: number, width: number }} Place of an array in memory */

/** @type {Python} */
let python;
/** @type {Map<string, any>} */
let scope;

/** @param {MessageEvent<import('./protocol.js').Request>} event */
self.onmessage = async ({ data }) => {
  try {
    if (data.type === 'load') await load();
    else run(data);
  } catch (error) {
    answer({ type: 'failed', message: /** @type {Error} */ (error).message });
  }
};

async function load() {
  const [started, model] = await Promise.all([Python.start(), fetchModel('default')]);
  python = started;
  python.writeFile(MODEL_PATH, model.bytes);
  scope = python.run(SETUP);
  answer({ type: 'loaded' });
}

/** @param {import('./protocol.js').Material} material */
function run({ clean, noise, snrDb }) {
  const rooms = callForJson('make_room', clean.length, noise.length);
  [clean, noise].forEach((samples, i) => view(rooms[i]).set(samples));
  const [sounds, frames] = callForJson('run', snrDb).map(
    (/** @type {Record<string, Place>} */ places) =>
      Object.fromEntries(Object.entries(places).map(([name, place]) => [name, copy(place)])),
  );
  const facts = JSON.parse(scope.get('facts'));
  const pictures = {
    frames: drawFrames(frames.noisy_db),
    pitch: drawPitch(frames.correlations, frames.periods, facts),
    ...Object.fromEntries(SOUNDS.map((name) => [name, drawSound(sounds[name].data)])),
  };
  const heard = Object.fromEntries(SOUNDS.map((name) => [name, sounds[name].data]));
  const result = /** @type {import('./protocol.js').Result} */ (
    /** @type {unknown} */ ({ sounds: heard, frames, facts, pictures })
  );
  const buffers = [...Object.values(sounds), ...Object.values(frames)].map(
    (/** @type {import('./protocol.js').Rows} */ { data }) => data.buffer,
  );
  answer({ type: 'done', result }, [...buffers, ...Object.values(result.pictures)]);
}

/**
 * @param {string} name
 * @param {number[]} parameters
 */
function callForJson(name, ...parameters) {
  return JSON.parse(runPython(() => scope.get(name)(...parameters)));
}

/** @param {Place} place */
function view({ address, length }) {
  return python.floatsAt(address, length);
}

/** @param {Place} place */
function copy(place) {
  return { data: view(place).slice(), width: place.width };
}

/**
 * @param {import('./protocol.js').Answer} message
 * @param {Transferable[]} transfer
 */
function answer(message, transfer = []) {
  self.postMessage(message, { transfer });
}
