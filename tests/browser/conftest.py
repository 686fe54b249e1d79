"""The built site, a server for it, Chromium with a WAV file as microphone."""

import subprocess
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
from demo_page import DemoPage
from playwright.sync_api import sync_playwright
from site_server import serve

from percepnet import SAMPLE_RATE

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def pytest_addoption(parser):
    parser.addoption("--built", action="store_true", help="test dist/ as it is, built before")


def pytest_sessionstart(session):
    """Build once, before workers of pytest-xdist share the site."""
    if session.config.option.built or hasattr(session.config, "workerinput"):
        return
    build = subprocess.run([ROOT / "build_wasm.sh"], capture_output=True, text=True)
    if build.returncode:
        pytest.exit(build.stderr, returncode=pytest.ExitCode.TESTS_FAILED)


@pytest.fixture(scope="session")
def site():
    """The folder that build_wasm.sh makes."""
    return ROOT / "dist"


@pytest.fixture(scope="session")
def site_url(site):
    with serve(site) as url:
        yield url


@pytest.fixture
def serve_site(site):
    """Serve the site in a special way (see site_server.serve); gives the address."""
    with ExitStack() as servers:
        yield lambda **options: servers.enter_context(serve(site, **options))


@pytest.fixture(scope="session")
def microphone_wav(tmp_path_factory):
    """Six seconds of something like a voice in something like a fan."""
    rng = np.random.default_rng(2)
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    f0_hz = 140 + 30 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    formants_hz = np.array([600, 1200, 2500])[:, None]
    voice = sum(
        np.exp(-(((k * 140 - formants_hz) / 250) ** 2)).sum() * np.sin(k * phase)
        for k in range(1, 30)
    )
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time), 0, 1)
    noise = np.convolve(rng.standard_normal(len(time)), np.full(8, 1 / 8), "same")
    path = tmp_path_factory.mktemp("microphone") / "noisy.wav"
    soundfile.write(path, 0.05 * voice * syllables + 0.05 * noise, SAMPLE_RATE, "PCM_16")
    return path


@pytest.fixture(scope="session")
def chromium():
    """Launch Chromium with more flags; gives the browser."""
    with sync_playwright() as playwright, ExitStack() as browsers:

        def launch(*flags):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
            return browsers.enter_context(browser)

        yield launch


@pytest.fixture(scope="session")
def hearing_chromium(chromium, microphone_wav):
    """Chromium that hears the WAV file and never asks."""
    return chromium(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone_wav}",
    )


@pytest.fixture(scope="session")
def noise_chromium(chromium, tmp_path_factory):
    """Chromium that hears nothing but an even noise."""
    path = tmp_path_factory.mktemp("noise") / "noise.wav"
    noise = np.random.default_rng(3).standard_normal(10 * SAMPLE_RATE)
    soundfile.write(path, 0.03 * noise, SAMPLE_RATE, "PCM_16")
    return chromium(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )


@pytest.fixture
def open_page(hearing_chromium, tmp_path):
    """Open an address in a fresh profile, without its service worker; gives the DemoPage."""
    with ExitStack() as contexts:

        def open_(url, in_browser=hearing_chromium):
            context = contexts.enter_context(in_browser.new_context(service_workers="block"))
            page = context.new_page()
            page.goto(url)
            return DemoPage(page, tmp_path)

        yield open_
