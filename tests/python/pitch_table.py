"""How the pitch tracker compares with praat's, printed as a table.

    python tests/python/pitch_table.py [CLEAN_FOLDER NOISE_FOLDER]

needs praat-parselmouth and librosa beside percepnet's own packages. On gliding synthetic voices
in white noise the truth is known. On real speech (folders of 48 kHz WAV files of one channel,
mixed with one another) the reference is the tracker itself on the clean signal with knowledge of
all of it, in the frames that praat calls voiced, too.

Gross errors are off by more than 20 %, octave errors are near twice, half, three times or a third
of the period; both in % of the voiced frames. Ours is live, decided 20 ms later; praat's and
pYIN's tracks are decided with knowledge of the whole signal. Where they call a voiced frame
unvoiced, that counts as a gross error in the second figure and is left out of the first.
"""

import argparse
from pathlib import Path

import librosa
import numpy as np
import parselmouth
import soundfile as sf

from conftest import glide
from percepnet.constants import HOP_LENGTH, MAX_PERIOD, MIN_PERIOD, SAMPLE_RATE
from percepnet.dsp.pitch import HISTORY_BEFORE, track_live, track_whole

SNRS_DB = (20, 10, 5, 0)
LOWEST_HZ, HIGHEST_HZ = SAMPLE_RATE / MAX_PERIOD, SAMPLE_RATE / MIN_PERIOD


def ours(signal, track=track_live):
    """f0 of the frames around each multiple of a hop."""
    periods, correlations = track(np.concatenate([np.zeros(HISTORY_BEFORE), signal]))
    late = 2 if track is track_live else 0
    return SAMPLE_RATE / periods[late:], correlations[late:]


def praat(signal):
    sound = parselmouth.Sound(signal.astype(float), SAMPLE_RATE)
    pitch = sound.to_pitch_ac(
        time_step=HOP_LENGTH / SAMPLE_RATE, pitch_floor=LOWEST_HZ, pitch_ceiling=HIGHEST_HZ
    )
    times = np.arange(len(signal) // HOP_LENGTH) * HOP_LENGTH / SAMPLE_RATE
    nearest = np.abs(pitch.xs()[None] - times[:, None]).argmin(axis=1)
    return pitch.selected_array["frequency"][nearest]


def pyin(signal):
    low = librosa.resample(signal.astype(np.float32), orig_sr=SAMPLE_RATE, target_sr=16_000)
    f0_hz, voiced, _ = librosa.pyin(
        low, sr=16_000, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, frame_length=1024, hop_length=160
    )
    return np.where(voiced, f0_hz, 0)[: len(signal) // HOP_LENGTH]


def errors(f0_hz, true_hz, voiced):
    """Counts: gross errors, octave errors, unvoiced, all; of the frames that are voiced."""
    n = min(len(f0_hz), len(true_hz))
    found, true = f0_hz[:n][voiced[:n]], true_hz[:n][voiced[:n]]
    ratio = found[found > 0] / true[found > 0]
    octave = sum(np.sum(np.abs(ratio / factor - 1) < 0.1) for factor in (2, 1 / 2, 3, 1 / 3))
    return np.array([np.sum(np.abs(ratio - 1) > 0.2), octave, np.sum(found == 0), len(found)])


def add_noise(clean, noise, snr_db):
    active = clean[np.abs(clean) > 1e-3]
    scale = np.sqrt(np.mean(active**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return clean + scale * np.resize(noise, len(clean))


def synthetic():
    """Gliding voices, their f0 at each hop, and white noise."""
    rng = np.random.default_rng(0)
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    for mean_hz in (85, 110, 150, 210, 280):
        for octaves, rate_hz in ((0.3, 0.5), (0.4, 1.0)):
            f0_hz = mean_hz * 2 ** (octaves * np.sin(2 * np.pi * rate_hz * time))
            true_hz = f0_hz[::HOP_LENGTH]
            yield 0.1 * glide(f0_hz), true_hz, true_hz > 0, rng.standard_normal(len(time))


def real(clean_folder, noise_folder):
    """Speech, its f0 and where it is voiced, and noise."""
    noises = sorted(Path(noise_folder).glob("*.wav"))
    for number, path in enumerate(sorted(Path(clean_folder).glob("*.wav"))):
        clean, noise = sf.read(path)[0], sf.read(noises[number % len(noises)])[0]
        true_hz, correlations = ours(clean, track_whole)
        voiced = (correlations > 0.4) & (praat(clean)[: len(true_hz)] > 0)
        yield clean, true_hz, voiced, noise


def print_table(heading, cases):
    print(f"\n{heading}, % gross / gross or unvoiced / octave")
    print("| SNR dB | ours, live | praat | pYIN |\n|---:|---:|---:|---:|")
    cases = list(cases)
    for snr_db in SNRS_DB:
        cells = []
        for track in (lambda signal: ours(signal)[0], praat, pyin):
            counts = sum(
                errors(track(add_noise(clean, noise, snr_db)), true_hz, voiced)
                for clean, true_hz, voiced, noise in cases
            )
            gross, octave, unvoiced, n = counts
            found = max(n - unvoiced, 1)
            shares = 100 * np.array([gross / found, (gross + unvoiced) / n, octave / found])
            cells.append(" / ".join(f"{share:.1f}" for share in shares))
        print(f"| {snr_db} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="clean speech, then noise")
    folders = parser.parse_args().folders
    print_table("synthetic glides in white noise", synthetic())
    if len(folders) == 2:
        print_table("real speech in real noise", real(*folders))


if __name__ == "__main__":
    main()
