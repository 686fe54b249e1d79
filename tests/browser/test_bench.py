"""The page that measures: what it shows and offers, for every model and kernel."""

import json

from playwright.sync_api import expect

from percepnet.benchmark import PAPER, checksum, random_network

KERNELS = ["relaxed-simd", "simd128", "numpy"]


def test_a_short_measurement_is_shown_and_offered_as_json(chromium, site_url):
    page = chromium().new_page()
    page.goto(f"{site_url}bench.html")
    page.get_by_label("seconds of sound").fill("1")
    page.get_by_role("button", name="Measure").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Done.", timeout=120_000)
    expect(page.get_by_text("All kernels computed the very same bits.")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").press("Enter")
    result = json.loads(download.value.path().read_text())
    measured = [(row["name"], row.get("kernel")) for row in result["hops"]]
    assert measured[:2] == [("@jitsi/rnnoise-wasm", None), ("@shiguredo/rnnoise-wasm", None)]
    assert {("default", kernel) for kernel in KERNELS} < set(measured)
    assert measured[-3:] == [("paper", kernel) for kernel in KERNELS]
    for row in result["hops"]:
        assert 0 < row["hopMs"]["median"] <= row["hopMs"]["p99"] <= row["hopMs"]["max"]
        assert row["hopMs"]["hops"] == 100
    assert {start["name"] for start in result["starts"]} > {"PercepNet", "@jitsi/rnnoise-wasm"}
    assert all(start["totalMs"] > 0 and start["bytes"] > 0 for start in result["starts"])

    n_rows = page.locator("#hops tbody tr").count()
    assert n_rows == len(measured)
    # The very bits that are computed outside
    sums = {row["bench"]["checksum"] for row in result["hops"] if row["name"] == "paper"}
    assert sums == {checksum(random_network(PAPER))}
