/** Python in WebAssembly, by Pyodide. Nothing else in web/ knows of it. */

import { requireOk } from './fetch-file.js';
import { requireWebAssembly } from './platform.js';

const RUNTIME_URL = new URL('./pyodide/', import.meta.url).href;

/** @typedef {typeof import('pyodide').loadPyodide} LoadPyodide */

export class PythonError extends Error {
  name = 'PythonError';
}

export class Python {
  #pyodide;

  /**
   * Start Python with our package installed.
   *
   * @param {() => Promise<LoadPyodide>} importPyodide
   * @returns {Promise<Python>}
   * @throws {PythonError} what could not be loaded and what to do
   */
  static async start(importPyodide = importFromRuntime) {
    requireWebAssembly();
    try {
      const loadPyodide = await importPyodide();
      const pyodide = loadPyodide({ indexURL: RUNTIME_URL, packages: ['percepnet'] });
      return new Python(await Promise.race([pyodide, firstFailedRequest()]));
    } catch (cause) {
      const { message } = /** @type {Error} */ (cause);
      throw new PythonError(
        `Python could not be started (${message}): check that all of ${RUNTIME_URL} is served`,
        { cause },
      );
    }
  }

  /**
   * Use `Python.start`.
   *
   * @param {import('pyodide').PyodideAPI} pyodide
   */
  constructor(pyodide) {
    this.#pyodide = pyodide;
  }

  /**
   * @param {string} path in its memory file system
   * @param {Uint8Array} content
   */
  writeFile(path, content) {
    this.#pyodide.FS.writeFile(path, content);
  }

  /**
   * Run a script.
   *
   * @param {string} script
   * @returns {Map<string, any>} the names it defines
   * @throws {PythonError} Python's error
   */
  run(script) {
    const scope = this.#pyodide.toPy({});
    runPython(() => this.#pyodide.runPython(script, { globals: scope }));
    return scope;
  }

  /**
   * What lies in Python's memory. Take it anew each time: the view dies when WebAssembly's
   * memory grows, its place stays.
   *
   * @param {number} address
   * @param {number} length
   * @returns {Float32Array}
   */
  floatsAt(address, length) {
    /** @type {Float32Array} */
    const heap = /** @type {any} */ (this.#pyodide)._module.HEAPF32;
    const first = address / Float32Array.BYTES_PER_ELEMENT;
    return heap.subarray(first, first + length);
  }
}

/**
 * Call into Python; of an error, the last line of the traceback says what happened.
 *
 * @template Result
 * @param {() => Result} call
 * @returns {Result}
 * @throws {PythonError}
 */
export function runPython(call) {
  try {
    return call();
  } catch (cause) {
    const traceback = /** @type {Error} */ (cause).message.trimEnd();
    throw new PythonError(traceback.slice(traceback.lastIndexOf('\n') + 1), { cause });
  }
}

/** @returns {Promise<LoadPyodide>} */
async function importFromRuntime() {
  const { loadPyodide } = await import(/* @vite-ignore */ `${RUNTIME_URL}pyodide.mjs`);
  return loadPyodide;
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
