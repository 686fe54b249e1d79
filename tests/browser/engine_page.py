"""Denoisers in a page of their own, as an app has them."""

import base64
from pathlib import Path

import numpy as np

from percepnet import HOP_LENGTH, SAMPLE_RATE, Enhancer, load_model

HARNESS = Path(__file__).with_name("engine_harness.js").read_text()

START_TIMEOUT_MS = 90_000

# Two nodes of a context need not begin with the same frame: in Chromium, now and then, one does a
# quantum or a whole burst after the other.
MAX_APART = 1024
GRID = 32  # what hops of 480 samples and quanta of 128 have in common

# Appended to engine.js: Python raises an error a second after the start
FAILING_ENGINE = b"""
const soundProcess = Engine.prototype.process;
let nHopsLeft = 132;
Engine.prototype.process = function () {
  if (nHopsLeft-- === 0) runPython(() => this.failingCall());
  return soundProcess.call(this);
};
Engine.prototype.failingCall = () => {
  throw new Error('Traceback (most recent call last):\\nValueError: something broke\\n');
};
"""


def dry(received, stats):
    """The input as late as the node's output."""
    n_samples = stats["latencySamples"]
    return np.concatenate([np.zeros(n_samples, np.float32), received])[: len(received)]


def enhanced_as_emitted(received, emitted, cushion):
    """What a node with the package in it emits, always in time; as long as the whole hops.

    How much silence the engine had heard when the recording begins, and so where its hops lie, the
    recording does not tell: as much as fits what was emitted best.
    """
    model, start = load_model("default"), received[: SAMPLE_RATE // 2]
    assert start.any(), "the recording is silent"
    n_silent = min(np.flatnonzero(start)[0], MAX_APART)

    def error(n_before):
        enhanced = enhance_after(n_before, start, model)
        n_samples = min(len(enhanced), len(emitted) - cushion)
        difference = np.abs(enhanced[:n_samples] - emitted[cushion:][:n_samples])
        return np.quantile(difference, 0.25)  # some of it may have been late

    fewest = -(n_silent // GRID * GRID)
    n_before = min(range(fewest, MAX_APART + HOP_LENGTH, GRID), key=error)
    return np.concatenate(
        [np.zeros(cushion, np.float32), enhance_after(n_before, received, model)]
    )[: len(emitted)]


def enhance_after(n_before, samples, model):
    """What the package makes of them after so much silence, or without so many of the first."""
    n_left_out = max(0, -n_before)
    heard = np.concatenate([np.zeros(max(0, n_before), np.float32), samples[n_left_out:]])
    hops = heard[: len(heard) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    enhancer = Enhancer(model)
    enhanced = np.concatenate([enhancer.process(hop) for hop in hops])
    return np.concatenate([np.zeros(n_left_out, np.float32), enhanced])[max(0, n_before) :]


class EnginePage:
    """A page with the harness of engine_harness.js; `h` in scripts is the one opened last."""

    def __init__(self, page, site_url):
        self.page = page
        page.set_default_timeout(START_TIMEOUT_MS)
        page.goto(f"{site_url}models/")  # a page without scripts
        page.evaluate(HARNESS)

    def open(self, **options):
        self.page.evaluate(
            "async (options) => { window.h = await Harness.open(options); }", options
        )
        return self

    def run(self, script):
        return self.page.evaluate(f"async () => {{ {script} }}")

    def listen(self, seconds):
        """Let that much audio pass, which on a busy machine takes longer."""
        self.page.evaluate(
            """async (seconds) => {
                const end = h.context.currentTime + seconds;
                while (h.context.currentTime < end) await new Promise((r) => setTimeout(r, 20));
            }""",
            seconds,
        )

    def wait_for(self, event):
        """Until there is such an event; gives its detail, message and frame."""
        self.page.wait_for_function("(type) => h.events.some((e) => e.type === type)", arg=event)
        return self.events(event)[-1]

    def wait_for_degraded(self, reason):
        self.page.wait_for_function(
            """(reason) => h.events.some(
                ({ type, detail }) => type === 'degraded' && detail.reason === reason)""",
            arg=reason,
        )

    def wait_for_new_engine(self):
        """Until the engine was found dead and another one has been in time for a while."""
        self.wait_for_degraded("stopped")
        self.page.wait_for_function(
            """() => {
                const isOf = (kind) => ({ type, detail }) => (detail?.reason ?? type) === kind;
                return h.events.findLastIndex(isOf('recovered')) >
                    h.events.findLastIndex(isOf('stopped'));
            }"""
        )

    def events(self, event):
        return self.page.evaluate("(type) => h.events.filter((e) => e.type === type)", event)

    @property
    def stats(self):
        return self.page.evaluate("() => h.denoiser.stats")

    def recording(self):
        """What the denoiser's node received and emitted, each float32 (n,)."""
        sides = self.page.evaluate("() => h.recording()")
        return tuple(np.frombuffer(base64.b64decode(side), np.float32) for side in sides)

    def close(self):
        self.run("await h.close()")
