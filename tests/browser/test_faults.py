"""What can be wrong at the start, each with words that say what to do."""

import pytest

from documents import block_with

# As the documentation tells a careful host to send them
HEADERS = dict(
    line.strip().split(": ", 1)
    for line in block_with("docs/hosting.md", "Content-Security-Policy").splitlines()[1:]
)
CSP = "Content-Security-Policy"
WITHOUT_WASM = {**HEADERS, CSP: HEADERS[CSP].replace(" 'wasm-unsafe-eval'", "")}


def test_without_isolation_the_page_works_by_messages(open_page, serve_site):
    page = open_page(serve_site(headers={}))
    page.start()
    assert page.problem == ""
    page.stop()
    assert page.create_denoiser({"pipeline": "message"}) == "created"
    message = page.create_denoiser({"pipeline": "shared"})
    assert "not cross-origin isolated" in message
    assert "Cross-Origin-Opener-Policy: same-origin" in message


def test_not_secure(open_page, site_url, chromium):
    # Browsers trust localhost without https, but not by another name.
    by_name = chromium("--host-resolver-rules=MAP plain.test localhost")
    page = open_page(site_url.replace("localhost", "plain.test"), in_browser=by_name)
    page.start()
    assert "This page is not secure" in page.problem


def test_webassembly_blocked(open_page, serve_site):
    assert WITHOUT_WASM != HEADERS
    page = open_page(serve_site(headers=WITHOUT_WASM))
    page.start()
    assert "'wasm-unsafe-eval'" in page.problem


@pytest.mark.parametrize("name", ["", "file.html", "webrtc.html"])
def test_the_documented_headers_stop_nothing_and_nothing_leaves(open_page, serve_site, name):
    url = serve_site(headers=HEADERS)
    page = open_page(url + name)
    requests, complaints = [], []
    page.page.context.on("request", lambda request: requests.append(request.url))
    page.page.on("console", lambda said: complaints.append(said.text))
    page.page.reload()
    if name == "file.html":
        page.page.click("#try-example")
        page.page.wait_for_selector(".downloads:not([hidden])", timeout=90_000)
    else:
        page.start("#example")
        page.listen(seconds=1)
        assert page.problem == ""
        page.stop()
    assert len(requests) > 20
    assert [r for r in requests if not r.startswith((url, f"blob:{url}", "data:"))] == []
    assert [said for said in complaints if "Content Security Policy" in said] == []


def test_permission_denied(open_page, site_url, chromium):
    # Without the fake dialog, a headless browser refuses.
    deaf = chromium("--use-fake-device-for-media-stream")
    page = open_page(site_url, in_browser=deaf)
    page.start()
    assert page.problem.startswith("The microphone is blocked.")


def test_no_microphone(open_page, site_url, chromium):
    without_devices = chromium("--use-fake-ui-for-media-stream")
    page = open_page(site_url, in_browser=without_devices)
    page.start()
    assert page.problem.startswith("There is no microphone.")


def test_start_works_after_a_problem(open_page, serve_site):
    missing = {"/models/default.npz"}
    page = open_page(serve_site(missing=missing))
    page.start()
    assert "models/default.npz cannot be loaded (HTTP 404)" in page.problem
    missing.clear()
    page.start()
    assert page.problem == ""
    page.stop()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("/engine-worker.js", "check that engine-worker.js and its imports are served"),
        ("/engine.js", "check that engine-worker.js and its imports are served"),
        ("/percepnet-processor.js", "percepnet-processor.js: check that it is served"),
        ("/pyodide/pyodide.mjs", "check that all of"),
        ("/pyodide/pyodide.asm.wasm", "pyodide.asm.wasm cannot be loaded (HTTP 404)"),
    ],
)
def test_missing_file(open_page, serve_site, missing, message):
    page = open_page(serve_site(missing={missing}))
    assert message in page.create_denoiser({})


def test_damaged_model(open_page, serve_site):
    # Longer than the comment a zip file may end with
    edited = {"/models/default.npz": lambda content: content + bytes(70_000)}
    page = open_page(serve_site(edited=edited))
    assert "ModelError" in page.create_denoiser({})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 1.5}, "strength 1.5 is not between 0 and 1"),
        ({"strength": "loud"}, "strength loud is not between 0 and 1"),
        ({"attenuationLimitDb": -3}, "attenuation limit -3 dB is not 0 or more"),
        ({"pipeline": "fast"}, '"fast" is not "auto", "shared", "message" or "inline"'),
        ({"channelCount": 0}, "channelCount 0 is not a whole number from 1 to 32"),
        ({"model": "huge"}, "models/huge.npz cannot be loaded (HTTP 404)"),
    ],
)
def test_wrong_options(open_page, site_url, options, message):
    assert message in open_page(site_url).create_denoiser(options)


def test_live_controls_reach_the_engine_and_refuse_nonsense(open_page, site_url):
    page = open_page(site_url)
    refused = page.page.evaluate("""async () => {
        const { Denoiser } = await import('./percepnet.js');
        const audioContext = new AudioContext({ sampleRate: 48000 });
        const options = { strength: 0.25, attenuationLimitDb: 12, bypass: true };
        const denoiser = await Denoiser.create({ audioContext, ...options });
        const { strength, attenuationLimitDb, bypass } = denoiser;
        let refused;
        try { denoiser.strength = 2; } catch (error) { refused = error.message; }
        await denoiser.close();
        await audioContext.close();
        return [{ strength, attenuationLimitDb, bypass }, refused];
    }""")
    assert refused == [
        {"strength": 0.25, "attenuationLimitDb": 12, "bypass": True},
        "strength 2 is not between 0 and 1",
    ]
