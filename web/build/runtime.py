"""Make the folder of Pyodide with our package: only what pages import, ready to be compressed.

The archives are stored, not deflated, and hold compiled modules. The lock file names the sha256 of
the trimmed wheels, which Pyodide checks; they are made of wheels whose own sha256 was checked.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec
from wheel.wheelfile import WheelFile

CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")
STDLIB = "python_stdlib.zip"
LOCK = "pyodide-lock.json"
SCRIPTS = ("runtime.py", "trim.mjs", "trim.py", "exercise.py")

# In our wheel, but of no use to a page: it does not train, and fetches the model it wants
NOT_FOR_PAGES = ("percepnet_training", "percepnet/models")

# The same content gives the same bytes, however often it is built.
YEAR_1980_S = 315_532_800


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyodide", type=Path, required=True, help="Pyodide's npm package")
    parser.add_argument("--numpy", type=Path, required=True, help="numpy's wheel for Pyodide")
    parser.add_argument("--package", type=Path, required=True, help="our wheel")
    parser.add_argument("--kernels", type=Path, help="folder of compiled kernels")
    parser.add_argument("--model", type=Path, required=True, help="a model to try it with")
    parser.add_argument("folder", type=Path, help="folder that holds or gets the runtime")
    args = parser.parse_args()

    kernels = sorted(args.kernels.rglob("*.wasm")) if args.kernels else []
    core = [args.pyodide / name for name in (*CORE, STDLIB, LOCK)]
    scripts = [Path(__file__).with_name(name) for name in SCRIPTS]
    inputs = digest([*core, args.numpy, args.package, *kernels, args.model, *scripts])
    made_of = args.folder / "made-of"
    if made_of.exists() and made_of.read_text() == inputs:
        return
    os.environ["SOURCE_DATE_EPOCH"] = str(YEAR_1980_S)
    shutil.rmtree(args.folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        whole, trimmed = Path(temporary, "whole"), Path(temporary, "trimmed")
        make_whole(core, args.numpy, args.package, args.kernels, whole)
        trimmed.mkdir()
        trim(whole, args.model, trimmed)
        make_trimmed(whole, trimmed, args.folder)
    made_of.write_text(inputs)


def digest(files):
    return hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def make_whole(core, numpy, package, kernels, folder):
    """Pyodide with all of numpy and of our package."""
    folder.mkdir()
    for source in (*core, numpy):
        shutil.copy(source, folder)
    package = fit_wheel(package, kernels, folder)
    lock = add_wheels_to_spec(PyodideLockSpec.from_json(folder / LOCK), [package])
    # What the folder does not hold must not be offered.
    lock.packages = {name: lock.packages[name] for name in ("numpy", "percepnet")}
    lock.to_json(folder / LOCK)


def fit_wheel(wheel, kernels, folder):
    """Write the wheel into the folder, without what pages do not need, with the kernels.

    Returns its path there.
    """
    fitted = folder / wheel.name
    with tempfile.TemporaryDirectory() as unpacked:
        WheelFile(wheel).extractall(unpacked)
        for part in NOT_FOR_PAGES:
            shutil.rmtree(Path(unpacked, part))
        if kernels:
            to = Path(unpacked, "percepnet")
            shutil.copytree(kernels, to, ignore=lambda *_: ["made-of"], dirs_exist_ok=True)
        pack_wheel(unpacked, fitted)
    return fitted


def pack_wheel(folder, wheel):
    with WheelFile(wheel, "w", ZIP_STORED) as archive:
        archive.write_files(folder)


def trim(whole, model, trimmed):
    """Fill a folder with what runs when the package does: stdlib/ and packages/."""
    script = Path(__file__).with_name("trim.mjs")
    subprocess.run(["node", script, whole, model, trimmed], check=True)


def make_trimmed(whole, trimmed, folder):
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copy(whole / name, folder)
    pack_stored(trimmed / "stdlib", folder / STDLIB)
    lock = PyodideLockSpec.from_json(whole / LOCK)
    for name, package in lock.packages.items():
        wheel = WheelFile(whole / package.file_name)
        for member in wheel.namelist():
            if member.startswith(wheel.dist_info_path):
                wheel.extract(member, trimmed / name)
        shutil.move(trimmed / "packages" / name, trimmed / name)
        pack_wheel(trimmed / name, folder / package.file_name)
        package.sha256 = sha256(folder / package.file_name)
    lock.to_json(folder / LOCK)


def pack_stored(folder, path):
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(ZipInfo(str(file.relative_to(folder))), file.read_bytes())


if __name__ == "__main__":
    main()
