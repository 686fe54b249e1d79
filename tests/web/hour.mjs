/**
 * An hour of sound through the engine's Python: does memory grow, does a hop ever wait for garbage?
 * Not a test of CI, as it takes minutes. After ./build_wasm.sh:
 *
 *     node --experimental-wasm-relaxed-simd tests/web/hour.mjs [HOPS] [MODEL.npz]
 *
 * A hop that takes longer than 5 ms counts as ours if this process worked that long, on all of
 * its threads: the rest of the time other programs had the processor.
 */

import { readFileSync } from 'node:fs';

const N_HOPS = Number(process.argv[2] ?? 360_000);
const MODEL = process.argv[3] ?? new URL('../../models/default.npz', import.meta.url);
const LIMIT_MS = 5;
const N_WARM_UP_HOPS = 2000; // until V8 has compiled for good
const N_REPORTS = 10;

const SETUP = `
import gc, time
import numpy as np
from percepnet import Enhancer, HOP_LENGTH, load_model
from percepnet.benchmark import noisy_voice

model = load_model("/model.npz")
enhancer = Enhancer(model)
hop = np.zeros(HOP_LENGTH, np.float32)
hops = noisy_voice(10).reshape(-1, HOP_LENGTH)
collections, started = [], 0.0

def on_collection(phase, info):
    global started
    if phase == "start":
        started = time.perf_counter()
    else:
        collections.append(time.perf_counter() - started)

gc.callbacks.append(on_collection)

def process(n):
    hop[:] = hops[n % len(hops)]
    hop[:] = enhancer.process(hop)

def collected():
    longest_ms = 1e3 * max(collections, default=0)
    return f"{len(collections)} collections by Python, the longest {longest_ms:.2f} ms"
`;

const runtime = new URL('../../.build/runtime/', import.meta.url); // dist/ is all ES modules
const { loadPyodide } = await import(new URL('pyodide.mjs', runtime).href);
const options = { indexURL: runtime.pathname, packages: ['percepnet'], stdout() {} };
const python = await loadPyodide(options);
python.FS.writeFile('/model.npz', readFileSync(MODEL));
const scope = python.toPy({});
python.runPython(SETUP, { globals: scope });
const process_ = scope.get('process');
console.log(`${N_HOPS} hops, kernel ${scope.get('model').kernel}`);

for (let n = 0; n < N_WARM_UP_HOPS; n++) process_(n);
const times = new Float32Array(N_HOPS);
const ours = [];
let nStalls = 0;
for (let n = 0; n < N_HOPS; n++) {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  process_(n);
  times[n] = performance.now() - started;
  if (times[n] > LIMIT_MS) {
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuMs = (user + system) / 1000;
    if (cpuMs > LIMIT_MS) ours.push(`hop ${n}: ${times[n].toFixed(1)} ms, work ${cpuMs.toFixed(1)}`);
    else nStalls++;
  }
  if (n % (N_HOPS / N_REPORTS) === 0 || n === N_HOPS - 1) report(n);
}
times.sort();
const at = (share) => `${times[Math.floor(share * (N_HOPS - 1))].toFixed(3)} ms`;
console.log(`10 % ${at(0.1)}, median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`);
console.log(scope.get('collected')());
console.log(`hops above ${LIMIT_MS} ms: ${ours.length} ours, ${nStalls} the machine's`);
for (const hop of ours) console.log(hop);

/** @param {number} n */
function report(n) {
  const mb = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1);
  const { rss, heapUsed } = process.memoryUsage();
  const wasm = python._module.HEAPU8.length;
  const nObjects = python.runPython('import gc; len(gc.get_objects())');
  console.log(
    `hop ${n}: WebAssembly ${mb(wasm)} MB, JavaScript ${mb(heapUsed)} MB, ` +
      `process ${mb(rss)} MB, ${nObjects} objects in Python`,
  );
}
