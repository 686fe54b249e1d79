"""The service worker: visits without a network, one version at a time, isolation on any host."""

import os
import runpy
import shutil

import pytest
from demo_page import START_TIMEOUT_MS
from site_server import serve, serve_as_shipped

from conftest import ROOT

list_files = runpy.run_path(str(ROOT / "web/build/integrity.py"))["list_files"]

VERSIONS = ("first", "second")
PAGES = ("file.html", "webrtc.html", "lab.html", "bench.html")
PAGE = """<!doctype html>
<title>{version}</title>
<script type="module" src="demo/offline.js"></script>
"""
SERVED = "async (path) => (await fetch(path)).text()"
# Asked again and again: what the browser finds by itself may be a site half written.
UPDATE = """async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    for (let n = 0; !registration.waiting; n++) {
        if (n === 100) throw new Error('no new version is found');
        await registration.update().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}"""
FAILING_UPDATE = """async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const found = new Promise((resolve, reject) => {
        registration.onupdatefound = () => resolve(registration.installing);
        setTimeout(() => reject(new Error('no new version is found')), 20_000);
    });
    const timer = setInterval(() => registration.update().catch(() => {}), 200);
    const worker = await found.finally(() => clearInterval(timer));
    while (worker.state === 'installing') await new Promise((r) => setTimeout(r, 20));
    return worker.state;
}"""
EMPTY_CACHES = "caches.keys().then((all) => Promise.all(all.map((name) => caches.delete(name))))"
CONTROLLED = "navigator.serviceWorker.controller"


@pytest.fixture
def context(chromium):
    context = chromium().new_context()
    context.set_default_timeout(START_TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def small_site(tmp_path):
    """A site of a page, its version and a file that is in all versions."""
    (tmp_path / "demo").mkdir()
    shutil.copy(ROOT / "web/demo/offline.js", tmp_path / "demo")
    (tmp_path / "same.txt").write_text("0123456789")
    deploy(tmp_path, "first")
    return tmp_path


def deploy(folder, version):
    (folder / "index.html").write_text(PAGE.format(version=version))
    (folder / "version.txt").write_text(version)
    (folder / "integrity.json").unlink(missing_ok=True)
    shutil.copy(ROOT / "web/service-worker.js", folder)
    list_files(folder)
    # Not in the same second as the version before, which could not be told from it by date.
    deployed = VERSIONS.index(version) * 60 + 1_700_000_000
    for path in folder.glob("*.*"):
        os.utime(path, (deployed, deployed))


def test_the_second_visit_needs_no_network(site, context):
    with serve_as_shipped(site) as (port, sent):
        url = f"http://localhost:{port}/"
        context.new_page().goto(url)
        context.pages[0].wait_for_function(CONTROLLED)
    wire = sum(n_bytes for path, _, n_bytes in sent if not path.startswith("/models/"))
    models = [path for path, _, _ in sent if path.endswith(".npz")]
    assert wire < 5_500_000
    assert models == ["/models/default.npz"], "the others when they are chosen"

    page = context.new_page()
    for name in PAGES:
        page.goto(url + name)
        page.wait_for_selector("main:not([inert])")  # all scripts are there
    page.goto(url)
    page.click("#example")
    page.wait_for_selector("#start[data-running]")
    page.wait_for_function("/simd/.test(document.getElementById('kernel').textContent)")


def test_a_plain_host_is_isolated_by_loading_once_more(small_site, context):
    context.add_init_script("sessionStorage.nLoads = 1 + Number(sessionStorage.nLoads ?? 0)")
    with serve(small_site, headers={}) as url:
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("crossOriginIsolated && document.readyState === 'complete'")
        page.wait_for_timeout(500)
        assert page.evaluate("sessionStorage.nLoads") == "2"
        page.reload()
        page.wait_for_timeout(500)
        assert page.evaluate("sessionStorage.nLoads") == "3"
        assert page.evaluate("crossOriginIsolated")


def test_a_page_in_use_is_not_loaded_again(small_site, context):
    context.add_init_script("addEventListener('load', () => dispatchEvent(new Event('drop')))")
    with serve(small_site, headers={}) as url:
        page = context.new_page()
        page.goto(url)
        page.evaluate("window.isInUse = true")
        page.wait_for_function(CONTROLLED)
        page.wait_for_timeout(500)
        assert page.evaluate("window.isInUse")


def test_a_new_version_waits_while_two_pages_show_the_old_one(small_site, context):
    missing = set()
    with serve(small_site, missing=missing) as url:
        page, other = context.new_page(), context.new_page()
        page.goto(url)
        page.wait_for_function(CONTROLLED)
        deploy(small_site, "second")
        missing.add("/same.txt")  # kept, not fetched again
        page.evaluate(UPDATE)
        other.goto(url)
        other.wait_for_timeout(500)
        for visit in (page, other):
            assert visit.title() == visit.evaluate(SERVED, "version.txt") == "first"

        page.close()
        other.evaluate("location.reload()")
        other.wait_for_function("document.title === 'second'")
        assert other.evaluate(SERVED, "version.txt") == "second"
        assert other.evaluate(SERVED, "same.txt") == "0123456789"
        assert len(other.evaluate("caches.keys()")) == 1


def test_a_new_version_is_there_after_all_pages_were_closed(small_site, context):
    with serve(small_site) as url:
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(CONTROLLED)
        deploy(small_site, "second")
        page.evaluate(UPDATE)
        page.goto("about:blank")
        page.wait_for_timeout(1000)  # the browser notices in its own time
        page.goto(url)
        assert page.title() == page.evaluate(SERVED, "version.txt") == "second"


def test_a_half_deployed_version_is_not_taken(small_site, context):
    with serve(small_site) as url:
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(CONTROLLED)
        deploy(small_site, "second")
        (small_site / "version.txt").write_text("first")
        assert page.evaluate(FAILING_UPDATE) == "redundant"
        page.reload()
        assert page.title() == page.evaluate(SERVED, "version.txt") == "first"


def test_the_network_answers_where_the_cache_does_not(small_site, context):
    with serve(small_site) as url:
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(CONTROLLED)
        page.evaluate(EMPTY_CACHES)
        page.reload()
        assert page.title() == page.evaluate(SERVED, "version.txt") == "first"


PIECES = {
    "bytes=2-4": [206, "bytes 2-4/10", "234"],
    "bytes=7-": [206, "bytes 7-9/10", "789"],
    "bytes=-2": [206, "bytes 8-9/10", "89"],
    "bytes=5-99": [206, "bytes 5-9/10", "56789"],
    "bytes=10-": [416, "bytes */10", ""],
    "bytes=0-1,4-5": [200, None, "0123456789"],
}


def test_players_get_the_pieces_that_they_ask_for(small_site, context):
    with serve(small_site) as url:
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(CONTROLLED)
    answers = page.evaluate(
        """async (ranges) => Promise.all(ranges.map(async (Range) => {
            const answer = await fetch('same.txt', { headers: { Range } });
            return [answer.status, answer.headers.get('Content-Range'), await answer.text()];
        }))""",
        list(PIECES),
    )
    assert dict(zip(PIECES, answers, strict=True)) == PIECES
