"""The page with a microphone: what goes in, what comes out, what it says about itself."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from takes import enhanced_as_emitted

from percepnet import LATENCY, SAMPLE_RATE, load_model

pytestmark = pytest.mark.alone

# Shared test machines stall now and then. Instead of late samples the input is heard, and after
# more than half of its ring of 1.4 s the engine starts afresh; before that, enough has to be left
# to compare.
MAX_LATE_SHARE = 0.5
LONG_STALL = SAMPLE_RATE // 2
MIN_COMPARED = SAMPLE_RATE // 4
MAX_TAKES = 3

# How far the audio thread is ahead of the engine, as shipped and where a test is not about that:
# half a second, so that the test machine's stalls are not heard.
SHIPPED_CUSHION = b"CUSHION = 1664"
PATIENT_CUSHION = b"CUSHION = 24576"

# Appended to engine.js: at the hundredth hop the machine has something else to do
STALLING_ENGINE = b"""
const promptProcess = Engine.prototype.process;
let nHopsToStall = 100;
Engine.prototype.process = function () {
  const endMs = performance.now() + (nHopsToStall-- === 0 ? %d : 0);
  while (performance.now() < endMs);
  return promptProcess.call(this);
};
"""


@pytest.fixture
def patient_site(serve_site):
    """Serve the site with the long cushion and more code in engine.js; gives the address."""

    def be_patient(protocol):
        assert SHIPPED_CUSHION in protocol
        return protocol.replace(SHIPPED_CUSHION, PATIENT_CUSHION)

    def serve_(more_engine=b""):
        edited = {"/protocol.js": be_patient, "/engine.js": lambda engine: engine + more_engine}
        return serve_site(edited=edited)

    return serve_


def original(page, received):
    """What is heard of the input with the engine bypassed, or late."""
    return delayed(received, page.protocol("CUSHION") + LATENCY)


def delayed(samples, delay):
    return np.concatenate([np.zeros(delay, np.float32), samples])[: len(samples)]


def assert_enhanced_or_input(page, received, emitted):
    """Each sample is the package's; where the engine was late, the input or a fade between."""
    cushion = page.protocol("CUSHION")
    enhanced = enhanced_as_emitted(received, emitted, cushion, load_model("default"))
    dry = original(page, received)
    n_samples = min(len(enhanced), start_of_long_stall(emitted, dry))
    assert n_samples >= MIN_COMPARED
    emitted, enhanced, dry = emitted[:n_samples], enhanced[:n_samples], dry[:n_samples]
    assert (emitted >= np.minimum(enhanced, dry) - 1e-4).all()
    assert (emitted <= np.maximum(enhanced, dry) + 1e-4).all()
    late = np.abs(emitted - enhanced) > 1e-4
    assert late.mean() <= MAX_LATE_SHARE


def start_of_long_stall(emitted, dry):
    """Where more of the input begins than the engine catches up with; the end if nowhere."""
    n_samples = min(len(emitted), len(dry))
    in_time = np.flatnonzero((emitted[:n_samples] != dry[:n_samples]) | (dry[:n_samples] == 0))
    edges = np.concatenate([[-1], in_time, [n_samples]])
    long_gaps = np.flatnonzero(np.diff(edges) > LONG_STALL)
    return edges[long_gaps[0]] + 1 if len(long_gaps) else n_samples


@pytest.mark.parametrize("cushion", ["shipped", "patient"])
def test_the_page_emits_what_the_python_package_computes(
    open_page, site_url, patient_site, cushion
):
    page = open_page({"shipped": lambda: site_url, "patient": patient_site}[cushion]())
    for _ in range(MAX_TAKES):
        page.start_recorded()
        page.listen(seconds=6)
        page.stop()
        received, emitted = page.recording()
        if start_of_long_stall(emitted, original(page, received)) >= MIN_COMPARED:
            break

    assert np.abs(received).max() > 0.05, "the microphone is silent"
    assert_enhanced_or_input(page, received, emitted)
    assert np.abs(emitted - original(page, received)).max() > 1e-3


def test_original_is_the_input_and_only_late(open_page, patient_site):
    page = open_page(patient_site())
    page.start_recorded()
    page.listen(seconds=2)
    page.choose_original()
    page.listen(seconds=3)
    page.stop()
    received, emitted = page.recording()

    since_choice = slice(-3 * SAMPLE_RATE // 2, None)
    before_choice = slice(0, SAMPLE_RATE)
    difference = np.abs(emitted - original(page, received))
    assert difference[since_choice].max() == 0
    assert difference[before_choice].max() > 1e-3


def test_original_from_the_start(open_page, patient_site):
    page = open_page(patient_site())
    page.choose_original()
    page.start_recorded()
    page.listen(seconds=2)
    page.stop()
    received, emitted = page.recording()
    assert_array_equal(emitted, original(page, received))


def test_status_and_levels_are_live(open_page, site_url):
    page = open_page(site_url)
    page.start()
    page.listen(seconds=2)

    latency = page.protocol("CUSHION") + LATENCY
    assert page.status("latency") == f"{1000 * latency / SAMPLE_RATE:.0f} ms"
    median = float(page.status("hop-ms").removesuffix(" ms"))
    p99 = float(page.status("hop-ms-p99").removesuffix(" ms"))
    assert 0 < median <= p99
    for side in ("in", "out"):
        levels = set()
        for _ in range(8):
            levels.add(page.page.get_attribute(f"#level-{side}", "aria-valuenow"))
            page.listen(seconds=0.1)
        assert len(levels) > 1, f"the {side} level stands still at {levels}"

    page.stop()
    assert page.status("latency") == "–"


def test_start_and_stop_again(open_page, site_url):
    page = open_page(site_url)
    for _ in range(2):
        page.start_recorded()
        page.listen(seconds=1)
        page.stop()
        received, emitted = page.recording()
        assert len(received) == len(emitted) > SAMPLE_RATE / 2


def test_a_stall_is_told_and_the_delay_stays(open_page, patient_site):
    page = open_page(patient_site(STALLING_ENGINE % 650))
    page.start_recorded()
    page.listen(seconds=4)
    n_underruns, lost_ms = map(int, re.findall(r"\d+", page.status("underruns")))
    page.stop()
    assert n_underruns > 0
    assert lost_ms > 100
    assert_enhanced_or_input(page, *page.recording())


def test_after_a_long_stall_the_sound_is_in_its_place_again(open_page, patient_site):
    page = open_page(patient_site(STALLING_ENGINE % 1500))
    page.choose_original()
    page.start_recorded()
    page.listen(seconds=5)
    page.stop()
    received, emitted = page.recording()

    # Both the engine, here bypassed, and the audio thread without it give the input.
    assert_array_equal(emitted, original(page, received))
