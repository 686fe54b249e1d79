"""For everybody: axe finds no fault, nothing is cut off on a phone, the page can be installed."""

import json
import re
import urllib.request
from urllib.parse import urljoin

import pytest

from conftest import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def faults(page):
    """What axe finds, serious or worse, in words."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{fault['help']}: {node['html']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def is_cut_off(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_pages_share_their_head_and_their_links(site):
    own = r".*modulepreload.*\n|<title>.*|.*description.*|.*demo/\w+/.*| aria-current=\"page\""
    shared = {
        re.sub(own, "", path.read_text().partition("<noscript>")[0]) for path in site.glob("*.html")
    }
    assert len(shared) == 1


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def size(request):
    return request.param


@pytest.mark.parametrize("address", ["", "file.html"])
def test_idle(open_page, site_url, address, scheme, size):
    page = open_page(site_url + address).page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    assert faults(page) == []
    assert not is_cut_off(page)


def test_running_and_recorded(open_page, site_url):
    demo = open_page(site_url)
    page = demo.page
    page.set_viewport_size(PHONE)
    demo.start_recorded("#example")
    demo.listen(seconds=1)
    page.click("#record")
    page.wait_for_selector("#takes:not([hidden])")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
    assert not is_cut_off(page)
    demo.stop()


def test_files_done_and_unreadable(open_page, site_url, tmp_path):
    page = open_page(site_url + "file.html").page
    page.set_viewport_size(PHONE)
    words = tmp_path / f"{'a long name without a space'.replace(' ', '_') * 3}.mp3"
    words.write_text("These are words.")
    page.click("#try-example")
    page.set_input_files("#chooser", words)
    page.wait_for_selector(".problem:not([hidden])", timeout=120_000)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
    assert not is_cut_off(page)


def test_the_keyboard_reaches_start_and_every_page(open_page, site_url):
    page = open_page(site_url).page
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert "Start" in reached
    page.get_by_role("link", name="Files").press("Enter")
    page.wait_for_url("**/file.html")
    page.get_by_role("link", name="Denoise").press("Enter")
    page.wait_for_selector("#start")


def test_it_can_be_installed(open_page, site_url):
    page = open_page(site_url).page
    address = urljoin(site_url, page.get_attribute("link[rel=manifest]", "href"))
    with urllib.request.urlopen(address) as response:
        manifest = json.load(response)
    assert urljoin(address, manifest["start_url"]) == site_url
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        with urllib.request.urlopen(urljoin(address, icon["src"])) as response:
            assert response.headers["Content-Type"] == icon["type"]
    found = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")
    errors = {error["errorId"] for error in found["installabilityErrors"]}
    assert errors <= {"in-incognito"}, "a test's profile never installs"
