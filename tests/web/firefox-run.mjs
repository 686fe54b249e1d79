/**
 * The engine in Firefox for a while, in the pipelines with a worker: underruns, and every sample
 * compared with what the package computes. Not a test of CI, as CI has Chromium alone.
 * After ./build_wasm.sh:
 *
 *     node --experimental-wasm-relaxed-simd tests/web/firefox-run.mjs [SECONDS] [FIREFOX]
 *
 * Without a sound card, sound needs somewhere to go first:
 *
 *     pulseaudio --daemonize --exit-idle-time=-1 -n --load=module-null-sink \
 *       --load=module-native-protocol-unix
 */

import { readFileSync } from 'node:fs';

import { inFirefox } from './firefox.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const FIREFOX = process.argv[3] ?? 'firefox-esr';
const STARTED_S = 2; // what starts up is not what is judged
const MAX_ERROR = 1e-4;

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const HARNESS = read('../browser/engine_harness.js') + read('../browser/soak_load.js');

const RUN = (pipeline) => `(async () => {
  window.h = await Harness.open({ pipeline: '${pipeline}' });
  const played = async (seconds) => {
    const end = h.context.currentTime + seconds;
    while (h.context.currentTime < end) await new Promise((r) => setTimeout(r, 50));
  };
  await played(${STARTED_S});
  await startWitnesses();
  const first = h.denoiser.stats;
  await played(${SECONDS});
  const last = h.denoiser.stats;
  const witnesses = await readWitnesses();
  for (const [side, quanta] of h.sides.entries()) {
    await fetch('/side/' + side, { method: 'POST', body: new Blob(quanta) });
  }
  await h.close();
  return JSON.stringify({
    pipeline: last.pipeline,
    'latency ms': last.latencyMs,
    kernel: last.kernel,
    latencySamples: last.latencySamples,
    'hop ms p50, p99': [last.hopMsP50, last.hopMsP99],
    underruns: last.underruns - first.underruns,
    'dropped ms': last.droppedMs - first.droppedMs,
    'a sleeping thread was late by ms at most': witnesses.thread.longest,
    'by more than 10 ms': witnesses.thread.nLong,
    'an empty worklet waited for ms at most': witnesses.audio.longest,
    'for more than 21 ms': witnesses.audio.nLong,
    "a control stream's hop took ms at most": witnesses.control.longest,
    'of its hops late': witnesses.control.nLong,
  });
})()`;

const { enhance, latency } = await startPackage();
for (const pipeline of ['shared', 'message']) {
  const sides = [];
  const keep = (path, body) => {
    sides[Number(path.split('/').at(-1))] = new Float32Array(new Uint8Array(body).buffer);
  };
  const use = async (evaluate) => {
    await evaluate(HARNESS + ';0');
    const { latencySamples, ...told } = JSON.parse(await evaluate(RUN(pipeline)));
    const [received, emitted] = sides;
    const expected = enhance(received, emitted, latencySamples - latency);
    const n = expected.length;
    let nEqual = 0;
    const start = STARTED_S * 48_000;
    for (let i = start; i < n; i++) {
      if (Math.abs(emitted[i] - expected[i]) <= MAX_ERROR) nEqual++;
    }
    told["of the samples the package's"] = nEqual / (n - start);
    told['samples compared'] = n - start;
    console.log(JSON.stringify(told, null, 2));
  };
  await inFirefox(FIREFOX, 'demo/adapters/jitsi.html', use, keep);
}

/** The package's own answer to a take, as the other browser's tests have it. */
async function startPackage() {
  const runtime = new URL('../../.build/runtime/', import.meta.url); // dist/ is all ES modules
  const { loadPyodide } = await import(new URL('pyodide.mjs', runtime).href);
  const options = { indexURL: runtime.pathname, packages: ['percepnet'], stdout() {} };
  const python = await loadPyodide(options);
  python.FS.writeFile('/model.npz', readFileSync(new URL('../../models/default.npz', import.meta.url)));
  python.FS.writeFile('takes.py', read('../browser/takes.py')); // Python imports from there
  python.runPython(`
import numpy as np
from percepnet import LATENCY, load_model
from takes import enhanced_as_emitted

model = load_model("/model.npz")

def enhance(cushion):
    take = (np.fromfile(path, np.float32) for path in ("/received", "/emitted"))
    enhanced_as_emitted(*take, cushion, model).tofile("/enhanced")
`);
  const enhance = (received, emitted, cushion) => {
    python.FS.writeFile('/received', new Uint8Array(received.buffer));
    python.FS.writeFile('/emitted', new Uint8Array(emitted.buffer));
    python.globals.get('enhance')(cushion);
    return new Float32Array(python.FS.readFile('/enhanced').buffer);
  };
  return { enhance, latency: python.globals.get('LATENCY') };
}
