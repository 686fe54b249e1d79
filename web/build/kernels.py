"""Compile int8.c to WebAssembly: one kernel that every browser runs, one with relaxed SIMD."""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path("py/percepnet/nn/kernels/int8.c")

COMPILER = "ziglang==0.17.1"  # of the package index: clang and wasm-ld in a wheel
COMPILE = [
    *("cc", "-target", "wasm32-emscripten", "-std=c11", "-O3", "-ffp-contract=off"),
    *("-fPIC", "-fvisibility=hidden", "-msimd128", "-c"),
]
LINK = [
    *("wasm-ld", "-shared", "--experimental-pic", "--no-entry", "--export-dynamic"),
    *("--strip-all", "--unresolved-symbols=import-dynamic"),
]
KERNELS = {"simd128": [], "relaxed-simd": ["-mrelaxed-simd"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("compiler", type=Path, help="folder that holds or gets the compiler")
    parser.add_argument("folder", type=Path, help="folder that holds or gets the kernels")
    args = parser.parse_args()
    inputs = hashlib.sha256(SOURCE.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    made_of = args.folder / "made-of"
    if made_of.exists() and made_of.read_text() == inputs:
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    install_compiler(args.compiler)
    for kernel, flags in KERNELS.items():
        made = args.folder / f"int8-{kernel}.wasm"
        compiled, linked = made.with_suffix(".o"), made.with_suffix(".part")
        run_compiler(args.compiler, *COMPILE, *flags, SOURCE, "-o", compiled)
        run_compiler(args.compiler, *LINK, compiled, "-o", linked)
        compiled.unlink()
        os.replace(linked, made)
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
