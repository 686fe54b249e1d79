"""What the pages cost, measured in Chromium: not a test, the numbers depend on the machine.

python tests/browser/measure_pages.py             long tasks, layout shifts, frames, cores
python tests/browser/measure_pages.py --file 60   memory while 60 minutes of it are denoised
"""

import argparse
import os
import re
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import sync_playwright
from site_server import serve

from conftest import CHROMIUM, FLAGS, ROOT

SECONDS = 20
RATE = 48_000
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
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
    parser.add_argument("--file", type=int, metavar="MINUTES", help="memory for a file so long")
    args = parser.parse_args()
    with serve(ROOT / "dist") as url, sync_playwright() as playwright:
        if args.file:
            measure_file(playwright.chromium, url, args.file)
        else:
            measure_running(playwright.chromium, url)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def measure_running(chromium, url):
    chromium = chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    measure_empty(chromium)
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


def measure_empty(chromium):
    """The share of it that any animation has: nothing but frames."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.evaluate("requestAnimationFrame(function frame() { requestAnimationFrame(frame); })")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begun, busy_s = time.monotonic(), busy(session)
    page.wait_for_timeout(1000 * SECONDS / 4)
    share = 100 * (busy(session) - busy_s) / (time.monotonic() - begun)
    print(f"empty frames: main thread {share:.1f} % of a core")
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


def measure_file(chromium, url, minutes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        minute = 0.05 * np.random.default_rng(1).standard_normal(60 * RATE)
        with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
            for _ in range(minutes):
                file.write(minute)
        # A profile on disk, as visitors have: a private one keeps in memory what others write
        context = chromium.launch_persistent_context(
            Path(folder) / "profile",
            executable_path=CHROMIUM,
            args=list(FLAGS),
            service_workers="block",
        )
        page = context.new_page()
        page.goto(url + "file.html")
        before = resident_mb()
        begun = time.monotonic()
        page.set_input_files("#chooser", path)
        highest = Counter(before)
        while not page.is_visible(".downloads"):
            page.wait_for_timeout(1000)
            highest |= resident_mb()
            assert not page.is_visible(".file .problem"), page.inner_text(".file .problem")
        size_mb = path.stat().st_size / 1e6
        print(f"{size_mb:.0f} MB, {page.inner_text('.facts')}; {time.monotonic() - begun:.0f} s")
        for kind, mb in highest.items():
            print(f"{kind}: {before[kind]:.0f} MB before, {mb:.0f} at most")
        context.close()


def resident_mb():
    """Of Chromium's processes by kind, without what they share."""
    found = Counter()
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # it has ended meanwhile
            command = Path(f"/proc/{pid}/cmdline").read_text()
            _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
            kind = re.search(r"--type=([a-z]+)", command)
            if "chromium" in command:
                pages = resident - shared
                found[kind[1] if kind else "browser"] += pages * PAGE_BYTES / 1e6
    return found


def descendants(pid):
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield child
                yield from descendants(child)


if __name__ == "__main__":
    main()
