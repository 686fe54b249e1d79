"""Another tab at the front: the sound of this one goes on."""

import base64

import numpy as np
import pytest
from engine_page import HARNESS, dry
from unattended_chromium import unattended

from conftest import CHROMIUM, FLAGS
from percepnet import SAMPLE_RATE

pytestmark = pytest.mark.alone

LISTEN = """
    const end = h.context.currentTime + 2.5;
    while (h.context.currentTime < end) await new Promise((resolve) => setTimeout(resolve, 20));
"""


@pytest.mark.parametrize("pipeline", ["shared", "message"])
def test_a_hidden_tab_is_enhanced_on(site_url, tmp_path, pipeline):
    with unattended(CHROMIUM, FLAGS, tmp_path) as open_page:
        page = open_page()
        page.goto(f"{site_url}models/")
        page.run(HARNESS)
        page.run(f"window.h = await Harness.open({{ pipeline: '{pipeline}' }});")
        page.run(LISTEN)
        open_page()
        assert page.run("return document.visibilityState;") == "hidden"
        hidden_from = page.run("return h.sides[0].length * 128;")
        page.run(LISTEN)
        received, emitted = (
            np.frombuffer(base64.b64decode(side), np.float32)
            for side in page.run("return h.recording();")
        )
        expected = dry(received, page.run("return h.denoiser.stats;"))
        reasons = page.run(
            "return h.events.filter((e) => e.type === 'degraded').map((e) => e.detail.reason);"
        )
        n_workers = page.run("return workers.length;")
    settled = slice(hidden_from + SAMPLE_RATE, None)
    assert len(emitted[settled]) > SAMPLE_RATE
    assert (emitted != expected)[settled].any()  # the rest late, on a busy machine
    assert set(reasons) <= {"late"}
    assert n_workers == 1
