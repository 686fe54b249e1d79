"""Minutes under load, judged: python tests/browser/soak.py --pipeline shared --minutes 10

Headless Chromium hears a WAV file through the site in dist/ while the page's main thread is
blocked for 200 ms every second and the page and the engine make garbage. A thread that only
sleeps and an empty worklet witness stalls of the machine: underruns in five seconds in which both
were on time are ours. Every sample emitted is compared with the package's.
"""

import argparse
import base64
import json
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile
from engine_page import EnginePage
from playwright.sync_api import sync_playwright
from site_server import serve

from conftest import CHROMIUM, FLAGS, ROOT
from percepnet import HOP_LENGTH, LATENCY, SAMPLE_RATE, Enhancer, load_model

LOAD = Path(__file__).with_name("soak_load.js").read_text()
COLLECT_EVERY_S = 5
MAX_ERROR = 1e-4

# Appended to engine.js: every hop leaves something to collect
LITTERING_ENGINE = b"""
const tidyProcess = Engine.prototype.process;
let litter = [];
Engine.prototype.process = function () {
  tidyProcess.call(this);
  litter.push(new Float64Array(10_000));
  if (litter.length > 100) litter = [];
};
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pipeline", choices=["shared", "message", "inline"], default="shared")
    parser.add_argument("--minutes", type=float, default=10)
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        wav = make_microphone(Path(folder, "noisy.wav"))
        littering = {"/engine.js": lambda engine: engine + LITTERING_ENGINE}
        url = stack.enter_context(serve(ROOT / "dist", edited=littering))
        chromium = stack.enter_context(sync_playwright()).chromium
        microphone = (
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={wav}",
        )
        flags = [*FLAGS, *microphone]
        browser = stack.enter_context(chromium.launch(executable_path=CHROMIUM, args=flags))
        print(json.dumps(soak(browser.new_page(), url, args), indent=2))


def make_microphone(path):
    """Half a minute of bursts of harmonics in noise; Chromium plays it again and again."""
    rng = np.random.default_rng(6)
    t = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * t)) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 25)) * (np.sin(2 * np.pi * 2.5 * t) > 0)
    noisy = 0.1 * voice + 0.03 * rng.standard_normal(len(t))
    soundfile.write(path, noisy, SAMPLE_RATE, "PCM_16")
    return path


def soak(page, url, args):
    page = EnginePage(page, url)
    page.page.evaluate(LOAD)
    page.open(pipeline=args.pipeline, microphone=True)
    page.listen(2)  # what starts up is not what is judged
    page.run("startLoad(); await startWitnesses();")
    first = page.stats
    comparison = Comparison(first["latencySamples"] - LATENCY, page)
    witnessed = [(page.stats["underruns"], page.run("return readWitnesses();"))]
    end = time.monotonic() + 60 * args.minutes
    while time.monotonic() < end:
        page.page.wait_for_timeout(1000 * COLLECT_EVERY_S)
        comparison.collect()
        witnessed.append((page.stats["underruns"], page.run("return readWitnesses();")))
    page.run("stopLoad();")
    last = page.stats
    comparison.collect()
    return {
        "pipeline": last["pipeline"],
        "minutes": round(comparison.n_samples / SAMPLE_RATE / 60, 2),
        "latency beyond the method's ms": last["latencyMs"] - 1000 * LATENCY / SAMPLE_RATE,
        "underruns": last["underruns"] - first["underruns"],
        "dropped ms": last["droppedMs"] - first["droppedMs"],
        "hop ms p50, p99": [last["hopMsP50"], last["hopMsP99"]],
        **judged(witnessed),
        **comparison.result(),
        "degraded": Counter(event["detail"]["reason"] for event in page.events("degraded")),
        "errors": [event["message"] for event in page.events("error")],
    }


def judged(witnessed):
    """What underruns there were in which company: (underruns so far, witnesses) by period."""
    counts = np.diff([n_underruns for n_underruns, _ in witnessed])
    periods = [witnesses for _, witnesses in witnessed[1:]]
    is_on_time = np.array([all(w["nLong"] == 0 for w in p.values()) for p in periods])
    return {
        "periods of 5 s": len(periods),
        "of these the witnesses were on time in": int(is_on_time.sum()),
        "underruns in these": int(counts[is_on_time].sum()),
        "a sleeping thread was late by ms at most": max(p["thread"]["longest"] for p in periods),
        "an empty worklet waited for ms at most": max(p["audio"]["longest"] for p in periods),
    }


class Comparison:
    """The package beside the page: what came in goes through it, what came out is held to it."""

    def __init__(self, cushion, page):
        self._page = page
        self._enhancer = Enhancer(load_model("default"))
        self._received = np.zeros(0, np.float32)
        self._emitted = np.zeros(0, np.float32)
        self._expected = np.zeros(cushion, np.float32)
        self.n_samples = 0
        self.n_equal = 0

    def collect(self):
        texts = self._page.run("return takeRecording();")
        received, emitted = (np.frombuffer(base64.b64decode(t), np.float32) for t in texts)
        self._received = np.concatenate([self._received, received])
        self._emitted = np.concatenate([self._emitted, emitted])
        n_whole = len(self._received) // HOP_LENGTH * HOP_LENGTH
        hops = self._received[:n_whole].reshape(-1, HOP_LENGTH)
        self._received = self._received[n_whole:]
        enhanced = [self._enhancer.process(hop) for hop in hops]
        self._expected = np.concatenate([self._expected, *enhanced])
        n = min(len(self._expected), len(self._emitted))
        error = np.abs(self._expected[:n] - self._emitted[:n])
        self._expected, self._emitted = self._expected[n:], self._emitted[n:]
        self.n_samples += n
        self.n_equal += int((error <= MAX_ERROR).sum())

    def result(self):
        return {
            "samples compared": self.n_samples,
            "of these the package's": round(self.n_equal / max(self.n_samples, 1), 6),
        }


if __name__ == "__main__":
    main()
