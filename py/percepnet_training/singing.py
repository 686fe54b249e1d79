"""Singers, of whom there are no recordings: the words of speech, held, on notes."""

import numpy as np

from percepnet.constants import SAMPLE_RATE
from percepnet_training.noises import slow_curve
from percepnet_training.vocoder import (
    N_FFT,
    N_STEP,
    log_envelopes,
    rows_between,
    samples_of,
    spectra_of,
)

LOWEST_HZ, HIGHEST_HZ = 90.0, 500.0  # of the middle of a melody
STRETCHES = (1.3, 3.5)  # of time: singers hold their vowels
NOTE_SECONDS = (0.15, 1.2)
MELODY_SEMITONES = 4.0  # standard deviation about its middle
GLIDE_SECONDS = 0.04
VIBRATO_HZ, VIBRATO_SEMITONES = (4.5, 7.0), 0.5
BREATHY_HZ = (2500.0, 9000.0)  # above, voice is more noise than harmonics
VOICED_HZ = 1500.0  # voiced frames have most of their energy below


def sung(rng, samples):
    """Speech as a song, (n,) float32: longer, its vowels on the notes of a random melody.

    The envelopes of its frames, stretched in time, shape pulses where it is voiced, and noise
    elsewhere. Power is the speech's.
    """
    magnitudes = np.abs(spectra_of(samples))
    n_frames = round(len(magnitudes) * rng.uniform(*STRETCHES))
    place = np.linspace(0, len(magnitudes) - 1, n_frames)
    envelopes = rows_between(log_envelopes(magnitudes), place)

    n_samples = (n_frames - N_FFT // N_STEP) * N_STEP + 1
    phase = np.cumsum(melody_hz(rng, n_samples) / SAMPLE_RATE)
    pulses = np.diff(np.floor(phase), prepend=0).astype(np.float32)
    pulses = (pulses - pulses.mean()) / (pulses.std() + 1e-6)
    noise = rng.standard_normal(n_samples).astype(np.float32)

    bins_hz = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    powers = magnitudes**2
    low_share = powers[:, bins_hz < VOICED_HZ].sum(1) / (powers.sum(1) + 1e-12)
    is_voiced = low_share[np.rint(place).astype(int)] > 0.5
    low_hz, high_hz = BREATHY_HZ
    breath = np.clip((bins_hz - low_hz) / (high_hz - low_hz), 0.05, 0.7).astype(np.float32)
    breath = np.where(is_voiced[:, np.newaxis], breath, np.float32(1))
    source = np.sqrt(1 - breath**2) * spectra_of(pulses) + breath * spectra_of(noise)
    song = samples_of(source * np.exp(envelopes), n_samples)
    power, wanted = (np.mean(part**2, dtype=float) for part in (song, samples))
    return song * np.float32(np.sqrt(wanted / (power + 1e-20)))


def melody_hz(rng, n_samples):
    """Fundamental of a melody with glides and vibrato, (n_samples,)."""
    middle_hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** rng.random()
    low, high = np.array(NOTE_SECONDS) * SAMPLE_RATE
    starts = np.cumsum(low * (high / low) ** rng.random(int(n_samples / low) + 1))
    semitones = np.rint(rng.normal(0, MELODY_SEMITONES, len(starts) + 1))
    notes = semitones[np.searchsorted(starts, np.arange(0, n_samples, N_STEP), "right")]
    n_glide = max(1, round(GLIDE_SECONDS * SAMPLE_RATE / N_STEP))
    notes = np.convolve(np.pad(notes, n_glide, "edge"), np.ones(n_glide) / n_glide, "same")
    notes = notes[n_glide:-n_glide]
    seconds = np.arange(n_samples) / SAMPLE_RATE
    depth = VIBRATO_SEMITONES * rng.random() * slow_curve(rng, n_samples, 1.0)
    vibrato = depth * np.sin(2 * np.pi * rng.uniform(*VIBRATO_HZ) * seconds)
    tuned = np.interp(np.arange(n_samples), np.arange(len(notes)) * N_STEP, notes)
    return middle_hz * 2 ** ((tuned + vibrato) / 12)
