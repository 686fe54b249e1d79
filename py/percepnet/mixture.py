"""Clean speech and a noise, mixed at a ratio of levels."""

import math

import numpy as np

from percepnet.constants import HOP_LENGTH
from percepnet.errors import AudioError

_ACTIVE_RANGE_DB = 40.0  # hops this far below the loudest count as speech
_SILENCE = 1e-4  # rms of a hop, -80 dB: nothing louder is no signal
_PEAK = 0.99


def mix(clean, noise, snr_db, names=("the speech", "the noise")):
    """Mix, and turn both down where the mixture would not stay in ±1.

    Parameters
    ----------
    clean, noise : ndarray [shape=(n,), (m,), dtype=float32]
        At 48 kHz, a hop or longer; noise that is shorter is repeated.
    snr_db : float
        Level of the speech where there is speech, to that of the noise.
    names : pair of str
        What an error calls the two.

    Returns
    -------
    noisy, clean : ndarray [shape=(n,), dtype=float32]
    turned_down_db : float

    Raises
    ------
    AudioError
        Of a signal that is silent.
    """
    noise = np.resize(noise, len(clean))
    clean_rms, noise_rms = map(_active_rms, (clean, noise), names)
    noisy = clean + np.float32(10 ** (-snr_db / 20) * clean_rms / noise_rms) * noise
    gain = _PEAK / max(np.abs(noisy).max(), _PEAK)
    noisy, clean = ((gain * signal).astype(np.float32) for signal in (noisy, clean))
    return noisy, clean, -20 * math.log10(gain)


def _active_rms(signal, name):
    """Level of the hops that are not far below the loudest."""
    hops = signal[: len(signal) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    power = np.mean(hops.astype(float) ** 2, axis=1)
    if power.max() < _SILENCE**2:
        raise AudioError(f"{name}: is silent: there is no level to set the ratio by")
    return math.sqrt(power[power > power.max() * 10 ** (-_ACTIVE_RANGE_DB / 10)].mean())
