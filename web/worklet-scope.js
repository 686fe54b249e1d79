/**
 * What Pyodide expects of a worker's global scope and an audio worklet's lacks. To be imported
 * before Pyodide. Files come from `provideFiles`: an audio worklet cannot fetch.
 */

const BASE = 'file:///';

/** @type {Map<string, Uint8Array<ArrayBuffer>>} */
const files = new Map();
/** @type {WebAssembly.Module} */
let compiled;

/**
 * @param {Map<string, Uint8Array<ArrayBuffer>>} contents by name
 * @param {WebAssembly.Module} module what is instantiated in place of a response
 */
export function provideFiles(contents, module) {
  for (const [name, content] of contents) files.set(name, content);
  compiled = module;
}

class FileUrl {
  /**
   * @param {string} path
   * @param {{ toString(): string }} [base]
   */
  constructor(path, base = '') {
    const folder = String(base).replace(/[^/]*$/, '');
    this.href = path.includes('://') ? path : folder + path.replace(/^\.\/?/, '');
  }

  toString() {
    return this.href;
  }
}

class Decoder {
  /** @param {string} [encoding] one of those that Pyodide asks for */
  constructor(encoding = 'utf-8') {
    this.isWide = encoding === 'utf-16le';
  }

  /** @param {Uint8Array} bytes */
  decode(bytes = new Uint8Array()) {
    if (this.isWide) return String.fromCharCode(...new Uint16Array(bytes.slice().buffer));
    let escaped = '';
    for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
    return decodeURIComponent(escaped);
  }
}

class Utf8Encoder {
  /** @param {string} text */
  encode(text) {
    const bytes = unescape(encodeURIComponent(text));
    return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  }

  /**
   * @param {string} text
   * @param {Uint8Array} target
   */
  encodeInto(text, target) {
    const bytes = this.encode(text);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

/** @param {{ toString(): string }} url */
async function fetchProvided(url) {
  const content = files.get(String(url).replace(/^.*\//, ''));
  return {
    ok: content !== undefined,
    status: content ? 200 : 404,
    url: String(url),
    arrayBuffer: async () => content?.slice().buffer,
    json: async () => JSON.parse(new Decoder().decode(content)),
  };
}

/**
 * @param {unknown} response
 * @param {WebAssembly.Imports} imports
 */
async function instantiateProvided(response, imports) {
  return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
}

/** As soon as the thread has nothing else to do: nobody here waits for a time. */
function callSoon(/** @type {() => void} */ call) {
  const { port1, port2 } = new MessageChannel();
  port2.onmessage = () => {
    port2.close();
    call();
  };
  port1.postMessage(null);
  return 0;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @param {string} bytes as characters */
function encodeBase64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => bytes.charCodeAt(i + k) || 0);
    const sextets = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    const nUsed = Math.min(4, bytes.length - i + 1);
    text += sextets.map((sextet, k) => (k < nUsed ? BASE64[sextet] : '=')).join('');
  }
  return text;
}

/** Python's hash seed: nobody attacks the tables of an enhancer. @param {Uint8Array} bytes */
function fillAtRandom(bytes) {
  return bytes.map(() => 256 * Math.random());
}

const lacking = {
  self: globalThis,
  location: new FileUrl(BASE),
  URL: FileUrl,
  TextDecoder: Decoder,
  TextEncoder: Utf8Encoder,
  fetch: fetchProvided,
  performance: { now: () => Date.now() },
  crypto: { getRandomValues: fillAtRandom },
  btoa: encodeBase64,
  setTimeout: callSoon,
  clearTimeout() {},
  // These two mark a worker, for Pyodide; it imports nothing that is not there already.
  WorkerGlobalScope: AudioWorkletGlobalScope,
  importScripts() {
    throw new TypeError('an audio worklet imports no scripts');
  },
};
const scope = /** @type {any} */ (globalThis);
for (const [name, value] of Object.entries(lacking)) scope[name] ??= value;
// Compiling from a stream is what the main thread has done.
scope.fetch = fetchProvided;
WebAssembly.instantiateStreaming = /** @type {any} */ (instantiateProvided);
