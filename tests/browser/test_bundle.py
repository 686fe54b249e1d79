"""What the site is made of: only what pages import, small on the wire."""

import base64
import hashlib
import http.client
import json
import subprocess
from contextlib import closing
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
from site_server import serve_as_shipped

from conftest import ROOT
from percepnet import enhance, load_model
from test_layering import MAY_IMPORT, MODULES, row_of

BUILD = ROOT / "web/build"
MAX_WIRE_BYTES = 5_000_000  # without the model

RUN_IN_PAGE = """
async ([model, scripts]) => {
  const { loadPyodide } = await import('/pyodide/pyodide.mjs');
  const python = await loadPyodide({ indexURL: '/pyodide/', packages: ['percepnet'] });
  python.FS.writeFile('/model.npz', Uint8Array.from(atob(model), (c) => c.charCodeAt(0)));
  return scripts.map((script) => python.runPython(script));
}
"""
IMPORT = """
import importlib, json
for module in {modules}:
    importlib.import_module(module)
"""
ENHANCE = """
import base64, numpy as np, percepnet
noisy = np.frombuffer(base64.b64decode("{noisy}"), np.float32)
enhanced = percepnet.enhance(noisy, percepnet.load_model("/model.npz", kernel="numpy"))
base64.b64encode(enhanced.tobytes()).decode()
"""


NO_USE_IN_PAGES = {"percepnet.interrupts"}  # no signal reaches a page


def modules_for_numpy_alone():
    """Our modules that reach nothing but numpy, by the table of the layers."""

    def reached(row):
        return {row}.union(*(reached(name) for name in MAY_IMPORT.get(row, ())))

    return [
        module
        for module in MODULES
        if module.startswith("percepnet")
        and module not in NO_USE_IN_PAGES
        and {name for name in reached(row_of(module)) if name not in MAY_IMPORT} <= {"numpy"}
    ]


def test_the_page_can_import_all_that_needs_numpy_alone_and_use_it(chromium, site_url):
    modules = modules_for_numpy_alone()
    assert {"percepnet", "percepnet.nn.kernels.engine", "percepnet.oracle_stages"} <= set(modules)
    noisy = np.random.default_rng(5).standard_normal(24_000).astype(np.float32) / 20
    model = ROOT / "models/default.npz"
    scripts = [
        IMPORT.format(modules=modules),
        (BUILD / "exercise.py").read_text(),
        ENHANCE.format(noisy=base64.b64encode(noisy).decode()),
    ]
    page = chromium().new_page(service_workers="block")
    page.goto(site_url)
    results = page.evaluate(RUN_IN_PAGE, [base64.b64encode(model.read_bytes()).decode(), scripts])
    enhanced = np.frombuffer(base64.b64decode(results[-1]), np.float32)
    expected = enhance(noisy, load_model(model, kernel="numpy"))
    np.testing.assert_allclose(enhanced, expected, atol=1e-4)


def test_pages_name_all_modules_they_load(chromium, site, site_url):
    page = chromium().new_page(service_workers="block")
    for html in site.glob("*.html"):
        page.goto(site_url + html.name)
        page.wait_for_selector("main:not([inert])")  # all scripts are there
        loaded, named = page.evaluate("""[
            performance.getEntriesByType('resource').map(({ name }) => name),
            Array.from(document.querySelectorAll('link[rel=modulepreload], script'),
              ({ href, src }) => href ?? src),
        ]""")
        assert set(named) <= set(loaded)
        if html.name != "lab.html":  # starts a worker by itself
            assert {url for url in loaded if url.endswith(".js")} == set(named)


def test_archives_hold_compiled_modules_and_kernels_stored(site):
    stdlib, *wheels = [site / "pyodide/python_stdlib.zip", *site.glob("pyodide/*.whl")]
    assert len(wheels) == 2
    for archive in (stdlib, *wheels):
        with ZipFile(archive) as members:
            assert {member.compress_type for member in members.infolist()} == {ZIP_STORED}
            suffixes = {name.rpartition(".")[2] for name in members.namelist()}
            assert "pyc" in suffixes
            assert "py" not in suffixes
            assert not any("/tests/" in name for name in members.namelist())


def test_the_lock_file_names_the_digests_of_the_trimmed_wheels(site):
    lock = json.loads((site / "pyodide/pyodide-lock.json").read_text())
    for package in lock["packages"].values():
        wheel = (site / "pyodide" / package["file_name"]).read_bytes()
        assert hashlib.sha256(wheel).hexdigest() == package["sha256"]


def test_compressed_files_hold_what_they_lie_beside(site):
    script = """
        for (const file of process.argv.slice(1)) {
            const unpack = file.endsWith('.br') ? zlib.brotliDecompressSync : zlib.gunzipSync;
            const original = fs.readFileSync(file.slice(0, -3));
            if (!unpack(fs.readFileSync(file)).equals(original)) throw new Error(file);
        }"""
    compressed = [*site.rglob("*.br"), *site.rglob("*.gz")]
    assert {path.suffix for path in compressed if path.stem == "pyodide.asm.wasm"} == {".br", ".gz"}
    result = subprocess.run(["node", "-e", script, *compressed], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_a_first_visit_starts_with_few_bytes_on_the_wire(site, open_page):
    with serve_as_shipped(site) as (port, sent):
        page = open_page(f"http://localhost:{port}/")
        page.start()
        assert not page.problem
    paths = [path for path, _, _ in sent]
    assert len(set(paths)) == len(paths), "fetched twice"
    (stdlib,) = (coding for path, coding, _ in sent if path.endswith("python_stdlib.zip"))
    assert stdlib == "br"
    wire = sum(n_bytes for path, _, n_bytes in sent if not path.startswith("/models/"))
    runtime = sum(n_bytes for path, _, n_bytes in sent if path.startswith("/pyodide/"))
    assert 3_000_000 < runtime < wire < MAX_WIRE_BYTES


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("identity", None),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
    ],
)
def test_the_server_sends_what_the_browser_takes(site, accepted, coding):
    with serve_as_shipped(site) as (port, _):
        for path, content_type in (
            ("pyodide/pyodide.asm.wasm", "application/wasm"),
            ("percepnet.js", "text/javascript"),
            ("", "text/html"),
        ):
            headers = {} if accepted is None else {"Accept-Encoding": accepted}
            with closing(http.client.HTTPConnection("localhost", port)) as connection:
                connection.request("GET", f"/{path}", headers=headers)
                response = connection.getresponse()
                content = response.read()
            suffix = {None: "", "br": ".br", "gzip": ".gz"}[coding]
            assert content == (site / f"{path or 'index.html'}{suffix}").read_bytes()
            assert response.headers["Content-Encoding"] == coding
            assert response.headers["Content-Type"] == content_type
            assert response.headers["Vary"] == "Accept-Encoding"


def test_an_error_after_a_compressed_answer_is_not_called_compressed(site):
    with (
        serve_as_shipped(site) as (port, _),
        closing(http.client.HTTPConnection("localhost", port)) as connection,
    ):
        connection.request("GET", "/", headers={"Accept-Encoding": "br"})
        connection.getresponse().read()
        connection.request("GET", "/nowhere.js", headers={"Accept-Encoding": "br"})
        response = connection.getresponse()
        assert response.status == 404
        assert response.headers["Content-Encoding"] is None
        assert b"File not found" in response.read()
