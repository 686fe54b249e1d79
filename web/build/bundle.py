"""Put the static site together: pages and modules, the runtime, models, all compressed too."""

import argparse
import ast
import hashlib
import json
import re
import shutil
import subprocess
from math import prod
from pathlib import Path
from zipfile import ZipFile

from integrity import list_files
from preload import preload_modules

PAGES = ("*.html", "*.js", "adapters", "demo")

# By folder below demo: what pages measure beside ours or show it in, and its licence
OTHERS = {
    "bench/rnnoise/jitsi": (
        "@jitsi/rnnoise-wasm", "dist/rnnoise.js", "dist/rnnoise.wasm", "LICENSE",
    ),
    "bench/rnnoise/shiguredo": ("@shiguredo/rnnoise-wasm", "dist/rnnoise.js", "LICENSE"),
    "adapters/livekit-client": ("livekit-client", "dist/livekit-client.esm.mjs", "LICENSE"),
}  # fmt: skip

# In web/package.json, but of no use in the npm package that the site is too
NOT_FOR_APPS = ("devDependencies", "scripts")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--web", type=Path, required=True, help="our pages and modules")
    parser.add_argument("--runtime", type=Path, required=True, help="folder from runtime.py")
    parser.add_argument("--types", type=Path, required=True, help="folder of .d.ts files")
    parser.add_argument("--models", type=Path, required=True, help="folder of model files")
    parser.add_argument("--cache", type=Path, required=True, help="folder for compressed files")
    parser.add_argument("site", type=Path, help="folder to make")
    args = parser.parse_args()

    copy_pages(args.web, args.site)
    preload_modules(args.site)
    add_package(args.web / "package.json", args.types, args.site)
    copy_runtime(args.runtime, args.site / "pyodide")
    copy_models(args.models, args.site / "models")
    list_files(args.site)
    compress = Path(__file__).with_name("compress.mjs")
    subprocess.run(["node", compress, args.site, args.cache], check=True)
    # As their packages have them, for few visitors: not compressed.
    copy_others(args.web / "node_modules", args.site / "demo")


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


def copy_runtime(runtime, folder):
    shutil.copytree(runtime, folder, ignore=shutil.ignore_patterns("made-of"))


def copy_others(modules, folder):
    for target, (package, *files) in OTHERS.items():
        (folder / target).mkdir(parents=True)
        for file in files:
            shutil.copy(modules / package / file, folder / target)


def copy_models(models, folder):
    """Copy the model files; name them in index.json, the smallest first."""
    folder.mkdir()
    files = sorted(models.glob("*.npz"), key=lambda path: path.stat().st_size)
    for file in files:
        shutil.copy(file, folder)
    index = {"models": [describe_model(file) for file in files]}
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def describe_model(file):
    content = file.read_bytes()
    return {
        "name": file.stem,
        "weights": count_weights(file),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def count_weights(file):
    """As `PercepNet.n_weights`, but without numpy."""
    n_weights = 0
    with ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".weight.npy"):
                header = re.search(rb"\{.*?\}", archive.read(name), re.DOTALL)[0]
                n_weights += prod(ast.literal_eval(header.decode())["shape"])
    return n_weights


if __name__ == "__main__":
    main()
