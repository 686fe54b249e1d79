"""The page for files: what goes in, what comes out, and what it says meanwhile."""

import base64

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from percepnet import SAMPLE_RATE, enhance, load_model

DONE_TIMEOUT_MS = 120_000
ENDED = ".file:last-child .downloads:not([hidden]), .file:last-child .problem:not([hidden])"


class FilesPage:
    def __init__(self, page, downloads):
        self.page = page
        self._downloads = downloads

    def choose(self, *paths):
        self.page.set_input_files("#chooser", paths)

    def drop(self, path):
        """As from the desktop, beside the field."""
        content = base64.b64encode(path.read_bytes()).decode()
        self.page.evaluate(
            """async ([content, name]) => {
                const response = await fetch(`data:;base64,${content}`);
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([await response.blob()], name));
                const options = { dataTransfer, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new DragEvent('drop', options));
            }""",
            [content, path.name],
        )

    def wait(self):
        """Until the last file is done or has failed."""
        self.page.wait_for_selector(ENDED, timeout=DONE_TIMEOUT_MS)

    def wait_to_hear(self):
        """Until a player has moved on."""
        self.page.wait_for_function(
            "[...document.querySelectorAll('.seek')].some((seek) => seek.valueAsNumber > 0.3)",
            timeout=10_000,
        )

    def card(self, n):
        return self.page.locator(".file").nth(n)

    def download(self, n):
        """The file's result, float (n,) or (n, n_channels), and its rate."""
        with self.page.expect_download() as download:
            self.card(n).locator(".downloads a").click()
        path = self._downloads / download.value.suggested_filename
        download.value.save_as(path)
        return soundfile.read(path, dtype="float32")


@pytest.fixture
def files_page(open_page, site_url, tmp_path):
    return FilesPage(open_page(site_url + "file.html").page, tmp_path)


@pytest.fixture(scope="module")
def noisy(microphone_wav):
    """Two seconds, two channels that differ."""
    left, _ = soundfile.read(microphone_wav, frames=2 * SAMPLE_RATE, dtype="float32")
    return np.stack([left, 0.5 * left[::-1]], axis=1)


def write(path, samples, rate=SAMPLE_RATE):
    soundfile.write(path, samples, rate, "FLOAT")
    return path


def test_the_file_is_what_the_python_package_computes(files_page, noisy, tmp_path):
    files_page.choose(write(tmp_path / "noisy.wav", noisy))
    files_page.wait()
    enhanced, rate = files_page.download(0)
    assert rate == SAMPLE_RATE
    expected = enhance(noisy.T, load_model("default"), SAMPLE_RATE).T
    assert_allclose(enhanced, expected, atol=1e-4)


def test_a_stereo_file_of_another_rate_is_dropped(files_page, noisy, tmp_path):
    files_page.drop(write(tmp_path / "cd.wav", noisy, 44_100))
    files_page.wait()
    assert "stereo" in files_page.card(0).inner_text()
    files_page.card(0).get_by_role("button", name="Play").click()
    files_page.wait_to_hear()
    enhanced, rate = files_page.download(0)
    assert rate == SAMPLE_RATE
    assert enhanced.shape[1] == 2
    assert abs(len(enhanced) / rate - len(noisy) / 44_100) < 1e-3
    assert 0.01 < np.abs(enhanced).max() < 1


def test_settings_hold(files_page, noisy, tmp_path):
    files_page.page.fill("#strength", "50")
    files_page.page.fill("#limit", "12")
    files_page.choose(write(tmp_path / "half.wav", noisy[:, 0]))
    files_page.wait()
    half, _ = files_page.download(0)
    settings = {"strength": 0.5, "attenuation_limit_db": 12}
    expected = enhance(noisy[:, 0], load_model("default"), SAMPLE_RATE, **settings)
    assert_allclose(half, expected, atol=1e-4)


def test_one_of_several_is_cancelled_and_others_are_no_sound(files_page, noisy, tmp_path):
    long = write(tmp_path / "long.wav", np.tile(noisy[:, 0], 60))
    words = tmp_path / "words.mp3"
    words.write_text("These are words.")
    empty = tmp_path / "empty.wav"
    empty.touch()
    damaged = noisy.copy()
    damaged[50_000, 1] = np.nan
    damaged = write(tmp_path / "damaged.wav", damaged)
    short = write(tmp_path / "short.wav", noisy[:, 0])
    files_page.choose(long, words, empty, damaged, short)

    cancelled = files_page.card(0)
    files_page.page.wait_for_selector(".file progress[value]", timeout=DONE_TIMEOUT_MS)
    assert "left" in cancelled.locator(".state").inner_text()
    cancelled.get_by_role("button", name="Cancel").click()
    assert "Cancelled" in cancelled.inner_text()
    files_page.wait()
    assert "finds no sound in this file" in files_page.card(1).locator(".problem").inner_text()
    assert "empty" in files_page.card(2).locator(".problem").inner_text()
    assert "Sample 50000 is NaN" in files_page.card(3).locator(".problem").inner_text()
    assert not files_page.card(3).locator(".result").is_visible()
    assert not cancelled.locator(".downloads").is_visible()
    enhanced, _ = files_page.download(4)
    assert len(enhanced) == len(noisy)
    assert np.isfinite(enhanced).all()


def test_results_are_on_disk_for_the_visit_or_in_memory_where_none_can_be(files_page):
    page = files_page.page
    page.evaluate(
        """async () => {
            const root = await navigator.storage.getDirectory();
            await root.getDirectoryHandle('percepnet-visit-before', { create: true });
        }"""
    )
    page.click("#try-example")
    files_page.wait()
    on_disk, _ = files_page.download(0)
    visits = page.evaluate(
        """async () => {
            const root = await navigator.storage.getDirectory();
            const folders = await Array.fromAsync(root.values());
            return Promise.all(folders.map((folder) => Array.fromAsync(folder.keys())));
        }"""
    )
    assert [len(files) for files in visits] == [2], "the visit before has left its folder"

    page.reload()
    page.evaluate(
        "() => { StorageManager.prototype.getDirectory = async () => { throw new Error('no'); } }"
    )
    page.click("#try-example")
    files_page.wait()
    in_memory, _ = files_page.download(0)
    assert_array_equal(in_memory, on_disk)


def test_what_would_fill_the_memory_is_refused(files_page, tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, np.zeros(61 * 60 * 8000, np.int16), 8000)
    files_page.choose(path)
    files_page.wait()
    assert "lasts 61 minutes" in files_page.card(0).locator(".problem").inner_text()


def test_before_and_after_are_played_in_step(files_page):
    files_page.page.click("#try-example")
    files_page.wait()
    card = files_page.card(0)
    card.get_by_role("button", name="Play").click()
    files_page.wait_to_hear()
    files_page.page.keyboard.press("b")
    assert card.get_by_label("Before", exact=True).is_checked()
    card.get_by_role("button", name="Pause").click()
    colours = [
        card.locator("canvas")
        .nth(side)
        .evaluate(
            """(canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 128);
                return data.reduce((sum, value) => sum + value) / data.length;
            }"""
        )
        for side in (0, 1)
    ]
    assert colours[0] > 1.1 * colours[1], "the picture before is no noisier than after"


def test_a_missing_engine_is_told(open_page, serve_site, noisy, tmp_path):
    missing = {"/models/default.npz"}
    page = FilesPage(open_page(serve_site(missing=missing) + "file.html").page, tmp_path)
    path = write(tmp_path / "noisy.wav", noisy[:, 0])
    page.choose(path)
    page.wait()
    assert "models/default.npz cannot be loaded (HTTP 404)" in page.card(0).inner_text()
    missing.clear()
    page.choose(path)
    page.wait()
    assert page.card(1).locator(".downloads").is_visible(), "the next file gets a new engine"
