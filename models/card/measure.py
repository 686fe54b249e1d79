"""Measure noise suppressors on the sets that make_sets.py wrote; print the card's tables.

A system is one of our models (its name or file), or NAME=FOLDER: what another program made of the
sets, FOLDER/SET/NN.wav at 48 kHz. The delay of such a program is found and taken out.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from make_sets import GAIN_SNRS_DB
from scipy.signal import correlate

from percepnet import load_model
from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet.evaluation import Model, Unprocessed, find_pairs, read_mono
from percepnet.scores import pesq_wb, si_sdr_db, stoi_score

SCORED = {
    "voices": "voices, 5 dB of unseen noise",
    "higher": "the same voices a quarter higher, 5 dB",
    "telephone": "telephone: 300 to 3400 Hz, µ-law, 5 dB",
    "room": "in a room, T60 0.5 s, against the early sound",
    "noisy-room": "in that room with noise at 5 dB",
    "music": "music behind the voice, 5 dB",
    "talker": "another talker as loud",
    "full-band": "clean full-band speech",
}
GAINED = {"fan": "synthesised fan", "rain": "recorded rain", "crowd": "six dry talkers"}
SURVIVING = {
    "laughter": "laughter",
    "singing": "singing",
    "whisper": "whisper (speech re-excited by noise)",
    "breath": "breath (synthesised)",
    "speech": "clean speech",
}
NOISY, CLEAN, FULL_BAND = "voices", "speech", "full-band"

# What is measured of them: the function, and how its mean is written.
SCORES = {
    "PESQ-WB": (pesq_wb, lambda mean: f"{mean:.2f}"),
    "STOI": (stoi_score, lambda mean: f"{mean:.3f}".removeprefix("0")),
    "SI-SDR, dB": (si_sdr_db, lambda mean: f"{mean:z.1f}".replace("inf", "∞")),
}

HIGHS_HZ = (8_000, 16_000)
HEARD_DB, GAP_DB = -30, -50  # beside the loud hops: above is heard, below is between words
LOUD_QUANTILE = 0.98
MIN_GAP_HOPS = 10
LOST = 10 ** (-15 / 10)  # of the energy of a hop
MAX_DELAY = SAMPLE_RATE // 10


@dataclass(frozen=True)
class Outputs:
    """What another program made of the sets, ``delay`` samples late."""

    name: str
    folder: Path
    delay: int = 0

    def enhanced(self, pair, noisy):
        """Its output aligned with the noisy signal, (n,) float32."""
        samples = read_mono(self.folder / pair.noisy.parents[1].name / pair.noisy.name)
        samples = samples[self.delay :][: len(noisy)]
        return np.pad(samples, (0, len(noisy) - len(samples)))


def system_of(argument, sets):
    """The system that an argument of the command line names."""
    name, is_folder, folder = argument.partition("=")
    if not is_folder:
        load_model(argument)  # what is wrong with it is said before the work
        return Model(argument)
    late = Outputs(name, Path(folder))
    delays = [_delay(made, clean) for _, clean, (made,) in signals(sets / CLEAN, [late])]
    return replace(late, delay=int(np.median(delays)))


def signals(folder, systems):
    """Of each pair: the noisy and the clean signal, and what each system makes of it."""
    for pair in find_pairs(folder):
        noisy, clean = pair.read()
        yield noisy, clean, [system.enhanced(pair, noisy) for system in systems]


def scored_table(sets, systems):
    """Mean scores of the noisy signals and of each system in turn."""
    systems = [Unprocessed(), *systems]
    yield from heading([" → ".join(system.name for system in systems), *SCORES])
    for name, title in SCORED.items():
        found = [(clean, enhanced) for _, clean, enhanced in signals(sets / name, systems)]
        cells = [title]
        for score, written in SCORES.values():
            means = np.mean([[score(x, clean) for x in enhanced] for clean, enhanced in found], 0)
            cells.append(" → ".join(map(written, means)))
        yield line(cells)


def full_band_table(sets, systems):
    """The least PESQ of clean speech, and by how much its highs change."""
    yield from heading(["clean full-band speech", "least PESQ", "8-16 kHz, dB", "at most, dB"])
    found = list(signals(sets / FULL_BAND, systems))
    for n, system in enumerate(systems):
        least = min(pesq_wb(enhanced[n], clean) for _, clean, enhanced in found)
        changes_db = [
            _change_db(_highs(clean), _highs(enhanced[n])) for _, clean, enhanced in found
        ]
        most_db = max(changes_db, key=abs)
        yield line([system.name, f"{least:.2f}", f"{np.mean(changes_db):.1f}", f"{most_db:.1f}"])


def gain_table(sets, systems):
    """By how much SI-SDR rises, at each ratio of levels."""
    title = f"SI-SDR gain at {' and '.join(map(str, GAIN_SNRS_DB))} dB, dB"
    yield from heading([title, *(system.name for system in systems)])
    for name, title in GAINED.items():
        gains_db = [
            np.mean(
                [
                    [si_sdr_db(signal, clean) - si_sdr_db(noisy, clean) for signal in enhanced]
                    for noisy, clean, enhanced in signals(sets / f"{name}-{snr_db}-db", systems)
                ],
                axis=0,
            )
            for snr_db in GAIN_SNRS_DB
        ]
        columns = zip(*gains_db, strict=True)
        yield line([title, *(", ".join(f"{value:.1f}" for value in column) for column in columns)])


def survival_table(sets, systems):
    """Mean change of a file's energy, and share of the hops that were heard and are lost."""
    columns = [column for system in systems for column in (f"{system.name}: energy, dB", "lost")]
    yield from heading(["", *columns])
    for name, title in SURVIVING.items():
        changes_db, are_lost = [], []
        for noisy, _, enhanced in signals(sets / name, systems):
            before, *after = map(_hop_powers, (noisy, *enhanced))
            heard = _above(before, HEARD_DB)
            changes_db.append([_change_db(before, powers) for powers in after])
            are_lost.append([powers[heard] < LOST * before[heard] for powers in after])
        energy = (f"{value:z.1f}" for value in np.mean(changes_db, axis=0))
        lost = (f"{value:.0%}" for value in np.mean(np.hstack(are_lost), axis=1))
        pairs = zip(energy, lost, strict=True)
        yield line([f"{title}, {len(changes_db)}", *(cell for pair in pairs for cell in pair)])


def gap_table(sets, systems):
    """Mean change of the energy that a file has in gaps between words."""
    yield from heading(["noise in gaps, dB", *(system.name for system in systems)])
    changes_db = []
    for noisy, clean, enhanced in signals(sets / NOISY, systems):
        gaps = ~_above(_hop_powers(clean), GAP_DB)
        if gaps.sum() >= MIN_GAP_HOPS:
            before, *after = (_hop_powers(signal)[gaps] for signal in (noisy, *enhanced))
            changes_db.append([_change_db(before, powers) for powers in after])
    means_db = np.mean(changes_db, axis=0)
    yield line([f"{len(changes_db)} voices", *(f"{value:.1f}" for value in means_db)])


TABLES = (scored_table, full_band_table, gain_table, survival_table, gap_table)


def heading(cells):
    """The first two lines of a table."""
    return line(cells), "|---|" + "---:|" * (len(cells) - 1)


def line(cells):
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def _delay(late, signal):
    """Samples by which ``late`` lags behind ``signal``."""
    middle = len(signal) - 1
    correlation = correlate(late, signal, method="fft")[middle : middle + MAX_DELAY]
    return int(np.argmax(correlation))


def _highs(signal):
    power = np.abs(np.fft.rfft(signal)) ** 2
    frequency_hz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    return power[(frequency_hz >= HIGHS_HZ[0]) & (frequency_hz < HIGHS_HZ[1])]


def _change_db(before, after):
    return 10 * np.log10(after.sum() / before.sum())


def _hop_powers(signal):
    hops = signal[: len(signal) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    return np.mean(hops.astype(float) ** 2, axis=1)


def _above(powers, range_db):
    return powers >= 10 ** (range_db / 10) * np.quantile(powers, LOUD_QUANTILE)


def main():
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, metavar="SETS", help="as make_sets.py wrote them")
    parser.add_argument("systems", nargs="+", metavar="SYSTEM", help="MODEL or NAME=FOLDER")
    arguments = parser.parse_args()
    systems = [system_of(argument, arguments.sets) for argument in arguments.systems]
    for table in TABLES:
        print(*table(arguments.sets, systems), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
