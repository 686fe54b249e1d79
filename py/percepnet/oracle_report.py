"""The method step by step on a recording: sounds, pictures and a table of scores."""

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from percepnet.audio_file import AudioReader, AudioWriter, os_errors_as_audio_errors
from percepnet.audio_format import AudioFormat
from percepnet.constants import N_BANDS, SAMPLE_RATE
from percepnet.errors import AudioError
from percepnet.mixture import mix
from percepnet.oracle_figures import draw_filters, draw_stages
from percepnet.oracle_stages import Stages, oracle_stages
from percepnet.resampler import Resampler
from percepnet.scores import (
    Dnsmos,
    harmonics_to_noise_db,
    pesq_wb,
    si_sdr_db,
    stoi_score,
    voiced_periods,
)
from percepnet.stream import enhance

MIN_SECONDS, MAX_SECONDS = 1, 60

_WAV = AudioFormat(SAMPLE_RATE, 1, "WAV", "FLOAT")

_HEADINGS = {
    "clean": "clean",
    "noisy": "noisy",
    "magnitude": "oracle magnitudes, noisy phase",
    "gains": f"{N_BANDS} band gains",
    "comb": "+ comb filter",
    "postfilter": "+ post-filter",
    "network": "the network's output",
}


@dataclass(frozen=True)
class Report:
    """What the table says, and what one should know about it."""

    rows: dict  # heading of a stage to a dict of scores, None where there is none
    notes: list  # sentences

    def table(self):
        """The table in Markdown."""
        names = list(next(iter(self.rows.values())))
        lines = [["", *names], ["---"] + ["---:"] * len(names)]
        for heading, row in self.rows.items():
            lines.append([heading, *("-" if v is None else f"{v:.2f}" for v in row.values())])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def make_report(clean_path: Path, noise_path: Path, snr_db: float, out: Path, model) -> Report:
    """Mix, play the oracle and the network, write everything into a folder.

    Parameters
    ----------
    clean_path, noise_path : Path
        One channel each, any rate; noise that is shorter is repeated.
    snr_db : float
        Level of the speech where there is speech, to that of the noise.
    out : Path
        Folder for the WAV files, oracle.png, filters.png, table.md and table.json; made if need
        be.
    model : PercepNet

    Returns
    -------
    Report

    Raises
    ------
    AudioError
        Of a file that is not audio of one channel, too short, or silent.
    """
    notes = []
    clean = _read(clean_path, notes)
    noise = _read(noise_path, notes)
    noisy, clean = _mix(clean, noise, snr_db, (clean_path, noise_path), notes)

    with os_errors_as_audio_errors(f"{out}: cannot be written"):
        out.mkdir(parents=True, exist_ok=True)

    stages = oracle_stages(noisy, clean)
    signals = {"clean": clean}
    signals |= {field.name: getattr(stages, field.name) for field in fields(Stages)}
    signals["network"] = enhance(noisy, model)
    centres, periods = voiced_periods(clean)

    report = Report(_scores_of(signals, clean, (centres, periods), notes), notes)
    for number, (name, signal) in enumerate(signals.items()):
        with AudioWriter(out / f"{number}-{name}.wav", _WAV, len(signal)) as writer:
            writer.write(signal[None])
    headed = {f"{n} {_HEADINGS[name]}": signals[name] for n, name in enumerate(signals)}
    with os_errors_as_audio_errors(f"{out}: cannot be written"):
        draw_stages(out / "oracle.png", headed, centres)
        draw_filters(out / "filters.png")
        (out / "table.md").write_text(report.table() + "\n")
        (out / "table.json").write_text(json.dumps(report.rows, indent=2) + "\n")
    return report


def _read(path, notes):
    """The one channel of a file at 48 kHz, at most a minute of it."""
    with AudioReader(path) as reader:
        rate = reader.format.sample_rate
        if reader.format.n_channels != 1:
            raise AudioError(
                f"{path}: has {reader.format.n_channels} channels, expected 1: mix it down first"
            )
        blocks, n_kept = [], 0
        for block in reader.blocks():
            blocks.append(block)
            n_kept += block.shape[1]
            if n_kept > MAX_SECONDS * rate:
                notes.append(f"{path}: only the first {MAX_SECONDS} s are used")
                break
    signal = np.concatenate(blocks, axis=1)[:, : MAX_SECONDS * rate]
    if rate != SAMPLE_RATE:
        notes.append(f"{path}: resampled from {rate} Hz to {SAMPLE_RATE} Hz")
        resampler = Resampler(rate, SAMPLE_RATE)
        signal = np.concatenate([resampler.push(signal), resampler.flush()], axis=1)
    return signal[0]


def _mix(clean, noise, snr_db, paths, notes):
    """Noisy and clean signal: noise as long as the speech, at the level asked for."""
    clean_path, noise_path = paths
    if len(clean) < MIN_SECONDS * SAMPLE_RATE:
        raise AudioError(
            f"{clean_path}: is {len(clean) / SAMPLE_RATE:.2f} s long: "
            f"{MIN_SECONDS} s of speech or more are needed"
        )
    if len(noise) < len(clean):
        notes.append(f"{noise_path}: is shorter than the speech and repeated")
    noisy, clean, turned_down_db = mix(clean, noise, snr_db, paths)
    if turned_down_db > 0:
        notes.append(f"both turned down by {turned_down_db:.1f} dB to stay in ±1")
    return noisy, clean


def _scores_of(signals, clean, voiced, notes):
    """A dict of scores for each signal, by name."""
    rows = {name: {} for name in signals}
    for heading, score in _score_functions(clean, voiced).items():
        try:
            values = {name: score(signal) for name, signal in signals.items()}
        except ModuleNotFoundError as error:
            package = str(error.name).partition(".")[0]
            notes.append(
                f"{heading} left out: this needs {package}: pip install 'percepnet[oracle]'"
            )
            continue
        for name, value in values.items():
            found = value if isinstance(value, dict) else {heading: value}
            rows[name] |= {key: v if math.isfinite(v) else None for key, v in found.items()}
    return {_HEADINGS[name]: row for name, row in rows.items()}


def _score_functions(clean, voiced):
    """What gives each score, or a dict of several, of a signal."""
    dnsmos = cache(Dnsmos)  # its model is loaded once, and only if it is there
    return {
        "PESQ-WB": lambda signal: pesq_wb(signal, clean),
        "STOI": lambda signal: stoi_score(signal, clean),
        "SI-SDR dB": lambda signal: si_sdr_db(signal, clean),
        "DNSMOS": lambda signal: dnsmos()(signal),
        "HNR dB": lambda signal: harmonics_to_noise_db(signal, *voiced),
    }
