"""Scores of noisy recordings, as they are and enhanced, against their clean originals."""

import csv
import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from percepnet.audio_file import AudioReader
from percepnet.composite import composite_scores
from percepnet.constants import SAMPLE_RATE
from percepnet.errors import AudioError
from percepnet.network import load_model
from percepnet.scores import Dnsmos, hf_lsd_db, pesq_wb, si_sdr_db, stoi_score, to_wide_band
from percepnet.stream import enhance

SCORES = (
    "PESQ-WB", "STOI", "SI-SDR dB", "CSIG", "CBAK", "COVL", "SIG", "BAK", "OVRL", "P808",
    "HF-LSD dB",
)  # fmt: skip
SNR_STEP_DB = 5  # pairs are grouped to the nearest multiple
BY_SNR = ("PESQ-WB", "SI-SDR dB", "OVRL")  # scores that are shown for each group, too


@dataclass(frozen=True)
class Pair:
    """A noisy recording and the clean speech in it: files of one channel at 48 kHz."""

    name: str
    noisy: Path
    clean: Path

    def read(self):
        """Noisy and clean signal, (n,) float32 each, of equal length."""
        noisy, clean = read_mono(self.noisy), read_mono(self.clean)
        if len(noisy) != len(clean):
            raise AudioError(
                f"{self.noisy}: has {len(noisy)} samples, {self.clean} has {len(clean)}: "
                "a pair must be aligned"
            )
        return noisy, clean


@dataclass(frozen=True)
class Unprocessed:
    """The noisy recordings themselves."""

    name: str = "noisy"

    def enhanced(self, pair, noisy):
        """The noisy signal."""
        return noisy


@dataclass(frozen=True)
class Model:
    """What a model makes of them: a bundled model's name or a file."""

    name: str

    def enhanced(self, pair, noisy):
        """The enhanced signal, (n,) float32."""
        return enhance(noisy, _loaded(self.name))


@dataclass(frozen=True)
class Recordings:
    """What another program made of them: files of the same names in a folder."""

    folder: Path

    @property
    def name(self):
        """Name of the folder."""
        return self.folder.name

    def output(self, pair):
        """The other program's file for a pair.

        Raises
        ------
        AudioError
            It is missing.
        """
        path = self.folder / pair.noisy.name
        if not path.is_file():
            raise AudioError(f"{path}: is missing: {pair.noisy} has no output there")
        return path

    def enhanced(self, pair, noisy):
        """The other program's output, cut or padded to the length of the noisy signal."""
        samples = read_mono(self.output(pair))[: len(noisy)]
        return np.pad(samples, (0, len(noisy) - len(samples)))


def find_pairs(folder):
    """Pairs of a folder with ``noisy`` and ``clean`` in it, files of the same names.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Pair
        Sorted by name.

    Raises
    ------
    AudioError
        A folder is missing or empty, or a noisy file has no clean one.
    """
    noisy, clean = folder / "noisy", folder / "clean"
    for part in (noisy, clean):
        if not part.is_dir():
            raise AudioError(
                f"{part}: is no folder: pairs are files of the same names in "
                f"{folder}/noisy and {folder}/clean"
            )
    pairs = [
        Pair(path.stem, path, clean / path.name)
        for path in sorted(noisy.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]
    if not pairs:
        raise AudioError(f"{noisy}: holds no file: put noisy recordings there")
    for pair in pairs:
        if not pair.clean.is_file():
            raise AudioError(f"{pair.clean}: is missing: {pair.noisy} has no clean original")
    return pairs


def read_mono(path):
    """Samples of a file of one channel at 48 kHz, (n,) float32."""
    with AudioReader(path) as reader:
        rate, n_channels = reader.format.sample_rate, reader.format.n_channels
        if (rate, n_channels) != (SAMPLE_RATE, 1):
            raise AudioError(
                f"{path}: has {n_channels} channels at {rate} Hz: "
                f"convert it to one channel at {SAMPLE_RATE} Hz"
            )
        return np.concatenate(list(reader.blocks()), axis=1)[0]


def evaluate(pairs, systems, n_jobs, on_pair):
    """Score every system on every pair.

    Parameters
    ----------
    pairs : list of Pair
    systems : list
        Each with a ``name`` and ``enhanced(pair, noisy)``, picklable.
    n_jobs : int
        Processes.
    on_pair : callable
        Called without arguments when a pair is done.

    Returns
    -------
    list of dict
        One for each pair and system: ``pair``, ``SNR dB``, ``system`` and SCORES; NaN where a
        score cannot be had of a pair.
    """
    rows = []
    with ProcessPoolExecutor(n_jobs) as pool:
        for found in pool.map(partial(_score_pair, systems), pairs):
            rows += found
            on_pair()
    return rows


def score_table(rows):
    """Mean scores of each system as a table in Markdown, then some by signal-to-noise ratio."""
    systems = list(dict.fromkeys(row["system"] for row in rows))
    snrs_db = sorted({_group(row) for row in rows})

    def line(heading, values):
        return f"| {heading} | {' | '.join(values)} |"

    def mean(system, score, snr_db=None):
        values = [
            row[score] for row in rows if row["system"] == system and snr_db in (None, _group(row))
        ]
        known = [value for value in values if math.isfinite(value)]
        digits = 3 if score == "STOI" else 2
        return f"{np.mean(known):.{digits}f}" if known else "-"

    lines = [line("", SCORES), "|---|" + "---:|" * len(SCORES)]
    lines += [line(system, [mean(system, score) for score in SCORES]) for system in systems]
    for score in BY_SNR:
        lines += ["", line(f"{score} at SNR dB", [f"{snr_db:+d}" for snr_db in snrs_db])]
        lines += ["|---|" + "---:|" * len(snrs_db)]
        lines += [
            line(system, [mean(system, score, snr_db) for snr_db in snrs_db]) for system in systems
        ]
    return "\n".join(lines)


def write_csv(path, rows):
    """All rows, one line each; whole or not at all."""
    partial_path = path.with_name(f".{path.name}.partial")
    with open(partial_path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial_path, path)


def score_signal(signal, clean):
    """Every score of a signal, a dict with the keys SCORES."""
    pesq = pesq_wb(signal, clean)
    wide_band = (to_wide_band(signal), to_wide_band(clean))
    return {
        "PESQ-WB": pesq,
        "STOI": stoi_score(signal, clean),
        "SI-SDR dB": si_sdr_db(signal, clean),
        **composite_scores(*wide_band, pesq),
        **_dnsmos()(signal),
        "HF-LSD dB": hf_lsd_db(signal, clean),
    }


def _score_pair(systems, pair):
    noisy, clean = pair.read()
    noise_energy = max(float(np.sum((noisy - clean) ** 2, dtype=float)), 1e-12)
    snr_db = 10 * np.log10(max(float(np.sum(clean**2, dtype=float)), 1e-12) / noise_energy)
    return [
        {"pair": pair.name, "SNR dB": round(snr_db, 2), "system": system.name}
        | score_signal(system.enhanced(pair, noisy), clean)
        for system in systems
    ]


def _group(row):
    return SNR_STEP_DB * round(row["SNR dB"] / SNR_STEP_DB)


@cache
def _loaded(model):
    return load_model(model)


@cache
def _dnsmos():
    return Dnsmos()
