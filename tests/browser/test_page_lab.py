"""The page that takes a mixture apart: its steps are the oracle's, each is heard and drawn."""

from contextlib import closing

import pytest
import soundfile
from numpy.testing import assert_allclose
from playwright.sync_api import expect
from test_page_access import DESKTOP, PHONE, faults, is_cut_off

from percepnet import SAMPLE_RATE, enhance, load_model
from percepnet.mixture import mix
from percepnet.oracle_stages import oracle_stages

SOUNDS = ("noisy", "magnitude", "gains", "comb", "postfilter", "network", "clean")
READY_TIMEOUT_MS = 120_000
SNR_DB = 3

# What goes to the loudspeaker can be looked at in `heard`
LISTEN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...places) {
  if (target === this.context.destination) {
    window.heard ??= new AnalyserNode(this.context, { fftSize: 8192 });
    connect.call(this, window.heard);
  }
  return connect.call(this, target, ...places);
};
"""
HEARD_PEAK = """() => {
  const samples = new Float32Array(window.heard.fftSize);
  window.heard.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}"""
BRIGHTNESS = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value) => sum + value) / data.length;
}"""


@pytest.fixture(scope="module")
def voice_wav(microphone_wav, tmp_path_factory):
    """Two seconds, in 32 bits: the page then has the very samples."""
    samples, _ = soundfile.read(microphone_wav, frames=2 * SAMPLE_RATE, dtype="float32")
    path = tmp_path_factory.mktemp("voice") / "my voice.wav"
    soundfile.write(path, samples, SAMPLE_RATE, "FLOAT")
    return path


@pytest.fixture(scope="module")
def lab(chromium, site_url, voice_wav):
    """The page with a recording of one's own in the rain."""
    with closing(chromium().new_context()) as context:
        page = context.new_page()
        page.add_init_script(LISTEN)
        page.goto(site_url + "lab.html")
        page.fill("#snr", str(SNR_DB))
        page.select_option("#noise", "rain")
        wait(page)
        page.set_input_files("#voice", voice_wav)
        page.wait_for_selector("#state:text('Computing')")
        wait(page)
        yield page


def wait(page):
    page.wait_for_selector("#state:text('Ready')", timeout=READY_TIMEOUT_MS)


@pytest.fixture(scope="module")
def sounds(lab, tmp_path_factory):
    """What can be downloaded, by name, float32 (n,)."""
    folder = tmp_path_factory.mktemp("sounds")
    return {name: download(lab, name, folder) for name in SOUNDS}


def download(page, name, folder):
    page.check(f"input[name=sound][value={name}]", force=True)
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == f"{name}.wav"
    download.value.save_as(folder / f"{name}.wav")
    return soundfile.read(folder / f"{name}.wav", dtype="float32")[0]


def test_every_step_is_what_percepnet_oracle_computes(sounds, voice_wav):
    clean, _ = soundfile.read(voice_wav, dtype="float32")
    noisy, clean, _ = mix(clean, sounds["noisy"] - sounds["clean"], SNR_DB)
    expected = vars(oracle_stages(noisy, clean))
    expected |= {"network": enhance(noisy, load_model("default")), "clean": clean}
    assert expected.keys() == set(SOUNDS)
    for name in SOUNDS:
        assert_allclose(sounds[name], expected[name], atol=1e-4, err_msg=name)


def test_every_step_is_heard_and_drawn(lab):
    lab.get_by_role("button", name="Play", exact=True).click()
    for digit, name in enumerate(SOUNDS, start=1):
        lab.evaluate("document.activeElement.blur()")
        lab.keyboard.press(str(digit))
        assert lab.is_checked(f"input[name=sound][value={name}]")
        lab.wait_for_function(f"({HEARD_PEAK})() > 0.02", timeout=10_000)
        assert lab.get_attribute(f"[data-sound={name}]", "data-heard") is not None
    lab.fill("#seek", lab.get_attribute("#seek", "max"))
    lab.wait_for_function("document.getElementById('seek').valueAsNumber < 100")  # and again
    lab.get_by_role("button", name="Pause").click()
    brightness = {
        name: lab.eval_on_selector(f"[data-picture={name}] canvas", BRIGHTNESS)
        for name in (*SOUNDS, "frames", "pitch")
    }
    assert min(brightness.values()) > 5
    assert brightness["noisy"] > 1.02 * brightness["comb"]


def test_the_keyboard_moves_one_place_in_all_pictures(lab):
    lab.fill("#seek", "80")
    lab.focus("#seek")
    before = lab.inner_text("#comb-words")
    for _ in range(40):
        lab.keyboard.press("ArrowRight")
    assert lab.input_value("#seek") == "120"
    assert lab.inner_text("#comb-words") != before
    lines = lab.locator("[data-picture] i")
    assert lines.count() == len(SOUNDS) + 2
    for line in lines.all():
        line.scroll_into_view_if_needed()
        expect(line).to_have_attribute("style", "transform: translateX(60cqw);")


def test_what_is_no_sound_is_told_and_the_pictures_stay(lab, tmp_path):
    words = tmp_path / "words.wav"
    words.write_text("These are words.")
    lab.set_input_files("#voice", words)
    lab.wait_for_selector("#problem:not([hidden])")
    assert "finds no sound in this file" in lab.inner_text("#problem")
    lab.get_by_role("button", name="The example").click()
    wait(lab)
    assert not lab.is_visible("#problem")
    assert lab.inner_text("#voice-name") == "the example"


def test_axe_finds_no_serious_fault(lab):
    for size in (DESKTOP, PHONE):
        lab.set_viewport_size(size)
        assert not is_cut_off(lab)
        for scheme in ("light", "dark"):
            lab.emulate_media(color_scheme=scheme)
            assert faults(lab) == []
