"""Draw what the idle page shows, demo/live/before.webp and after.webp: the example, denoised.

The page for files draws them, in Chromium. Run it again when the example changes or another
network makes more of it; building the pages does not need it.

    ./build_wasm.sh && python web/build/preview.py        (playwright, Debian's chromium)
"""

import base64
import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
TARGETS = [ROOT / "web/demo/live/before.webp", ROOT / "web/demo/live/after.webp"]
DONE_TIMEOUT_MS = 300_000
AS_WEBP = "(canvases) => canvases.map((canvas) => canvas.toDataURL('image/webp', 0.8))"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Only what is drawn is worth a line."""


def main():
    handler = functools.partial(QuietHandler, directory=ROOT / "dist")
    server = ThreadingHTTPServer(("localhost", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = chromium.new_page()
        page.goto(f"http://localhost:{server.server_port}/file.html")
        page.click("#try-example")
        page.wait_for_selector(".downloads:not([hidden])", timeout=DONE_TIMEOUT_MS)
        pictures = page.eval_on_selector_all(".result canvas", AS_WEBP)
    for target, picture in zip(TARGETS, pictures, strict=True):
        target.write_bytes(base64.b64decode(picture.partition(",")[2]))
        print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
