/** Pipeline C, seen from the main thread: it fetches for the audio thread, which cannot. */

import { fetchFile } from './fetch-file.js';
import { requireWebAssembly } from './platform.js';
import { N_CONTROLS, N_PLAYBACK, N_REPORT } from './protocol.js';

const RUNTIME_URL = new URL('./pyodide/', import.meta.url);
const LOCK = 'pyodide-lock.json';
const WASM = 'pyodide.asm.wasm';

/**
 * @typedef {object} Runtime
 * @property {Map<string, Uint8Array<ArrayBuffer>>} files by name
 * @property {WebAssembly.Module} module Python
 *
 * @typedef {object} InlineLines
 * @property {'inline'} pipeline
 * @property {import('./protocol.js').Format} format
 * @property {Float32Array} controls as they are at the start
 * @property {Runtime} runtime
 */

/**
 * What Python consists of.
 *
 * @returns {Promise<Runtime>}
 * @throws {Error} what could not be loaded and what to do
 */
export async function fetchRuntime() {
  requireWebAssembly();
  const lock = await fetchContent(LOCK);
  /** @type {{ packages: Record<string, { file_name: string }> }} */
  const { packages } = JSON.parse(new TextDecoder().decode(lock));
  const names = ['python_stdlib.zip', ...Object.values(packages).map((one) => one.file_name)];
  const [wasm, ...contents] = await Promise.all([WASM, ...names].map(fetchContent));
  const files = new Map(names.map((name, i) => [name, contents[i]]));
  files.set(LOCK, lock).set(WASM, new Uint8Array()); // asked for, but compiled here
  return { files, module: await WebAssembly.compile(wasm) };
}

/**
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function fetchContent(name) {
  const response = await fetchFile(new URL(name, RUNTIME_URL));
  return new Uint8Array(await response.arrayBuffer());
}

export class InlineMainEnd {
  /** @type {import('./protocol.js').Slots} */
  slots = {
    controls: new Float32Array(N_CONTROLS),
    playback: new Int32Array(N_PLAYBACK),
    report: new Float32Array(N_REPORT),
  };

  /** @type {MessagePort | undefined} */
  #port;

  /** @param {import('./protocol.js').Format} format */
  constructor(format) {
    // Only whole blocks are processed, and the processor looks one quantum ahead.
    const cushion = format.blockLength + format.quantum;
    this.lines = { pipeline: /** @type {const} */ ('inline'), format: { ...format, cushion } };
  }

  /** The engine has been there since the node was made. */
  startEngine() {}

  /** It ends with the node. */
  retireEngine() {}

  /** @param {MessagePort} port of the node */
  connect(port) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => {
      if (data.type !== 'report') return;
      this.slots.playback.set(data.playback);
      this.slots.report.set(data.report);
    });
  }

  sendControls() {
    this.#port?.postMessage({ controls: this.slots.controls });
  }

  /** The audio thread takes messages between quanta. */
  announceMessage() {}
}
