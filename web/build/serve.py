"""Serve a folder on localhost, cross-origin isolated as shared memory asks for."""

import argparse
import os
import sys
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

# The smallest first: its name in HTTP, and what is added to the file's name
ENCODINGS = {"br": ".br", "gzip": ".gz"}


class IsolatedHandler(SimpleHTTPRequestHandler):
    """Static files with the isolation headers, always revalidated.

    Where a compressed file that the browser takes lies beside the wanted one, that is sent.
    """

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }
    _encoding = None  # of the answer that is under way

    def translate_path(self, path):
        path = super().translate_path(path)
        index = os.path.join(path, "index.html")
        if path.endswith("/") and os.path.isfile(index):
            path = index
        for encoding in self._accepted_encodings():
            if os.path.isfile(path + ENCODINGS[encoding]):
                self._encoding = encoding
                return path + ENCODINGS[encoding]
        return path

    def _accepted_encodings(self):
        header = self.headers.get("Accept-Encoding", "").replace(" ", "").lower()
        weights = dict(offer.partition(";q=")[::2] for offer in header.split(","))
        # Weight 0 refuses it; no weight is 1.
        return [name for name in ENCODINGS if float(weights.get(name, "0") or "1") > 0]

    def guess_type(self, path):
        return super().guess_type(path.removesuffix(ENCODINGS.get(self._encoding, "")))

    def end_headers(self):
        if self._encoding:
            self.send_header("Content-Encoding", self._encoding)
            self._encoding = None  # the connection lives on
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code="-", size="-"):
        """Only errors are worth a line."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, default=8080)
    args = parser.parse_args()
    handler = partial(IsolatedHandler, directory=args.folder)
    try:
        server = ThreadingHTTPServer(("localhost", args.port), handler)
    except OSError as error:
        sys.exit(f"port {args.port} cannot be used ({error.strerror}): choose one with --port")
    print(f"PercepNet: http://localhost:{args.port}  (Ctrl+C stops)", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
