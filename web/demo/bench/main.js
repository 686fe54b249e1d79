/** The page: runs the measurements one after the other, shows what comes, offers it as JSON. */

import { HOP_LENGTH } from '../../protocol.js';
import { hopRow, startRow } from './rows.js';

const RNNOISE = ['@jitsi/rnnoise-wasm', '@shiguredo/rnnoise-wasm'];

const form = /** @type {HTMLFormElement} */ (document.getElementById('bench'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
const seconds = /** @type {HTMLInputElement} */ (document.getElementById('seconds'));
const progress = /** @type {HTMLElement} */ (document.getElementById('progress'));
const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
const download = /** @type {HTMLAnchorElement} */ (document.getElementById('download'));
const bits = /** @type {HTMLElement} */ (document.getElementById('bits'));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  problem.hidden = true;
  try {
    await measure(seconds.valueAsNumber);
    progress.textContent = 'Done.';
  } catch (error) {
    problem.textContent = /** @type {Error} */ (error).message;
    problem.hidden = false;
    progress.textContent = '';
  }
  button.disabled = false;
});

/** @param {number} nSeconds */
async function measure(nSeconds) {
  const result = {
    date: new Date().toISOString(),
    browser: navigator.userAgent,
    clockMs: clockStep(),
    seconds: nSeconds,
    /** @type {any[]} */ starts: [],
    /** @type {any[]} */ hops: [],
  };
  const tables = ['hops', 'start-table'].map((id) => tableBody(id));
  const show = (/** @type {any} */ { type, ...data }) => {
    if (type === 'progress') progress.textContent = `Measuring ${data.text} …`;
    if (type === 'start') {
      result.starts.push(data);
      tables[1].append(startRow(data));
    }
    if (type === 'hops') {
      result.hops.push(data);
      tables[0].append(hopRow(data));
    }
    for (const id of ['results', 'starts']) {
      /** @type {HTMLElement} */ (document.getElementById(id)).hidden = !result.starts.length;
    }
  };

  for (const name of RNNOISE) {
    show({ type: 'progress', text: name });
    await work('./rnnoise-worker.js', { name, sound: hum(nSeconds) }, show);
  }
  show({ type: 'progress', text: 'the start of Python' });
  await work('./percepnet-worker.js', { seconds: nSeconds }, show);

  bits.textContent = sameBits(result.hops)
    ? 'All kernels computed the very same bits.'
    : 'The kernels did not compute the same bits: please report this.';
  URL.revokeObjectURL(download.href);
  const json = new Blob([JSON.stringify(result, null, 2)], { type: 'application/json' });
  download.href = URL.createObjectURL(json);
  download.hidden = false;
}

/**
 * @param {string} script
 * @param {object} request
 * @param {(message: any) => void} onMessage
 * @returns {Promise<void>}
 */
function work(script, request, onMessage) {
  const startedMs = performance.timeOrigin + performance.now();
  const worker = new Worker(new URL(script, import.meta.url), { type: 'module' });
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message || `${script} cannot be loaded`));
    worker.onmessage = ({ data }) => {
      if (data.type === 'failed') reject(new Error(data.message));
      else if (data.type === 'done') resolve();
      else onMessage(data);
    };
    worker.postMessage({ ...request, startedMs });
  });
  return done.finally(() => worker.terminate());
}

/** @param {string} id */
function tableBody(id) {
  const body = /** @type {HTMLElement} */ (document.querySelector(`#${id} tbody`));
  body.replaceChildren();
  return body;
}

/** @param {any[]} hops */
function sameBits(hops) {
  const sums = hops.filter(({ bench }) => bench).map(({ name, bench }) => `${name} ${bench.checksum}`);
  return new Set(sums).size === new Set(sums.map((sum) => sum.split(' ')[0])).size;
}

/**
 * Something to denoise; what RNNoise computes does not depend on what it hears.
 *
 * @param {number} nSeconds
 */
function hum(nSeconds) {
  return Float32Array.from({ length: nSeconds * 100 * HOP_LENGTH }, (_, n) => Math.sin(n / 50) / 9);
}

/** The clock's smallest step: browsers coarsen it where pages are not isolated. */
function clockStep() {
  const start = performance.now();
  let now = start;
  while (now === start) now = performance.now();
  return now - start;
}
