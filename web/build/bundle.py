"""Put the static site together: pages and modules, Pyodide with our package, models."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

PAGES = ("*.html", "*.js", "adapters", "demo")

# In web/package.json, but of no use in the npm package that the site is too
NOT_FOR_APPS = ("devDependencies", "scripts")

RUNTIME = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"

# In our wheel, but of no use to a page: it does not train, and fetches the model it wants
NOT_FOR_PAGES = ("percepnet_training", "percepnet/models")

KERNELS = "percepnet/nn/kernels"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--web", type=Path, required=True, help="our pages and modules")
    parser.add_argument("--pyodide", type=Path, required=True, help="Pyodide's npm package")
    parser.add_argument("--numpy", type=Path, required=True, help="numpy's wheel for Pyodide")
    parser.add_argument("--package", type=Path, required=True, help="our wheel")
    parser.add_argument("--types", type=Path, required=True, help="folder of .d.ts files")
    parser.add_argument("--models", type=Path, required=True, help="folder of model files")
    parser.add_argument("--kernels", type=Path, help="folder of compiled kernels")
    parser.add_argument("site", type=Path, help="folder to make")
    args = parser.parse_args()

    copy_pages(args.web, args.site)
    add_package(args.web / "package.json", args.types, args.site)
    kernels = args.kernels.glob("*.wasm") if args.kernels else []
    copy_runtime(args.pyodide, args.numpy, args.package, kernels, args.site / "pyodide")
    copy_models(args.models, args.site / "models")


def copy_pages(web, site):
    site.mkdir(parents=True)
    for pattern in PAGES:
        for source in web.glob(pattern):
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, site / source.name)


def add_package(description, types, site):
    """Make the site an npm package too."""
    package = json.loads(description.read_text())
    package = {name: part for name, part in package.items() if name not in NOT_FOR_APPS}
    (site / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    shutil.copytree(types, site, dirs_exist_ok=True)


def copy_runtime(pyodide, numpy, package, kernels, folder):
    folder.mkdir()
    for name in RUNTIME:
        shutil.copy(pyodide / name, folder)
    shutil.copy(numpy, folder)
    package = fit_wheel(package, kernels, folder)
    lock = add_wheels_to_spec(PyodideLockSpec.from_json(pyodide / LOCK), [package])
    # What the folder does not hold must not be offered.
    lock.packages = {name: lock.packages[name] for name in ("numpy", "percepnet")}
    lock.to_json(folder / LOCK)


def fit_wheel(wheel, kernels, folder):
    """Write the wheel into the folder, without what pages do not need, with the kernels.

    Returns its path there.
    """
    with tempfile.TemporaryDirectory() as temporary:
        run_wheel("unpack", "--dest", temporary, wheel)
        (unpacked,) = Path(temporary).iterdir()
        for part in NOT_FOR_PAGES:
            shutil.rmtree(unpacked / part)
        for kernel in kernels:
            shutil.copy(kernel, unpacked / KERNELS)
        run_wheel("pack", "--dest-dir", folder, unpacked)
    return folder / wheel.name


def run_wheel(*arguments):
    command = [sys.executable, "-m", "wheel", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def copy_models(models, folder):
    folder.mkdir()
    for model in models.glob("*.npz"):
        shutil.copy(model, folder)


if __name__ == "__main__":
    main()
