"""Random frequency responses: microphones, lines and codecs that no corpus has."""

import numpy as np

from percepnet.constants import SAMPLE_RATE

NYQUIST_HZ = SAMPLE_RATE / 2
N_GRID = 1025  # every 23 Hz: exact where these smooth curves need it
MAX_TILT_DB = 3.0  # per octave
TILT_FROM_HZ = 100
LOWPASS_HZ = (3000, 20000)
LOWPASS_SLOPE_HZ = 200


def random_filter(rng, n_bins):
    """Magnitude of a spectral tilt and of second-order zeros and poles, (n_bins,) or 1.

    Zero phase: the targets stay aligned.
    """
    response = np.ones(N_GRID)
    turn = np.linspace(0, np.pi, N_GRID)
    if rng.random() < 0.5:
        slope_db = rng.uniform(-MAX_TILT_DB, MAX_TILT_DB)
        octaves = np.log2(np.maximum(turn / np.pi * NYQUIST_HZ, TILT_FROM_HZ) / 1000)
        response *= 10 ** (slope_db / 20 * octaves)
    for power in (1, -1):
        if rng.random() < 1 / 3:
            response *= _second_order(rng, turn) ** power
    if np.all(response == 1):
        return np.float32(1)
    return np.interp(np.linspace(0, np.pi, n_bins), turn, response).astype(np.float32)


def random_lowpass(rng, n_bins):
    """Magnitude, (n_bins,) or 1, and edge in Hz of a low-pass; most mixtures have none."""
    if rng.random() < 0.7:
        return np.float32(1), NYQUIST_HZ
    edge_hz = LOWPASS_HZ[0] * (LOWPASS_HZ[1] / LOWPASS_HZ[0]) ** rng.random()
    bins_hz = np.linspace(0, NYQUIST_HZ, n_bins, dtype=np.float32)
    return np.clip((edge_hz - bins_hz) / LOWPASS_SLOPE_HZ + 1, 0, 1), edge_hz


def curve_through(n_bins, levels_db, frequencies_hz):
    """Magnitude with levels ``levels_db`` at ``frequencies_hz``, ascending; (n_bins,) float32."""
    # On a coarse logarithmic grid first: exponentials of every bin would cost more than an FFT.
    grid_hz = np.geomspace(10, NYQUIST_HZ, 256)
    curve = 10 ** (np.interp(np.log(grid_hz), np.log(frequencies_hz), levels_db) / 20)
    bins_hz = np.linspace(0, NYQUIST_HZ, n_bins, dtype=np.float32)
    return np.interp(bins_hz, grid_hz, curve).astype(np.float32)


def _second_order(rng, turn):
    """Magnitude of a random 1 + a z^-1 + b z^-2 at angles ``turn``."""
    if rng.random() < 0.5:
        radius, angle = 0.7 * rng.random() ** 2, np.pi * rng.random() ** 2
        a, b = -2 * radius * np.cos(angle), radius**2
    else:
        first, second = rng.uniform(-0.7, 0.7, 2)
        a, b = -(first + second), first * second
    delay = np.exp(-1j * turn)
    return np.abs(1 + delay * (a + b * delay))
