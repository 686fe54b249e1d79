"""It keeps talking: what is heard and told when the engine dies, breaks or is late."""

import numpy as np
import pytest
from engine_page import FAILING_ENGINE, EnginePage, dry
from numpy.testing import assert_array_equal
from takes import enhanced_as_emitted

from percepnet import SAMPLE_RATE, load_model

pytestmark = pytest.mark.alone

PIPELINES = ["shared", "message"]
CUSHION = 1664  # of protocol.js


@pytest.fixture
def engine_page(chromium, site_url):
    context = chromium().new_context()
    yield EnginePage(context.new_page(), site_url)
    context.close()


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_killed_worker_leaves_the_input_until_a_new_one_works(engine_page, pipeline):
    page = engine_page.open(pipeline=pipeline)
    page.listen(seconds=1)
    page.run("workers.at(-1).terminate();")
    page.wait_for_degraded("stopped")
    told = page.run("return h.sides[0].length * 128;")
    page.wait_for_new_engine()
    assert page.run("return workers.length;") == 2
    page.listen(seconds=1)
    received, emitted = page.recording()
    stats = page.stats
    page.close()

    # Up to the new engine: what the package computes, or the input, or a fade; never a hole.
    before = slice(0, told)
    enhanced = enhanced_as_emitted(received, emitted[before], CUSHION, load_model("default"))
    late = dry(received, stats)
    assert (emitted[before] >= np.minimum(enhanced, late[before]) - 1e-4).all()
    assert (emitted[before] <= np.maximum(enhanced, late[before]) + 1e-4).all()
    assert_array_equal(emitted[told - SAMPLE_RATE : told], late[told - SAMPLE_RATE : told])
    assert (emitted != late)[:SAMPLE_RATE].any()
    assert (emitted != late)[-SAMPLE_RATE // 4 :].mean() > 0.5
    assert stats["pipeline"] == pipeline


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_bypassed_not_a_sample_is_lost_or_moved_whatever_dies(engine_page, pipeline):
    page = engine_page.open(pipeline=pipeline, bypass=True)
    page.listen(seconds=1)
    page.run("workers.at(-1).terminate()")
    page.wait_for_new_engine()
    page.listen(seconds=0.5)
    received, emitted = page.recording()
    np.testing.assert_array_equal(emitted, dry(received, page.stats))
    assert len(page.events("error")) == 0


def test_a_failing_engine_is_replaced_three_times(chromium, serve_site):
    url = serve_site(edited={"/engine.js": lambda engine: engine + FAILING_ENGINE})
    context = chromium().new_context()
    page = EnginePage(context.new_page(), url).open()
    error = page.wait_for("error")
    page.listen(seconds=0.5)
    received, emitted = page.recording()
    failures = [e["detail"] for e in page.events("degraded") if e["detail"]["reason"] == "failed"]
    n_workers = page.run("return workers.length;")
    expected = dry(received, page.stats)
    context.close()

    assert error["message"] == "ValueError: something broke"
    assert [failure["message"] for failure in failures] == ["ValueError: something broke"] * 4
    assert n_workers == 4
    assert_array_equal(emitted[-SAMPLE_RATE // 4 :], expected[-SAMPLE_RATE // 4 :])


def test_two_denoisers_at_once_and_one_dies(engine_page):
    page = engine_page.open()
    page.run("window.first = h;")
    page.open()
    page.run("workers[0].terminate();")
    page.listen(seconds=2)
    received, emitted = page.recording()
    expected = dry(received, page.stats)
    assert (emitted != expected)[-SAMPLE_RATE:].mean() > 0.5
    reasons = [event["detail"]["reason"] for event in page.events("degraded")]
    assert set(reasons) <= {"late"}
    page.run("await first.close()")
    page.close()
