"""build_wasm.sh and the scripts behind it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from shutil import which

import pytest

from conftest import ROOT

NUMPY_WHEEL = ROOT / "web/build/numpy_wheel.py"
LOCK = ROOT / "web/node_modules/pyodide/pyodide-lock.json"


def build(*options, **kwargs):
    return subprocess.run(
        [ROOT / "build_wasm.sh", *options], capture_output=True, text=True, **kwargs
    )


@pytest.mark.alone
def test_serve_prints_the_address_and_isolates_the_page(site):
    command = [ROOT / "build_wasm.sh", "--serve", "--port", "18080"]
    # In its own group: what is sent to it reaches the server that the script starts. A background
    # shell and nohup leave the signal ignored.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        address = next(line for line in process.stdout if "http://" in line)
        try:
            assert "http://localhost:18080" in address
            with urllib.request.urlopen("http://localhost:18080/") as response:
                assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
                assert b"Start" in response.read()
        finally:
            os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 0


@pytest.mark.parametrize("options", [["--nonsense"], ["--port"]])
def test_wrong_options_end_in_one_line(options):
    result = build(*options)
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1
    assert options[0].strip("-") in result.stderr


def test_help():
    assert "--serve" in build("--help").stdout


def test_missing_tools_are_named(tmp_path):
    python3 = Path(sys.executable).resolve()  # what stands before it may be a script
    for path in (which("bash"), which("dirname")):
        (tmp_path / Path(path).name).symlink_to(path)
    (tmp_path / "python3").symlink_to(python3)
    result = build(env={"PATH": str(tmp_path), "HOME": os.environ["HOME"]})
    assert result.returncode != 0
    assert "no node >= 20: install it" in result.stderr


def test_only_what_the_lock_file_names_is_offered(site):
    lock = json.loads((site / "pyodide/pyodide-lock.json").read_text())
    assert set(lock["packages"]) == {"numpy", "percepnet"}
    assert lock["packages"]["percepnet"]["depends"] == ["numpy"]
    for package in lock["packages"].values():
        assert (site / "pyodide" / package["file_name"]).is_file()


def test_the_site_holds_no_training_code_and_each_model_once(site):
    names = {path.name for path in site.rglob("*") if path.is_file()}
    assert "default.npz" in names
    listing = subprocess.check_output(
        [sys.executable, "-m", "zipfile", "-l", *site.glob("pyodide/percepnet-*.whl")], text=True
    )
    assert "percepnet/enhancer.pyc" in listing
    assert "percepnet_training" not in listing
    assert ".npz" not in listing


def find_numpy(lock, cache):
    return subprocess.run(
        [sys.executable, NUMPY_WHEEL, lock, cache], capture_output=True, text=True
    )


def test_a_wrong_wheel_in_the_cache_is_refused_and_replaced(site, tmp_path):
    entry = json.loads(LOCK.read_text())["packages"]["numpy"]
    wheel = tmp_path / entry["file_name"]
    wheel.write_bytes(b"not numpy")
    result = find_numpy(LOCK, tmp_path)
    assert f"numpy: refused from {wheel}: sha256" in result.stderr
    assert result.returncode == 0, result.stderr
    assert wheel.stat().st_size > 1_000_000


def test_without_a_source_the_error_says_what_was_tried_and_what_to_do(tmp_path):
    lock = tmp_path / "pyodide-lock.json"
    entry = {"file_name": "numpy-0-nowhere.whl", "sha256": "0" * 64}
    lock.write_text(json.dumps({"packages": {"numpy": entry}}))
    result = find_numpy(lock, tmp_path / "cache")
    assert result.returncode == 1
    *tried, error = result.stderr.splitlines()
    assert len(tried) == 3
    for part in ("cdn.jsdelivr.net", "open-webui", "sha256 000000", str(tmp_path / "cache")):
        assert part in error
    assert not Path(tmp_path / "cache").exists()
