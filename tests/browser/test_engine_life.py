"""Suspended, silent, fed with nonsense; what it tells; a track: the engine over an app's life."""

import os

import hour
import numpy as np
import pytest
from engine_page import EnginePage, dry
from numpy.testing import assert_array_equal

from percepnet import SAMPLE_RATE

pytestmark = pytest.mark.alone

PIPELINES = ["shared", "message"]


@pytest.fixture
def engine_page(chromium, site_url):
    context = chromium().new_context()
    yield EnginePage(context.new_page(), site_url)
    context.close()


def latency(page):
    return page.stats["latencySamples"]


def test_memory_does_not_grow_with_the_sound(chromium, site_url):
    page = chromium().new_page(service_workers="block")
    page.goto(site_url)
    hour.begin(page)
    before = hour.memory(page)
    page.evaluate("hour.run(3000)")
    after = hour.memory(page)
    page.close()
    assert after["js"] < before.pop("js") + 500_000
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_suspended_and_resumed_nothing_is_lost(engine_page, pipeline):
    page = engine_page.open(pipeline=pipeline, bypass=True)
    page.listen(seconds=0.5)
    page.run("await h.context.suspend();")
    page.page.wait_for_timeout(3000)  # longer than the patience with an engine that plays
    page.run("await h.context.resume();")
    page.listen(seconds=0.5)
    received, emitted = page.recording()
    n = latency(page)
    assert_array_equal(emitted[n:], received[: len(emitted) - n])
    assert {e["detail"]["reason"] for e in page.events("degraded")} <= {"late"}
    assert page.run("return workers.length;") == 1
    page.close()


OUTPUT_DEVICES = """
    await navigator.mediaDevices.getUserMedia({ audio: true });
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === 'audiooutput').map(({ deviceId }) => deviceId);
"""


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_another_output_device_goes_on_with_the_sound(hearing_chromium, site_url, pipeline):
    context = hearing_chromium.new_context()
    page = EnginePage(context.new_page(), site_url)
    devices = page.run(OUTPUT_DEVICES)
    assert len(devices) > 1
    page.open(pipeline=pipeline, bypass=True)
    for device in devices:
        page.run(f"await h.context.setSinkId('{device}');")
        page.listen(seconds=0.5)
    received, emitted = page.recording()
    n = latency(page)
    assert_array_equal(emitted[n:], received[: len(emitted) - n])
    page.run("h.denoiser.bypass = false;")
    page.listen(seconds=1)
    received, emitted = page.recording()
    last = slice(-SAMPLE_RATE // 4, None)
    assert not np.allclose(emitted[last], dry(received, page.stats)[last], atol=1e-3)
    assert {e["detail"]["reason"] for e in page.events("degraded")} <= {"late"}
    assert page.run("return workers.length;") == 1
    context.close()


@pytest.mark.parametrize(("pipeline", "sample_rate"), [("shared", 44_100), ("message", 16_000)])
def test_at_other_rates_the_signal_is_in_its_place(engine_page, pipeline, sample_rate):
    page = engine_page.open(pipeline=pipeline, sampleRate=sample_rate, bypass=True)
    page.listen(seconds=1.5)
    received, emitted = page.recording()
    stats = page.stats
    page.close()
    n = stats["latencySamples"]
    assert stats["latencyMs"] == pytest.approx(1000 * n / sample_rate)
    late = received[: len(emitted) - n]
    error = emitted[n:] - late
    # Of the noise in the source, what is close to the Nyquist frequency is lost.
    assert np.mean(error**2) < 0.1 * np.mean(late**2)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_nonsense_from_upstream_does_not_stay(engine_page, pipeline):
    page = engine_page.open(pipeline=pipeline)
    page.listen(seconds=0.5)
    page.run("h.gate.gain.setValueAtTime(3e38, h.context.currentTime + 0.1)")
    page.listen(seconds=0.4)
    page.run("h.gate.gain.setValueAtTime(1, h.context.currentTime)")
    page.listen(seconds=1)
    _, emitted = page.recording()
    assert page.stats["invalidSamples"] > SAMPLE_RATE / 10
    assert np.isfinite(emitted).all()
    assert np.abs(emitted).max() < 2
    assert np.abs(emitted[-SAMPLE_RATE // 2 :]).max() > 1e-3
    page.close()


def test_a_muted_source_is_silence_and_no_fault(engine_page):
    page = engine_page.open()
    page.listen(seconds=0.5)
    page.run("h.source.stop();")
    page.listen(seconds=2)
    _, emitted = page.recording()
    assert np.abs(emitted[-SAMPLE_RATE:]).max() < 1e-4
    assert {e["detail"]["reason"] for e in page.events("degraded")} <= {"late"}
    page.close()


def test_events_and_stats(engine_page):
    page = engine_page.open()
    page.listen(seconds=3)
    stats = page.events("stats")
    assert len(stats) >= 2
    assert set(stats[-1]["detail"]) == {
        "latencySamples", "latencyMs", "hopMsP50", "hopMsP99", "underruns", "droppedMs",
        "invalidSamples", "voiceProbability", "snrDb", "model", "pipeline", "kernel",
    }  # fmt: skip
    assert stats[-1]["detail"]["pipeline"] == "shared"
    assert stats[-1]["detail"]["kernel"] in ("relaxed-simd", "simd128")
    assert 0 < stats[-1]["detail"]["hopMsP50"] <= stats[-1]["detail"]["hopMsP99"]
    voices = [event["detail"] for event in page.events("voice")]
    assert 1 < len(voices) <= 40
    assert all(0 <= voice <= 1 for voice in voices)
    page.close()
    n_events = page.run("return h.events.length;")
    page.page.wait_for_timeout(1500)
    assert page.run("return h.events.length;") == n_events


OPEN_AND_CLOSE = """
    const { Denoiser } = await import('/percepnet.js');
    const denoiser = await Denoiser.create();
    await denoiser.close();
    workers.length = 0;
"""


def test_opened_and_closed_again_and_again_nothing_is_left(engine_page):
    """PERCEPNET_CYCLES says how often."""
    browser = engine_page.page.context.new_cdp_session(engine_page.page)
    used = []
    for _ in range(int(os.environ.get("PERCEPNET_CYCLES", "3"))):
        engine_page.run(OPEN_AND_CLOSE)
        browser.send("HeapProfiler.collectGarbage")
        usage = browser.send("Runtime.getHeapUsage")
        used.append(usage["usedSize"] + usage["backingStorageSize"])
    engine_page.page.wait_for_timeout(500)
    assert len(engine_page.page.workers) == 0
    assert used[-1] - used[0] < 1_000_000, f"bytes after each time: {used}"


TRACK = """
    const { Denoiser } = await import('/percepnet.js');
    const getMicrophone = async () =>
        (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks()[0];
    const unplugged = await getMicrophone();
    const denoiser = await Denoiser.create();
    const clean = await denoiser.processTrack(unplugged);
    unplugged.stop();
    await new Promise((r) => setTimeout(r, 200));
    const microphone = await getMicrophone();
    const again = await denoiser.processTrack(microphone);
    const context = new AudioContext({ sampleRate: 48000 });
    const meter = new AnalyserNode(context, { fftSize: 32768 });
    const mediaStream = new MediaStream([clean]);
    const source = new MediaStreamAudioSourceNode(context, { mediaStream });
    source.connect(meter).connect(context.destination);
    const reasons = [];
    denoiser.addEventListener('degraded', ({ detail }) => reasons.push(detail.reason));
    const samples = new Float32Array(meter.fftSize);
    const becomes = async (isMet) => {
        for (let i = 0; i < 100; i++) {
            meter.getFloatTimeDomainData(samples);
            if (isMet(Math.hypot(...samples))) return true;
            await new Promise((r) => setTimeout(r, 100));
        }
        return false;
    };
    const isHeard = await becomes((level) => level > 0.1);
    microphone.enabled = false;
    const isMuted = await becomes((level) => level < 1e-3);
    microphone.enabled = true;
    const isHeardAgain = await becomes((level) => level > 0.1);
    const before = clean.readyState;
    await denoiser.close();
    return {
        isHeard, isMuted, isHeardAgain, reasons, isSame: clean === again, kind: clean.kind,
        before, after: clean.readyState, microphone: microphone.readyState,
    };
"""


def test_a_track_for_webrtc_is_muted_as_its_microphone_and_outlives_it(hearing_chromium, site_url):
    context = hearing_chromium.new_context()
    result = EnginePage(context.new_page(), site_url).run(TRACK)
    context.close()
    assert set(result.pop("reasons")) <= {"late"}
    assert result == {
        "isHeard": True, "isMuted": True, "isHeardAgain": True,
        "isSame": True, "kind": "audio", "before": "live", "after": "ended", "microphone": "live",
    }  # fmt: skip
