"""Recordings on disk, decoded one by one.

Two layouts are read: folders with manifests (``speech_manifest.csv``, ``noise_manifest.csv``,
``rir_manifest.csv`` beside their shards), and plain folders with ``speech``, ``noise`` and ``rir``
inside, whose sub-folders name the speakers and the kinds of noise.
"""

import csv
import zlib

import numpy as np
import soundfile
from scipy.signal import resample_poly
from tqdm import tqdm

from percepnet.audio_format import CONTAINERS
from percepnet.constants import SAMPLE_RATE
from percepnet_training.errors import TrainingError

DEV_ONE_IN = 20  # plain folders: one group in 20 is for validation


def read_recordings(sources, kind):
    """Yield (split, group, bandwidth_hz or None, samples) of every recording of a kind."""
    for source in sources:
        if (source / f"{kind}_manifest.csv").exists():
            yield from _shards(source, kind)
        else:
            yield from _files(source / kind)


def _shards(source, kind):
    with open(source / f"{kind}_manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: (row["shard"], int(row["start_sample"])))
    shard = samples = None
    for row in tqdm(rows, kind):
        if row["shard"] != shard:
            shard, samples = row["shard"], decode(source / row["shard"])
        start, group = int(row["start_sample"]), row.get("speaker_id") or row.get("category")
        yield (
            row["split"],
            group,
            float(row["bandwidth_hz"]),
            samples[start : start + int(row["n_samples"])],
        )


def _files(folder):
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in CONTAINERS)
    groups = [path.parent.relative_to(folder).as_posix() for path in paths]
    dev = _dev_groups(set(groups))
    for path, group in zip(tqdm(paths, folder.name), groups, strict=True):
        yield "dev" if group in dev else "train", group, None, decode(path)


def _dev_groups(groups):
    """One in DEV_ONE_IN, by name, so that more recordings do not move the others; at least one."""
    marks = {group: zlib.crc32(group.encode()) for group in groups}
    chosen = {group for group, mark in marks.items() if mark % DEV_ONE_IN == 0}
    return chosen or {min(marks, key=marks.get)} if marks else set()


def read_responses(sources):
    """Yield every room response, (n,) float32."""
    for source in sources:
        manifest = source / "rir_manifest.csv"
        if manifest.exists():
            with open(manifest, newline="", encoding="utf-8") as file:
                paths = [source / row["file"] for row in csv.DictReader(file)]
        else:
            paths = sorted(p for p in (source / "rir").rglob("*") if p.suffix.lower() in CONTAINERS)
        yield from map(decode, paths)


def decode(path):
    """Samples of a file at 48 kHz, channels averaged, (n,) float32."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise TrainingError(f"cannot decode {path} ({error}): remove or replace it") from error
    samples = samples.mean(1)
    if rate == SAMPLE_RATE:
        return samples
    divisor = np.gcd(rate, SAMPLE_RATE)
    return resample_poly(samples, SAMPLE_RATE // divisor, rate // divisor).astype(np.float32)
