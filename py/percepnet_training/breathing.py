"""Breaths between words, of which recordings of speech are mostly cut free."""

import numpy as np

from percepnet.constants import SAMPLE_RATE
from percepnet_training.noises import shaped_noise

BREATH_SECONDS = (0.15, 1.6)  # from a gasp between two words to somebody at rest
REST_SECONDS = 0.25  # mean, between breaths
PEAK_HZ = (700.0, 3000.0)  # from an open mouth to nearly closed lips
RISE_DB, FALL_DB = (4.0, 12.0), (5.0, 14.0)  # per octave, below and above the peak
RESONANCES_DB = 5.0  # standard deviation of knots half an octave apart
KNOTS_HZ = 100 * 2 ** (np.arange(16) / 2)


def breathed(rng, n_samples):
    """A pause with one breath or several in it, (n_samples,) float32; about unit power in them."""
    pause = np.zeros(n_samples, np.float32)
    position = round(rng.exponential(REST_SECONDS / 4) * SAMPLE_RATE)
    shortest, longest = (round(seconds * SAMPLE_RATE) for seconds in BREATH_SECONDS)
    while n_samples - position >= shortest:
        longest = min(longest, n_samples - position)
        n_breath = int(shortest * (longest / shortest) ** rng.random())
        pause[position : position + n_breath] = breath(rng, n_breath)
        position += n_breath + round(rng.exponential(REST_SECONDS) * SAMPLE_RATE)
    return pause


def breath(rng, n_samples):
    """One breath, in or out, (n_samples,) float32: noise through an open tract that swells."""
    octaves = np.log2(KNOTS_HZ / (PEAK_HZ[0] * (PEAK_HZ[1] / PEAK_HZ[0]) ** rng.random()))
    slopes_db = np.where(octaves < 0, rng.uniform(*RISE_DB), -rng.uniform(*FALL_DB))
    levels_db = slopes_db * octaves + rng.normal(0, RESONANCES_DB, len(KNOTS_HZ))
    # Skewed: what is drawn in ends at once, what is let go begins so.
    place = np.linspace(0, 1, n_samples, dtype=np.float32) ** np.float32(2 ** rng.uniform(-1, 1))
    swell = np.sin(np.pi * place).clip(0) ** np.float32(rng.uniform(0.7, 2))
    return shaped_noise(rng, n_samples, levels_db, KNOTS_HZ) * swell
