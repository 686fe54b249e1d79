"""What the pages cost, measured in Chromium: not a test, the numbers depend on the machine.

    python tests/browser/measure_pages.py           long tasks, layout shifts, frames, cores
    python tests/browser/measure_pages.py --hour    memory while a file of an hour is denoised
"""

import argparse
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import sync_playwright
from site_server import serve

from conftest import CHROMIUM, FLAGS, ROOT

SECONDS = 20
RATE = 48_000
OBSERVE = """
window.seen = { longTasks: [], shifts: [], nFrames: 0 };
new PerformanceObserver((list) => seen.longTasks.push(
  ...list.getEntries().map(({ startTime, duration }) => [Math.round(startTime), duration]),
)).observe({ type: 'longtask', buffered: true });
new PerformanceObserver((list) => seen.shifts.push(
  ...list.getEntries().filter((entry) => !entry.hadRecentInput).map(({ value }) => value),
)).observe({ type: 'layout-shift', buffered: true });
requestAnimationFrame(function frame() {
  seen.nFrames++;
  requestAnimationFrame(frame);
});
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hour", action="store_true", help="memory for a file of an hour")
    args = parser.parse_args()
    with serve(ROOT / "dist") as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        if args.hour:
            measure_hour(chromium, url)
        else:
            measure_running(chromium, url)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def measure_running(chromium, url):
    for name, address, begin in (("live", "", begin_live), ("lab", "lab.html", begin_lab)):
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, service_workers="block")
        page.add_init_script(OBSERVE)
        page.goto(url + address)
        begin(page)
        page.wait_for_timeout(1000)
        starting = page.evaluate("seen.longTasks.map(([, duration]) => duration)")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        busy_s, n_frames = busy(session), page.evaluate("seen.nFrames")
        begun = time.monotonic()
        n_tasks = page.evaluate("seen.longTasks.length")
        page.wait_for_timeout(1000 * SECONDS)
        took_s = time.monotonic() - begun
        tasks = page.evaluate("(n) => seen.longTasks.slice(n).map(([, ms]) => ms)", n_tasks)
        fps = (page.evaluate("seen.nFrames") - n_frames) / took_s
        shifted = sum(page.evaluate("seen.shifts"))
        share = 100 * (busy(session) - busy_s) / took_s
        print(
            f"{name}: {len(tasks)} tasks above 50 ms running (longest {max(tasks, default=0):.0f} "
            f"ms), {starting} before; layout shifts {shifted:.4f} in all; {fps:.0f} frames/s; "
            f"main thread {share:.1f} % of a core"
        )
        page.close()


def busy(session):
    """Seconds that the main thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def begin_live(page):
    page.click("#example")
    page.wait_for_selector("#start[data-running]", timeout=120_000)


def begin_lab(page):
    page.wait_for_selector("#state:text('Ready')", timeout=120_000)
    page.click("#play")


def measure_hour(chromium, url):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.wav"
        minute = 0.05 * np.random.default_rng(1).standard_normal(60 * RATE)
        with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
            for _ in range(60):
                file.write(minute)
        page = chromium.new_page(service_workers="block")
        page.goto(url + "file.html")
        before = resident_mb()
        begun = time.monotonic()
        page.set_input_files("#chooser", path)
        highest = before
        while not page.is_visible(".downloads"):
            page.wait_for_timeout(2000)
            highest = max(highest, resident_mb())
            assert not page.is_visible(".file .problem"), page.inner_text(".file .problem")
        print(
            f"an hour, mono, {path.stat().st_size / 1e6:.0f} MB: {page.inner_text('.facts')}; "
            f"{time.monotonic() - begun:.0f} s; all of Chromium {before:.0f} MB before, "
            f"{highest:.0f} MB at most"
        )


def resident_mb():
    """Of all processes that this one has started, without what they share."""
    pages = 0
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # it has ended meanwhile
            _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
            pages += resident - shared
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def descendants(pid):
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield child
                yield from descendants(child)


if __name__ == "__main__":
    main()
