/** Measures one of the RNNoise packages. */

import { HOP_LENGTH } from '../../protocol.js';
import { fetchedBytes, timeHops } from './hop-times.js';

const FOLDER = new URL('./rnnoise/', import.meta.url);
const FULL_SCALE = 32768; // RNNoise's samples are as large as 16-bit integers

/** @typedef {(frame: Float32Array) => void} Process replaces a frame by the enhanced one */

/** @type {Record<string, () => Promise<Process>>} */
const PACKAGES = {
  '@jitsi/rnnoise-wasm': async () => {
    const { default: createModule } = await import(`${FOLDER}jitsi/rnnoise.js`);
    const file = await fetch(`${FOLDER}jitsi/rnnoise.wasm`);
    const module = await createModule({ wasmBinary: await file.arrayBuffer() });
    const state = module._rnnoise_create();
    const address = module._malloc(HOP_LENGTH * Float32Array.BYTES_PER_ELEMENT);
    const first = address / Float32Array.BYTES_PER_ELEMENT;
    return (frame) => {
      module.HEAPF32.set(frame, first);
      module._rnnoise_process_frame(state, address, address);
      frame.set(module.HEAPF32.subarray(first, first + HOP_LENGTH));
    };
  },
  '@shiguredo/rnnoise-wasm': async () => {
    const { Rnnoise } = await import(`${FOLDER}shiguredo/rnnoise.js`);
    const state = (await Rnnoise.load()).createDenoiseState();
    return (frame) => state.processFrame(frame);
  },
};

self.onmessage = async ({ data: { name, sound, startedMs } }) => {
  try {
    const processScaled = await PACKAGES[name]();
    /** @param {Float32Array} hop */
    const process = (hop) => {
      for (let i = 0; i < hop.length; i++) hop[i] *= FULL_SCALE;
      processScaled(hop);
      for (let i = 0; i < hop.length; i++) hop[i] /= FULL_SCALE;
    };
    process(new Float32Array(HOP_LENGTH));
    const totalMs = performance.timeOrigin + performance.now() - startedMs;
    self.postMessage({ type: 'start', name, totalMs, partsMs: {}, bytes: fetchedBytes() });
    self.postMessage({ type: 'hops', name, hopMs: timeHops(sound, HOP_LENGTH, process) });
    self.postMessage({ type: 'done' });
  } catch (error) {
    self.postMessage({ type: 'failed', message: /** @type {Error} */ (error).message });
  }
};
