"""The live page's controls, pictures, example and player."""

import json
import re

import numpy as np
import pytest
from demo_page import START_TIMEOUT_MS
from playwright.sync_api import expect

from conftest import ROOT
from percepnet import LATENCY, SAMPLE_RATE

# How far the noise falls may differ from one network to the next; this much every one does
MIN_REDUCTION_DB = 9
LIMIT_DB = 6

# Half a second ahead, so that the test machine's stalls are not heard
SHIPPED_CUSHION = b"CUSHION = 1664"
PATIENT_CUSHION = b"CUSHION = 24576"

# Appended to engine.js: at the hundredth hop Python raises an error
FAILING_ENGINE = b"""
const soundProcess = Engine.prototype.process;
let nHopsLeft = 100;
Engine.prototype.process = function () {
  if (nHopsLeft-- === 0) throw new Error('ValueError: something broke');
  return soundProcess.call(this);
};
"""


@pytest.fixture
def patient_url(serve_site):
    def be_patient(protocol):
        assert SHIPPED_CUSHION in protocol
        return protocol.replace(SHIPPED_CUSHION, PATIENT_CUSHION)

    return serve_site(edited={"/protocol.js": be_patient})


def level_db(samples):
    return 10 * np.log10(np.mean(samples**2))


def test_sliders_move_the_level_of_the_noise(open_page, patient_url, noise_chromium):
    page = open_page(patient_url, in_browser=noise_chromium)
    page.start_recorded()
    settings = [("limit", LIMIT_DB), ("limit", 41), ("strength", 0)]
    for name, value in settings:
        page.slide(name, value)
        page.listen(seconds=3)
    page.stop()
    received, emitted = page.recording()

    noise_db = level_db(received[SAMPLE_RATE:])
    # From the end, where the last slider's sound is certain to be
    thirds = [emitted[round(len(emitted) * k / 3) - SAMPLE_RATE :][:SAMPLE_RATE] for k in (1, 2, 3)]
    limited_db, unlimited_db, untouched_db = (noise_db - level_db(third) for third in thirds)
    assert limited_db == pytest.approx(LIMIT_DB, abs=1.5)
    assert unlimited_db > MIN_REDUCTION_DB
    assert untouched_db == pytest.approx(0, abs=0.5)


def test_the_pictures_show_the_noise_before_and_not_after(open_page, site_url, noise_chromium):
    page = open_page(site_url, in_browser=noise_chromium)
    page.start()
    page.listen(seconds=6)
    before, after = (np.mean(page.loudness_of(f".picture:nth-of-type({n}) canvas")) for n in (2, 3))
    assert before > 1.3 * after
    page.page.wait_for_selector('#voice:text("quiet")')
    page.stop()


def test_the_picture_stands_while_no_sound_comes(open_page, site_url):
    page = open_page(site_url)
    n_lit = page.page.evaluate(
        """async () => {
            const { Waterfall } = await import('./demo/live/waterfall.js');
            const waterfall = new Waterfall();
            const play = (seconds, levelDb, isFresh) => {
                for (const until = context.currentTime + seconds; context.currentTime < until; ) {
                    context.currentTime += 1 / 60;
                    const getFloatFrequencyData = (levels) => levels.fill(levelDb);
                    if (isFresh) waterfall.update([{ context, getFloatFrequencyData }]);
                    else waterfall.hold(context);
                }
            };
            const context = { currentTime: 0 };
            play(1, -30, true);
            play(4, -30, false);
            play(2, -30, true);
            const canvas = document.querySelector('#waterfall canvas');
            const row = canvas.getContext('2d').getImageData(0, 100, canvas.width, 1).data;
            return row.filter((value, i) => i % 4 === 1 && value > 60).length;
        }"""
    )
    assert n_lit == pytest.approx(3 * 60, abs=5)


def test_b_switches_to_the_original_and_back(open_page, site_url):
    page = open_page(site_url)

    def original():
        return page.page.is_checked("input[name=bypass][value=on]")

    page.page.keyboard.press("b")
    assert original()
    page.page.keyboard.press("b")
    assert not original()
    page.page.keyboard.down("b")
    assert original()
    page.listen(seconds=0.6)
    page.page.keyboard.up("b")
    assert not original(), "held down it is for a moment only"
    page.page.keyboard.press("Control+b")
    assert not original(), "that key is the browser's"


def test_the_example_plays_without_a_microphone(open_page, patient_url, chromium):
    page = open_page(patient_url, in_browser=chromium("--use-fake-ui-for-media-stream"))
    page.start_recorded("#example")
    assert page.page.is_checked("#monitor")
    page.listen(seconds=4)
    page.stop()
    assert not page.page.is_checked("#monitor"), "the next start may have a microphone"
    received, emitted = page.recording()
    assert np.abs(received).max() > 0.1
    latency = page.protocol("CUSHION") + LATENCY
    pause = np.arange(SAMPLE_RATE // 4, SAMPLE_RATE // 2)  # noise only, before the first word
    assert level_db(emitted[pause + latency]) < level_db(received[pause]) - MIN_REDUCTION_DB


def test_the_take_plays_and_switches_sides(open_page, site_url):
    page = open_page(site_url)
    page.start_recorded("#example")
    page.listen(seconds=3)
    page.stop()
    player = page.page.locator("#take-player")
    player.get_by_role("button", name="Play").click()
    page.page.wait_for_function(
        "document.querySelector('#take-player .seek').valueAsNumber > 0.3", timeout=10_000
    )
    page.page.keyboard.press("b")
    assert player.get_by_label("Before", exact=True).is_checked()
    assert page.page.is_checked("input[name=bypass][value=off]"), "the player has the key"
    player.get_by_role("button", name="Pause").click()
    before, after = (
        np.mean(page.loudness_of(f"#take-player .picture:nth-child({n}) canvas")) for n in (1, 2)
    )
    assert before > 1.1 * after > 0


def test_devices_are_named_once_the_microphone_is_allowed(open_page, site_url):
    page = open_page(site_url)
    page.start()
    page.page.wait_for_function("document.getElementById('microphone').options.length > 1")
    page.page.select_option("#microphone", index=1)
    page.page.select_option("#speaker", index=0)
    page.listen(seconds=1)
    assert page.problem == ""
    assert float(page.page.get_attribute("#level-in", "aria-valuenow")) > -60
    page.stop()


def test_less_motion_stands_still(open_page, site_url, noise_chromium):
    page = open_page(site_url, in_browser=noise_chromium)
    page.page.emulate_media(reduced_motion="reduce")
    page.start("#example")
    page.listen(seconds=2)
    columns = page.page.eval_on_selector(
        "#waterfall canvas",
        """(canvas) => {
            const { data } = canvas.getContext('2d').getImageData(0, 100, canvas.width, 1);
            return Array.from({ length: canvas.width }, (_, x) => data[4 * x + 1]);
        }""",
    )
    assert np.mean(columns[:60]) > 2 * np.mean(columns[-60:]), "it is written from the left"
    page.stop()


def test_an_engine_that_fails_is_replaced_in_words(open_page, serve_site):
    edited = {"/engine.js": lambda engine: engine + FAILING_ENGINE}
    page = open_page(serve_site(edited=edited))
    page.start("#example")
    page.page.wait_for_selector("#progress:text('a new one is starting')", timeout=20_000)
    assert page.problem == ""
    page.stop()
    assert page.page.inner_text("#progress") == "Asks for your microphone."


def test_a_recorder_that_cannot_be_made_ends_the_start(open_page, serve_site):
    broken = {
        "/demo/live/tap-processor.js": lambda tap: tap.replace(b"super();", b"super(); throw 0;")
    }
    page = open_page(serve_site(edited=broken))
    errors = []
    page.page.on("pageerror", lambda error: errors.append(error.message))
    page.start("#example")
    assert "The page's recorder could not be made" in page.problem
    assert page.page.inner_text("#start") == "Start"
    # The service worker, which tests block, may have left an error of its own.
    assert not [error for error in errors if "recorder" in error]


def test_the_kernel_is_named(open_page, site_url):
    page = open_page(site_url)
    page.start()
    page.page.wait_for_function(
        "/^[a-z0-9_-]{3,}/i.test(document.getElementById('kernel').textContent)"
    )
    page.stop()


def test_another_network_while_it_runs(open_page, serve_site):
    page = open_page(serve_site(edited={"/models/index.json": offer_more}))
    same = ROOT / "models/default.npz"
    page.page.route("**/models/other.npz", lambda route: route.fulfill(path=same))
    page.start("#example")
    page.page.select_option("#model-choice", "gone")
    page.page.wait_for_selector("#problem:not([hidden])")
    assert "models/gone.npz cannot be loaded (HTTP 404)" in page.problem
    assert page.page.input_value("#model-choice") == "default"
    page.page.select_option("#model-choice", "other")
    page.page.wait_for_selector("#model:text('other')")
    assert page.page.is_hidden("#problem")
    page.stop()


@pytest.mark.parametrize("stops_first", [False, True])
def test_a_refused_microphone_is_told_while_it_runs(open_page, site_url, stops_first):
    page = open_page(site_url)
    page.start()
    page.page.evaluate("""() => {
      navigator.mediaDevices.getUserMedia = () =>
        new Promise((_, reject) => {
          window.refuse = () => reject(new DOMException('', 'NotAllowedError'));
        });
      document.getElementById('microphone').dispatchEvent(new Event('change'));
    }""")
    if stops_first:
        page.stop()
    page.page.evaluate("refuse()")
    page.page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")
    if stops_first:
        assert page.page.is_hidden("#problem")
    else:
        assert "The microphone is blocked." in page.problem
        page.stop()


# Unplug the first microphone at the moment named, keep all contexts
UNPLUGGED = """(moment) => {
  window.contexts = [];
  window.AudioContext = class extends AudioContext {
    constructor(options) {
      super(options);
      contexts.push(this);
    }
  };
  const { mediaDevices } = navigator;
  const getMicrophone = mediaDevices.getUserMedia.bind(mediaDevices);
  let unplug = () => {};
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await getMicrophone(wanted);
    const [track] = stream.getTracks();
    mediaDevices.getUserMedia = getMicrophone;
    unplug = () => {
      track.stop();
      track.dispatchEvent(new Event('ended'));
      unplug = () => {};
    };
    if (moment === 'loading') setTimeout(unplug);
    return stream;
  };
  AudioContext.prototype.setSinkId = async () => unplug();
}"""


@pytest.mark.parametrize("moment", ["loading", "choosing the speaker"])
def test_a_microphone_unplugged_during_the_start_is_no_session(open_page, site_url, moment):
    page = open_page(site_url)
    errors = []
    page.page.on("pageerror", lambda error: errors.append(error.message))
    page.page.evaluate(UNPLUGGED, moment)
    page.start()
    assert "The microphone is gone." in page.problem
    assert page.page.inner_text("#start") == "Start"
    page.start("#example")  # while the session before may still be loading
    page.page.wait_for_function("contexts[0].state === 'closed'", timeout=START_TIMEOUT_MS)
    assert page.problem == ""
    progress = page.page.locator("#progress")
    expect(progress).to_have_text(re.compile("^You hear the example"), timeout=START_TIMEOUT_MS)
    page.stop()
    page.page.wait_for_function("contexts.every(({ state }) => state === 'closed')")
    # Of the service worker, which these tests block, Playwright gives no registration.
    assert [message for message in errors if "'waiting'" not in message] == []


def offer_more(index):
    """A list of models with one more that is there, and one that is not."""
    (model,) = json.loads(index)["models"][:1]
    models = [{**model, "name": name} for name in ("default", "other", "gone")]
    return json.dumps({"models": models}).encode()
