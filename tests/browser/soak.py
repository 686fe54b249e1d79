"""Minutes under load, judged: python tests/browser/soak.py --pipeline shared --minutes 10

Headless Chromium hears a WAV file through the site in dist/ while the page's main thread is
blocked for 200 ms every second and the page and the engine make garbage. Three witness stalls of
the machine: a thread that only sleeps, an empty worklet, and a control stream, which is a worker
that waits for the same hops as the engine and works a millisecond on each, without any of our code.
Underruns in five seconds in which all were on time are ours. Every sample emitted is compared with
the package's.
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
from takes import enhanced_as_emitted

from conftest import CHROMIUM, FLAGS, ROOT
from percepnet import LATENCY, SAMPLE_RATE, load_model

LOAD = Path(__file__).with_name("soak_load.js").read_text()
COLLECT_EVERY_S = 5
MAX_ERROR = 1e-4
TAKE_RECORDING = "return takeRecording();"

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
    recorded = [page.run(TAKE_RECORDING)]
    witnessed = [(page.stats["underruns"], page.run("return readWitnesses();"))]
    end = time.monotonic() + 60 * args.minutes
    while time.monotonic() < end:
        page.page.wait_for_timeout(1000 * COLLECT_EVERY_S)
        recorded.append(page.run(TAKE_RECORDING))
        witnessed.append((page.stats["underruns"], page.run("return readWitnesses();")))
    page.run("stopLoad();")
    last = page.stats
    recorded.append(page.run(TAKE_RECORDING))
    told = {
        "pipeline": last["pipeline"],
        "minutes": args.minutes,
        "latency beyond the method's ms": last["latencyMs"] - 1000 * LATENCY / SAMPLE_RATE,
        "underruns": last["underruns"] - first["underruns"],
        "dropped ms": last["droppedMs"] - first["droppedMs"],
        "hop ms p50, p99": [last["hopMsP50"], last["hopMsP99"]],
        **judged(witnessed),
        "degraded": Counter(event["detail"]["reason"] for event in page.events("degraded")),
        "errors": [event["message"] for event in page.events("error")],
    }
    page.page.close()  # what follows takes the machine
    return {**told, **compared(recorded, last["latencySamples"] - LATENCY)}


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
        "a control stream's hop took ms at most": max(p["control"]["longest"] for p in periods),
        "of its hops late": sum(p["control"]["nLong"] for p in periods),
    }


def compared(recorded, cushion):
    """Every sample beside the package's, which hears what the node received."""
    received, emitted = (
        np.concatenate([np.frombuffer(base64.b64decode(text), np.float32) for text in side])
        for side in zip(*recorded, strict=True)
    )
    expected = enhanced_as_emitted(received, emitted, cushion, load_model("default"))
    n = len(expected)
    is_equal = np.abs(expected[:n] - emitted[:n]) <= MAX_ERROR
    return {"samples compared": n, "of these the package's": round(float(is_equal.mean()), 6)}


if __name__ == "__main__":
    main()
