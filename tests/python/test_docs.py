"""What the documentation tells people to type works."""

import re
import shlex
import subprocess
import sys
import tomllib

import numpy as np
import pytest
import soundfile

from documents import DOCUMENTS, NOT_CODE, ROOT, blocks, languages
from percepnet import SAMPLE_RATE
from training_folders import voice_like, write_recipe, write_sources

# Commands of a block that the tests named here run, in a fitting surrounding
RUN_ELSEWHERE = {
    "tests/run": "this run",
    "ruff check && ruff format": "tests/run",
    "pytest -n 2 tests/python": "tests/run",
    "pytest tests/browser -k live": "tests/run",
    "./build_wasm.sh --serve": "tests/browser/test_build.py",
    "torchrun --nproc-per-node 2 -m percepnet_training fit runs/first": "test_training_fit.py",
    "npm install ./percepnet-web-0.1.0.tgz": "tests/browser/test_npm_package.py",
    "cp -r node_modules/percepnet-web public/percepnet": "tests/browser/test_npm_package.py",
}
INSTALL = re.compile(r"pip install '\.\[(\w+)\]'")

COMMANDS = """set -euo pipefail
percepnet() { "$PYTHON" -m percepnet "$@"; }
percepnet-train() { "$PYTHON" -m percepnet_training "$@"; }
pdoc() { "$PYTHON" -m pdoc "$@"; }
"""


@pytest.fixture(scope="module")
def noise():
    return 0.02 * np.random.default_rng(11).standard_normal(2 * SAMPLE_RATE).astype(np.float32)


@pytest.fixture
def scratch(tmp_path, noise):
    """A folder with what the documentation takes for granted."""
    voice = voice_like(140, 2.0, 3)
    (tmp_path / "recordings").mkdir()
    for name, samples in {
        "noisy": voice + noise, "speech": voice, "noise": noise,
        "stereo": np.stack((voice, voice + noise), axis=1),
        "recordings/first": voice + noise, "recordings/second": noise,
    }.items():  # fmt: skip
        soundfile.write(tmp_path / f"{name}.wav", samples, SAMPLE_RATE)
    for kind, samples in (("clean", voice), ("noisy", voice + noise)):
        (tmp_path / "pairs" / kind).mkdir(parents=True)
        soundfile.write(tmp_path / "pairs" / kind / "one.wav", samples, SAMPLE_RATE)
    write_sources(tmp_path / "RECORDINGS")
    write_recipe(tmp_path / "my.toml")
    return tmp_path


def by_place(language):
    return pytest.mark.parametrize(
        "code", [pytest.param(b.code, id=b.place) for b in blocks(language)]
    )


def test_every_block_is_of_a_language_that_is_run():
    assert languages() <= {"sh", "python", "ts"} | NOT_CODE


@by_place("python")
def test_python(code, noise):
    exec(compile(code, "document", "exec"), {"noisy": noise})


@by_place("sh")
def test_commands(code, scratch):
    here = [line for line in code.splitlines() if not is_run_elsewhere(line)]
    script = COMMANDS + "\n".join(here)
    environment = {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "py"), "OMP_NUM_THREADS": "1"}
    names = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    result = subprocess.run(
        ["bash", "-c", f"export {names}\n{script}"], cwd=scratch, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def is_run_elsewhere(line):
    command = line.partition("#")[0].strip()
    extra = INSTALL.fullmatch(command)
    if extra:  # installed in test_packaging.py; here: there is such an extra
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert extra[1] in project["optional-dependencies"]
        return True
    return command in RUN_ELSEWHERE


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target
