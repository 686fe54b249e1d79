"""An hour of sound through the engine in Chromium: does memory grow, does a hop wait for garbage?

    ./build_wasm.sh && PYTHONPATH=py python tests/browser/hour.py [--hops 360000]

Takes a minute or two. V8 tells in a trace how long each of its collections stopped the thread,
Python's collector is asked; the rest of a slow hop is other programs' having the processor.
"""

import argparse
import json
import os

from playwright.sync_api import sync_playwright
from site_server import serve

from conftest import CHROMIUM, FLAGS, ROOT

LIMIT_MS = 5
N_REPORTS = 10
N_WARM_UP_HOPS = 2000  # until V8 has compiled for good

# The page's own modules, in its own thread: what the worker does for every hop
BEGIN = """
async () => {
  const { Engine } = await import('./engine.js');
  const { HopStep } = await import('./hop-step.js');
  const { fetchModel } = await import('./models.js');
  const { HOP_LENGTH, N_HOP_TIMES, Report } = await import('./protocol.js');
  const { Python } = await import('./python.js');
  const python = await Python.start();
  const startPython = async () => python;
  const engine = await Engine.load(fetchModel('default'), () => {}, { startPython });
  const scope = python.run(WATCH);
  const step = new HopStep(engine, {
    controls: new Float32Array([1, Infinity, 0]),
    report: new Float32Array(Report.HOP_MS + N_HOP_TIMES),
  });
  const sound = Float32Array.from({ length: 100 * HOP_LENGTH }, (_, n) =>
    0.1 * Math.sin(n / 40) * Math.sin(n / 5000) + 0.05 * Math.sin(n ** 1.7));
  const hop = new Float32Array(HOP_LENGTH);
  let n = 0;
  let times = new Float32Array(0);
  window.hour = {
    expect(nHops) {
      times = new Float32Array(nHops);
      n = 0;
    },
    run(nHops) {
      for (const end = n + nHops; n < end; n++) {
        const first = (n % 100) * HOP_LENGTH;
        hop.set(sound.subarray(first, first + HOP_LENGTH));
        const started = performance.now();
        step.process(hop, n * HOP_LENGTH);
        times[n] = performance.now() - started;
      }
    },
    times: () => Array.from(times),
    bytes: () => python.floatsAt(0, 1).buffer.byteLength,
    objects: scope.get('count_objects'),
    collections: () => scope.get('seconds').toJs(),
  };
}
"""
WATCH = """
import gc, time
seconds, started = [], 0.0

def on_collection(phase, info):
    global started
    if phase == "start":
        started = time.perf_counter()
    else:
        seconds.append(time.perf_counter() - started)

gc.callbacks.append(on_collection)

def count_objects():
    return len(gc.get_objects())
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hops", type=int, default=360_000)
    args = parser.parse_args()
    with serve(ROOT / "dist") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        page = browser.new_page(service_workers="block")
        page.goto(url)
        begin(page)
        page.evaluate("(n) => hour.expect(n)", args.hops)
        print("before:", told(memory(page)), flush=True)
        browser.start_tracing(page=page, categories=["v8", "devtools.timeline"])
        for report in range(N_REPORTS):
            page.evaluate("(n) => hour.run(n)", args.hops // N_REPORTS)
            wasm = page.evaluate("hour.bytes()") / 2**20
            print(f"{(report + 1) / N_REPORTS:.0%}: wasm {wasm:.1f} MB", flush=True)
        trace = json.loads(browser.stop_tracing())
        print("after:", told(memory(page)))
        times, in_python = page.evaluate("[hour.times(), hour.collections()]")
    times.sort()
    at = {share: times[int(share * (len(times) - 1))] for share in (0.1, 0.5, 0.99, 1)}
    print("hops, ms:", ", ".join(f"{share:.0%} {ms:.3f}" for share, ms in at.items()))
    print(f"above {LIMIT_MS} ms: {sum(ms > LIMIT_MS for ms in times)}")
    print(f"collections by Python: {pauses([1000 * s for s in in_python])}")
    print(f"collections by V8: {pauses(collections(trace))}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def begin(page):
    page.evaluate(BEGIN.replace("WATCH", json.dumps(WATCH)))
    page.evaluate("(n) => hour.run(n)", N_WARM_UP_HOPS)


def memory(page):
    """With all garbage collected: bytes of WebAssembly and JavaScript, objects in Python."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    wasm, n_objects = page.evaluate("[hour.bytes(), hour.objects()]")
    return {"wasm": wasm, "js": used, "objects": n_objects}


def told(memory):
    megabytes = (f"{name} {memory[name] / 2**20:.1f} MB" for name in ("wasm", "js"))
    return ", ".join([*megabytes, f"{memory['objects']} objects in Python"])


def collections(trace):
    """Milliseconds of every pause, of all threads."""
    return [
        event["dur"] / 1000
        for event in trace["traceEvents"]
        if event["ph"] == "X" and event["name"] in ("MinorGC", "MajorGC")
    ]


def pauses(ms):
    return f"{len(ms)}, the longest {max(ms, default=0):.2f} ms"


if __name__ == "__main__":
    main()
