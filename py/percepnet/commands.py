"""What each command does and prints. Nothing else in the package prints.

scipy, soundfile and tqdm are imported where they are used: the rest works without them.
"""

import hashlib
import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

import percepnet
from percepnet.constants import HOP_LENGTH, LATENCY, SAMPLE_RATE
from percepnet.errors import AudioError
from percepnet.network import bundled_models
from percepnet.nn.kernels import available_kernels

EXIT_ERROR = 2


def report(message: str) -> int:
    """Print an error as one line and return the exit code for it."""
    print(f"percepnet: error: {' '.join(message.split())}", file=sys.stderr)
    return EXIT_ERROR


def run_denoise(arguments) -> int:
    from tqdm import tqdm

    from percepnet import file_jobs

    source, target = arguments.source, arguments.target
    if target.exists() and source.exists() and source.samefile(target):
        raise AudioError(f"{target}: is the input itself: give the output another name")
    is_folder = source.is_dir()
    if is_folder and target.is_file():
        raise AudioError(f"{target}: is a file, but {source} is a folder: name a folder")
    jobs = file_jobs.folder_jobs(source, target) if is_folder else [file_jobs.Job(source, target)]
    settings = file_jobs.Settings(
        arguments.model, arguments.strength, arguments.attenuation_limit, arguments.linked
    )

    start = time.perf_counter()
    n_failed, audio_seconds = 0, 0.0
    with tqdm(
        total=sum(map(file_jobs.duration, jobs)),
        bar_format="{percentage:3.0f} % |{bar:30}| {n:.0f} of {total:.0f} s, {remaining} left",
        disable=None,  # on a terminal only
        delay=1,
        leave=False,
    ) as bar:
        for outcome in file_jobs.run_jobs(jobs, settings, arguments.jobs, bar.update):
            audio_seconds += outcome.audio_seconds
            if outcome.error:
                n_failed += 1
                bar.clear()
                report(outcome.error)
    wall_seconds = time.perf_counter() - start

    if n_failed < len(jobs):
        what = f"{len(jobs) - n_failed} of {len(jobs)} files" if is_folder else target
        print(
            f"{what}: {audio_seconds:.1f} s denoised in {wall_seconds:.1f} s, "
            f"RTF={wall_seconds / audio_seconds:.4f}"
        )
    return EXIT_ERROR if n_failed else 0


def run_info(arguments) -> int:
    models = bundled_models()
    subject = arguments.subject
    if subject is None:
        print(f"percepnet {percepnet.__version__}, {runtime()}")
        print(
            f"{SAMPLE_RATE} Hz, hops of {HOP_LENGTH} samples, "
            f"latency {LATENCY} samples ({1000 * LATENCY / SAMPLE_RATE:.0f} ms)"
        )
        print(f"kernels, the fastest first: {', '.join(available_kernels())}")
        for path in models.values():
            print()
            print_model(path)
    elif subject in models or Path(subject).suffix == ".npz":
        print_model(models.get(subject, Path(subject)))
    else:
        print_audio(Path(subject))
    return 0


def print_model(path: Path) -> None:
    network = percepnet.load_model(path)
    sizes = asdict(network.topology).items()
    print_table(
        f"model {path.stem}",
        {
            "file": path,
            "version": network.version,
            "topology": ", ".join(f"{layer} {size}" for layer, size in sizes),
            "weights": f"{network.n_weights:,}",
            "kernel": network.kernel,
            "bytes": f"{path.stat().st_size:,}",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
    )


def print_audio(path: Path) -> None:
    from percepnet.audio_file import AudioReader

    with AudioReader(path) as reader:
        form, n_samples = reader.format, reader.n_samples
        print_table(
            f"audio {path}",
            {
                "format": f"{form.container} {form.subtype}",
                "rate": f"{form.sample_rate} Hz",
                "channels": form.n_channels,
                "length": f"{n_samples} samples, {n_samples / form.sample_rate:.2f} s",
            },
        )


def print_table(title: str, rows: dict) -> None:
    print(title)
    for name, value in rows.items():
        print(f"  {name:10} {value}")


def run_bench(arguments) -> int:
    from percepnet.benchmark import bench

    model = percepnet.load_model(arguments.model, kernel=arguments.kernel)
    result = bench(model, arguments.seconds)
    if arguments.json:
        print(json.dumps({"model": arguments.model, **result}, indent=2))
        return 0
    print(
        f"model {arguments.model}, {result['n_weights']:,} weights, kernel {result['kernel']}, "
        f"{runtime()}\n"
        f"{result['n_hops']} hops of 10 ms, real-time factor {result['real_time_factor']:.4f}\n"
    )
    print_table("ms per hop", {name: f"{value:8.3f}" for name, value in result["hop_ms"].items()})
    stages = result["stages_ms"]
    print()
    print_table(
        "of which, on average",
        {
            stage: f"{value:8.3f} {100 * value / sum(stages.values()):5.1f} %"
            for stage, value in stages.items()
        },
    )
    print(f"\nnetwork: {result['ns_per_weight']:.3f} ns per weight")
    return 0


def run_oracle(arguments) -> int:
    from percepnet.oracle_report import make_report

    model = percepnet.load_model(arguments.model)
    result = make_report(arguments.clean, arguments.noise, arguments.snr, arguments.out, model)
    print(result.table())
    for note in result.notes:
        print(note)
    print(f"{arguments.out}: sounds, oracle.png, filters.png, table.md, table.json")
    return 0


def runtime() -> str:
    return f"numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}"


def run_evaluate(arguments) -> int:
    from tqdm import tqdm

    from percepnet.evaluation import (
        Model,
        Recordings,
        Unprocessed,
        evaluate,
        find_pairs,
        score_table,
        write_csv,
    )

    pairs = find_pairs(arguments.pairs)
    recordings = [Recordings(folder) for folder in arguments.enhanced]
    systems = [
        Unprocessed(),
        *recordings,
        *(Model(name) for name in arguments.model or ["default"]),
    ]
    names = [system.name for system in systems]
    for name in names:
        if names.count(name) > 1:
            raise AudioError(f"two of the systems are called {name!r}: rename one of the folders")
    # What is wrong is said before hours of work
    for model in arguments.model or []:
        percepnet.load_model(model)
    for system in recordings:
        for pair in pairs:
            system.output(pair)
    if arguments.csv and not arguments.csv.absolute().parent.is_dir():
        raise AudioError(f"{arguments.csv}: its folder does not exist: make it first")
    with tqdm(total=len(pairs), unit="pair", disable=None, leave=False) as bar:
        rows = evaluate(pairs, systems, arguments.jobs, bar.update)
    print(f"{len(pairs)} pairs, {runtime()}\n\n{score_table(rows)}")
    if arguments.csv:
        write_csv(arguments.csv, rows)
    return 0
