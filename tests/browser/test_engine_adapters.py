"""LiveKit's and Jitsi's ways of using the engine, and a page that shows each."""

import pytest
from engine_page import START_TIMEOUT_MS, EnginePage

LEVEL_OF = """
    const levelOf = async (track) => {
        const context = new AudioContext();
        const meter = new AnalyserNode(context, { fftSize: 32768 });
        const source = new MediaStreamAudioSourceNode(context, {
            mediaStream: new MediaStream([track]),
        });
        source.connect(meter).connect(context.destination);
        const samples = new Float32Array(meter.fftSize);
        for (let i = 0; i < 50 && !(Math.hypot(...samples) > 0.1); i++) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            meter.getFloatTimeDomainData(samples);
        }
        await context.close();
        return Math.hypot(...samples);
    };
"""

MICROPHONE = """
    const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks();
"""

LIVEKIT = """
    const { PercepNetProcessor } = await import('/adapters/livekit.js');
    const processor = new PercepNetProcessor({ strength: 0.75 });
    await processor.init({ track });
    const clean = processor.processedTrack;
    const level = await levelOf(clean);
    await processor.restart({ track: track.clone() });
    const isSame = processor.processedTrack === clean;
    const { strength } = processor.denoiser;
    await processor.destroy();
    return { level, isSame, strength, after: clean.readyState, track: track.readyState };
"""

JITSI = """
    const { PercepNetEffect } = await import('/adapters/jitsi.js');
    const effect = await PercepNetEffect.create({ strength: 0.75 });
    const isEnabled = effect.isEnabled({ isAudioTrack: () => true });
    const clean = effect.startEffect(new MediaStream([track])).getAudioTracks()[0];
    const level = await levelOf(clean);
    effect.stopEffect();
    const { strength } = effect.denoiser;
    await effect.close();
    return { level, isEnabled, strength, after: clean.readyState, track: track.readyState };
"""


def run(chromium, site_url, script):
    context = chromium.new_context()
    result = EnginePage(context.new_page(), site_url).run(LEVEL_OF + MICROPHONE + script)
    context.close()
    assert result.pop("level") > 0.1
    return result


def test_livekit(hearing_chromium, site_url):
    assert run(hearing_chromium, site_url, LIVEKIT) == {
        "isSame": True, "strength": 0.75, "after": "ended", "track": "live",
    }  # fmt: skip


def test_jitsi(hearing_chromium, site_url):
    assert run(hearing_chromium, site_url, JITSI) == {
        "isEnabled": True, "strength": 0.75, "after": "ended", "track": "live",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["livekit", "jitsi"])
def test_the_example_page_denoises_and_asks_nobody(open_page, site_url, name):
    page = open_page(f"{site_url}demo/adapters/{name}.html").page
    requests = []
    page.context.on("request", lambda request: requests.append(request.url))
    page.reload()
    page.click("#start")
    page.wait_for_selector("button:enabled", timeout=START_TIMEOUT_MS)  # to stop, or again
    assert page.inner_text("#status") == "Denoising."
    sent = "document.getElementById('sent').srcObject.getTracks()[0]"
    assert page.evaluate(f"async () => {{ {LEVEL_OF} return levelOf({sent}); }}") > 0.1
    page.click("#stop")
    page.wait_for_function("() => document.getElementById('status').textContent === 'Stopped.'")
    assert [url for url in requests if not url.startswith((site_url, f"blob:{site_url}"))] == []
