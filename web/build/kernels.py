"""Compile the C files to WebAssembly; int8.c once more with relaxed SIMD."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path("py/percepnet")
INT8 = ("nn/kernels/int8.c",)
DSP = ("dsp/kernels/pitch.c", "dsp/kernels/channel.c")

COMPILER = "ziglang==0.17.1"  # of the package index: clang and wasm-ld in a wheel
COMPILE = [
    *("cc", "-target", "wasm32-emscripten", "-std=c11", "-O3", "-ffp-contract=off"),
    *("-fno-math-errno", "-fPIC", "-fvisibility=hidden", "-msimd128", "-c"),
]
LINK = [
    *("wasm-ld", "-shared", "--experimental-pic", "--no-entry", "--export-dynamic"),
    *("--strip-all", "--unresolved-symbols=import-dynamic"),
]
KERNELS = {  # by their places in the package: of what, and how
    "nn/kernels/int8-simd128.wasm": (INT8, []),
    "nn/kernels/int8-relaxed-simd.wasm": (INT8, ["-mrelaxed-simd"]),
    "dsp/kernels/dsp-simd128.wasm": (DSP, []),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("compiler", type=Path, help="folder that holds or gets the compiler")
    parser.add_argument("folder", type=Path, help="folder that holds or gets the kernels")
    args = parser.parse_args()
    files = [Path(__file__), *sorted(PACKAGE.glob("*/kernels/*.[ch]"))]
    inputs = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    made_of = args.folder / "made-of"
    if made_of.exists() and made_of.read_text() == inputs:
        return
    install_compiler(args.compiler)
    shutil.rmtree(args.folder, ignore_errors=True)
    for place, (sources, flags) in KERNELS.items():
        made = args.folder / place
        made.parent.mkdir(parents=True, exist_ok=True)
        compiled = [made.with_name(Path(source).name).with_suffix(".o") for source in sources]
        for source, target in zip(sources, compiled, strict=True):
            run_compiler(args.compiler, *COMPILE, *flags, PACKAGE / source, "-o", target)
        run_compiler(args.compiler, *LINK, *compiled, "-o", made)
        for target in compiled:
            target.unlink()
    made_of.write_text(inputs)


def install_compiler(folder):
    installed = folder / COMPILER  # written last: without it the folder does not count
    if installed.exists():
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", folder]
    subprocess.run([*pip, COMPILER], check=True)
    installed.touch()


def run_compiler(folder, *arguments):
    cache = str(folder / "cache")
    caches = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    command = [folder / "ziglang" / "zig", *arguments]
    subprocess.run(command, check=True, env=os.environ | caches)


if __name__ == "__main__":
    main()
