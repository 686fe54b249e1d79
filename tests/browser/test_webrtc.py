"""A call in one page: what the far end hears, and what WebRTC says about it."""

import pytest
from demo_page import START_TIMEOUT_MS

MIN_REDUCTION_DB = 9  # every network reaches it


def far_level(page):
    """Mean power at the far end over a second, dB."""
    return page.evaluate(
        """async () => {
            const meter = document.getElementById('level-out');
            let sum = 0;
            for (let i = 0; i < 10; i++) {
                await new Promise((r) => setTimeout(r, 100));
                sum += Number(meter.ariaValueNow);
            }
            return sum / 10;
        }"""
    )


def test_noise_at_the_far_end_falls(open_page, site_url, noise_chromium):
    demo = open_page(site_url + "webrtc.html", in_browser=noise_chromium)
    page = demo.page
    demo.choose_original()
    demo.start()
    assert demo.problem == ""
    page.wait_for_function("Number(document.getElementById('level-out').ariaValueNow) > -50")
    original_db = far_level(page)
    page.get_by_text("Denoised", exact=True).click()
    demo.listen(seconds=3)
    denoised_db = far_level(page)
    demo.slide("strength", 0)
    demo.listen(seconds=2)
    untouched_db = far_level(page)

    assert original_db - denoised_db > MIN_REDUCTION_DB
    assert untouched_db == pytest.approx(original_db, abs=2)
    page.wait_for_function("/kbit/.test(document.getElementById('rate').textContent)")
    assert demo.status("codec") == "opus"
    assert int(demo.status("lost").split(" of ")[1]) > 100
    demo.stop()
    assert demo.status("codec") == "–"


def test_the_example_is_sent(open_page, site_url, chromium):
    demo = open_page(site_url + "webrtc.html", in_browser=chromium())
    demo.start("#example")
    assert demo.problem == ""
    demo.page.wait_for_function(
        "Number(document.getElementById('level-out').ariaValueNow) > -50", timeout=START_TIMEOUT_MS
    )
    demo.stop()
