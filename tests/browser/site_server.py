"""A server for the built site that can misbehave as real hosts do."""

import runpy
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "web/build/serve.py"

ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class SiteHandler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *args, headers, missing, edited, **kwargs):
        self._headers = headers
        self._missing = missing
        self._edited = edited
        super().__init__(*args, **kwargs)

    def do_GET(self):
        if self.path in self._missing:
            self.send_error(404)
        elif self.path in self._edited:
            self._send_edited(self._edited[self.path])
        else:
            super().do_GET()

    def _send_edited(self, edit):
        content = edit(Path(self.translate_path(self.path)).read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self):
        for name, value in self._headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args):
        """A test that fails says why itself."""


@contextmanager
def serve(folder, headers=ISOLATION, missing=(), edited=None):
    """Serve a folder on a free port; gives the address.

    Parameters
    ----------
    folder : path
    headers : dict
        Sent with every answer.
    missing : collection of str
        Paths that are answered with 404.
    edited : dict of callables
        By path, what is done to that file's bytes.
    """
    handler = partial(
        SiteHandler,
        directory=folder,
        headers=headers,
        missing=missing,
        edited=edited or {},
    )
    with running(handler) as port:
        yield f"http://localhost:{port}/"


@contextmanager
def serve_as_shipped(site):
    """Serve as --serve does; gives the port, and a list that gets (path, coding, bytes)."""
    sent = []

    class Handler(runpy.run_path(str(SHIPPED))["IsolatedHandler"]):
        def send_header(self, name, value):
            self.answer[name] = value
            super().send_header(name, value)

        def send_response(self, *args):
            self.answer = {}
            super().send_response(*args)

        def copyfile(self, source, outputfile):
            length = int(self.answer["Content-Length"])
            sent.append((self.path, self.answer.get("Content-Encoding"), length))
            super().copyfile(source, outputfile)

    with running(partial(Handler, directory=site)) as port:
        yield port, sent


@contextmanager
def running(handler):
    server = ThreadingHTTPServer(("localhost", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
