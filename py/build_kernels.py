"""Compile the C files for this machine whenever the package is built: a hook of hatchling's.

A wheel takes the kernels along; for an editable install, and with

    python py/build_kernels.py

they come to lie beside their source. Where there is no C compiler, or with HATCH_BUILD_NO_HOOKS
set, the package is built without them, is the same for every machine, and computes in numpy.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
INT8 = Path("percepnet/nn/kernels")
DSP = Path("percepnet/dsp/kernels")

COMPILERS = ("cc", "gcc", "clang")
FLAGS = [
    *("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno"),
    *("-fPIC", "-fvisibility=hidden", "-shared"),
]
X86_64 = {"avx2": ["-mavx2"], "avx512-vnni": ["-mavx512f", "-mavx512vnni"]}
ARM64 = {"neon-dotprod": ["-march=armv8.2-a+dotprod"]}
MACHINES = {"x86_64": X86_64, "AMD64": X86_64, "aarch64": ARM64, "arm64": ARM64}


class BuildHook(BuildHookInterface):
    """Adds the kernels to a wheel and the machine to its name."""

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            compile_kernels(HERE)
            return
        self._folder = tempfile.TemporaryDirectory()
        kernels = compile_kernels(Path(self._folder.name))
        if not kernels:
            return
        for file in kernels:
            place = file.relative_to(self._folder.name)
            build_data["force_include"][str(file)] = str(place)
        machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{machine}"

    def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()


def compile_kernels(root: Path) -> list[Path]:
    """Compile what the compiler can; returns the files, below `root` where the package has them."""
    compiler = find_compiler()
    if compiler is None:
        print("percepnet: no C compiler: without kernels, in numpy only", file=sys.stderr)
        return []
    variants = {"portable": []} | MACHINES.get(platform.machine(), {})
    wanted = {INT8 / f"int8-{name}.so": flags for name, flags in variants.items()}
    wanted[DSP / "dsp-portable.so"] = []
    files = []
    for place, flags in wanted.items():
        file, temporary = root / place, root / place.with_suffix(".part")
        file.parent.mkdir(parents=True, exist_ok=True)
        sources = map(str, sorted((HERE / place).parent.glob("*.c")))
        command = [*compiler, *FLAGS, *flags, *sources, "-o", str(temporary)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            print(f"percepnet: no kernel {place.stem!r}: {run.stderr.strip()}", file=sys.stderr)
            continue
        os.replace(temporary, file)
        files.append(file)
    return files


def find_compiler() -> list[str] | None:
    """The command of a C compiler: what the variable CC says, else the first of the usual."""
    commands = [shlex.split(os.environ.get("CC", "")), *([name] for name in COMPILERS)]
    return next((words for words in commands if words and shutil.which(words[0])), None)


if __name__ == "__main__":
    for file in compile_kernels(HERE):
        print(file)
