"""What a user installs: the wheel in an environment of its own, away from this checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile as sf

ROOT = Path(__file__).parents[2]
MIN_NOISE_REDUCTION_DB = 10.0


def build_wheel(folder, **variables):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--wheel-dir", folder, ROOT],
        check=True,
        env=os.environ | variables,
    )  # fmt: skip
    return next(folder.glob("percepnet-*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def percepnet(wheel, tmp_path_factory):
    """Run the installed `percepnet ARGUMENTS` in an empty folder; returns its output."""
    environment = tmp_path_factory.mktemp("environment")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    venv.create(environment, symlinks=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "install",
         "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel],
        check=True,
    )  # fmt: skip
    # The dependencies come from here; an editable percepnet does not, its .pth is not followed.
    site_packages = next(environment.glob("lib/python*/site-packages"))
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def run(*arguments):
        return subprocess.run(
            [environment / "bin" / "percepnet", *arguments],
            cwd=elsewhere,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    run.environment = environment
    return run


def test_run_time_needs_numpy_only(wheel):
    with ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert [line.partition(">")[0] for line in needed] == ["numpy"]


def test_the_wheel_brings_kernels_for_its_machine(wheel, percepnet):
    assert not wheel.name.endswith("-none-any.whl")
    assert "portable, numpy\n" in percepnet("info")


def test_a_wheel_without_kernels_is_for_every_machine(tmp_path):
    wheel = build_wheel(tmp_path, HATCH_BUILD_NO_HOOKS="true")
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_default_model_is_the_wheels_own(percepnet):
    assert f"{percepnet.environment}/" in percepnet("info", "default")


def test_the_default_model_removes_noise(percepnet, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.05, 3 * 48_000)
    sf.write(tmp_path / "noise.wav", noise, 48_000)
    percepnet("denoise", tmp_path / "noise.wav", tmp_path / "out.wav")
    after = sf.read(tmp_path / "out.wav")[0][48_000:]  # it needs some time to know the noise
    assert after.std() < noise.std() * 10 ** (-MIN_NOISE_REDUCTION_DB / 20)
