"""The engine in the audio thread: rendered faster than time, every sample as the package has it."""

import base64

import numpy as np
import pytest
from engine_page import FAILING_ENGINE, EnginePage, dry
from numpy.testing import assert_array_equal

from percepnet import HOP_LENGTH, LATENCY, SAMPLE_RATE, Enhancer, load_model

RENDER = """
    const { Denoiser } = await import('/percepnet.js');
    const render = async (sampleRate, options, awaited) => {
        const audioContext = new OfflineAudioContext(1, 2 * sampleRate, sampleRate);
        const denoiser = await Denoiser.create({ audioContext, ...options });
        const told = new Promise((resolve) => denoiser.addEventListener(awaited, resolve));
        const source = createSource(audioContext);
        source.connect(denoiser.node).connect(audioContext.destination);
        source.start();
        const rendered = await audioContext.startRendering();
        const message = awaited && (await told).message;
        const { pipeline, latencySamples } = denoiser.stats;
        await denoiser.close();
        const samples = base64(rendered.getChannelData(0));
        return { samples, pipeline, latencySamples, message };
    };
"""
SOURCE = """
    const context = new OfflineAudioContext(1, 2 * 48000, 48000);
    const source = createSource(context);
    source.connect(context.destination);
    source.start();
    return base64((await context.startRendering()).getChannelData(0));
"""


@pytest.fixture(scope="module")
def engine_page(chromium, site_url):
    context = chromium().new_context()
    yield EnginePage(context.new_page(), site_url)
    context.close()


@pytest.fixture(scope="module")
def source(engine_page):
    return samples_of(engine_page.run(SOURCE))


def samples_of(text):
    return np.frombuffer(base64.b64decode(text), np.float32)


def test_offline_it_renders_what_the_package_computes(engine_page, source):
    renderings = engine_page.run(f"{RENDER} return [await render(48000), await render(48000)];")
    first, second = (samples_of(rendering["samples"]) for rendering in renderings)
    assert_array_equal(first, second)
    assert renderings[0]["pipeline"] == "inline"

    n_late = renderings[0]["latencySamples"] - LATENCY
    enhancer = Enhancer(load_model("default"))
    hops = source.reshape(-1, HOP_LENGTH)
    enhanced = np.concatenate([enhancer.process(hop) for hop in hops])
    assert n_late < 0.013 * SAMPLE_RATE
    assert np.abs(first[n_late:] - enhanced[: len(first) - n_late]).max() < 1e-4
    assert np.abs(first).max() > 0.01


STEREO = """
    const { Denoiser } = await import('/percepnet.js');
    const audioContext = new OfflineAudioContext(2, 48000, 48000);
    const denoiser = await Denoiser.create({ audioContext, channelCount: 2 });
    const left = createSource(audioContext).buffer.getChannelData(0);
    const buffer = new AudioBuffer({ numberOfChannels: 2, length: 48000, sampleRate: 48000 });
    buffer.copyToChannel(left, 0);
    buffer.copyToChannel(left.map((sample, i) => 0.5 * left[(i + 7) % 48000]), 1);
    const source = new AudioBufferSourceNode(audioContext, { buffer });
    source.connect(denoiser.node).connect(audioContext.destination);
    source.start();
    const rendered = await audioContext.startRendering();
    await denoiser.close();
    return [0, 1].map((n) => base64(rendered.getChannelData(n)));
"""


def test_stereo_stays_stereo_with_the_package_s_linked_gains(engine_page, source):
    rendered = np.stack([samples_of(text) for text in engine_page.run(STEREO)])
    left = source[:SAMPLE_RATE]
    stereo = np.stack([left, 0.5 * np.roll(left, -7)])
    enhancer = Enhancer(load_model("default"), n_channels=2)
    hops = stereo.reshape(2, -1, HOP_LENGTH).swapaxes(0, 1)
    enhanced = np.concatenate([enhancer.process(hop) for hop in hops], axis=-1)
    n_late = HOP_LENGTH + 128  # a hop to collect, a quantum to look ahead
    assert np.abs(rendered[:, n_late:] - enhanced[:, :-n_late]).max() < 1e-4
    assert np.abs(rendered).max(axis=-1).min() > 0.01


def test_when_its_engine_fails_the_input_is_heard_from_there_on(chromium, serve_site, source):
    url = serve_site(edited={"/engine.js": lambda engine: engine + FAILING_ENGINE})
    context = chromium().new_context()
    page = EnginePage(context.new_page(), url)
    rendering = page.run(f"{RENDER} return await render(48000, {{}}, 'error');")
    context.close()
    rendered = samples_of(rendering["samples"])
    assert rendering["message"] == "ValueError: something broke"
    expected = dry(source, rendering)
    since = int(1.2 * SAMPLE_RATE)
    assert_array_equal(rendered[since:], expected[since:])
    assert (rendered != expected)[:since].mean() > 0.5
