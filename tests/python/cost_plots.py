"""Draw how cost grows: docs/cost.png, and the numbers as a table.

    ./build_wasm.sh && PYTHONPATH=py python tests/python/cost_plots.py

On the left milliseconds per hop of networks of growing full-band GRUs, for every kernel that
runs natively and in the page's Pyodide (under node). On the right a folder of two-minute files
through `percepnet denoise`, on one core and on two; of two tries the better, as other programs
only add to it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import numpy as np
import soundfile

from percepnet.benchmark import noisy_voice
from percepnet.constants import SAMPLE_RATE

matplotlib.use("agg")
from matplotlib import pyplot

HERE = Path(__file__).parent
PICTURE = HERE.parents[1] / "docs" / "cost.png"
N_FILES = (1, 2, 4, 8)
FILE_SECONDS = 120
N_TRIES = 2
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def output_of(*command):
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD
    ).stdout


def growth():
    """Rows of growth.py; those of Pyodide are called after the browser."""
    native = json.loads(output_of(sys.executable, HERE / "growth.py"))
    command = "node", "--experimental-wasm-relaxed-simd", HERE / "growth.mjs"
    browser = json.loads(output_of(*command))
    return [row | {"kernel": f"native {row['kernel']}"} for row in native] + [
        row | {"kernel": f"wasm {row['kernel']}"} for row in browser
    ]


def folder_seconds(file, n_files, n_jobs):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in")
        source.mkdir()
        for n in range(n_files):
            shutil.copy(file, source / f"{n}.wav")
        command = [sys.executable, "-m", "percepnet", "denoise", source]
        times = []
        for n in range(N_TRIES):
            start = time.perf_counter()
            output_of(*command, Path(folder, f"out-{n}"), "--jobs", str(n_jobs))
            times.append(time.perf_counter() - start)
        return min(times)


def folder_times():
    """By the number of processes, seconds for each number of files."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, noisy_voice(FILE_SECONDS), SAMPLE_RATE)
        return {
            n_jobs: [folder_seconds(file.name, n_files, n_jobs) for n_files in N_FILES]
            for n_jobs in (1, 2)
        }


def draw(rows, times):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for kernel in dict.fromkeys(row["kernel"] for row in rows):
        mine = [row for row in rows if row["kernel"] == kernel]
        style = "o-" if kernel.startswith("wasm") else "s--"
        left.loglog([r["weights"] for r in mine], [r["ms"] for r in mine], style, label=kernel)
    left.axhline(10, color="grey", linewidth=0.8)
    left.set(xlabel="weights", ylabel="ms per hop of 10 ms: the network alone")
    left.legend(fontsize="x-small")
    for n_jobs, seconds in times.items():
        right.plot(N_FILES, seconds, "o-", label=f"{n_jobs} process{'es' * (n_jobs > 1)}")
    right.set(xlabel="files of two minutes", ylabel="seconds", xlim=(0, None), ylim=(0, None))
    right.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


def main():
    rows = growth()
    times = folder_times()
    draw(rows, times)
    for row in rows:
        ns = 1e6 * row["ms"] / row["weights"]
        print(f"{row['kernel']:22} {row['weights']:>11,} {row['ms']:8.3f} ms {ns:7.3f} ns/weight")
    for n_jobs, seconds in times.items():
        print(n_jobs, "jobs:", ", ".join(np.char.mod("%.1f s", seconds)))


if __name__ == "__main__":
    main()
