"""Denoisers in a page of their own, as an app has them."""

import base64
from pathlib import Path

import numpy as np

HARNESS = Path(__file__).with_name("engine_harness.js").read_text()

START_TIMEOUT_MS = 90_000

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
