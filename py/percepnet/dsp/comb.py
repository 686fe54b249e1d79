"""The comb filter: the periodic part of the signal, by averaging neighbouring periods.

The taps lie whole periods apart, up to five on either side (paper, Sec. 2.2). Taps that would
need more than the look-ahead are dropped and the others rescaled to sum to one: harmonics pass
unchanged, and next to nothing of the noise attenuation is lost.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    COMB_PERIODS,
    LOOKAHEAD,
    MAX_PERIOD,
    SAMPLE_RATE,
    WINDOW_LENGTH,
)

PAST = COMB_PERIODS * MAX_PERIOD
"""Samples before a frame that the filter may reach back to."""


def _weights(n_future):
    k = np.arange(-n_future, COMB_PERIODS + 1)
    weights = 1 + np.cos(np.pi * k / (COMB_PERIODS + 1))
    return weights / weights.sum()


_WEIGHTS = [_weights(n) for n in range(COMB_PERIODS + 1)]
WEIGHT_TABLE = np.stack([np.pad(w, (2 * COMB_PERIODS + 1 - len(w), 0)) for w in _WEIGHTS])
"""Weights of all taps, by how many of them lie ahead: (6, 11). A dropped tap weighs 0."""

_NOISE_GAINS = [float(np.sum(w**2)) for w in _WEIGHTS]


def _n_future(period, lookahead):
    return min(COMB_PERIODS, int(lookahead / period))


def tap_shifts(period, lookahead=LOOKAHEAD):
    """Delay of every tap in samples, furthest look-ahead (negative) first.

    Parameters
    ----------
    period : float
        In samples, MIN_PERIOD to MAX_PERIOD; need not be whole.
    lookahead : int
        Samples known after the frame.

    Returns
    -------
    list of int
    """
    n_future = _n_future(period, lookahead)
    return [round(k * period) for k in range(-n_future, COMB_PERIODS + 1)]


def tap_weights(period, lookahead=LOOKAHEAD):
    """Weight of every tap of `tap_shifts`; they sum to one.

    Parameters
    ----------
    period : float
        In samples.
    lookahead : int
        Samples known after the frame.

    Returns
    -------
    ndarray [shape=(n_taps,)]
    """
    return _WEIGHTS[_n_future(period, lookahead)]


def response(period, frequency_hz, lookahead=LOOKAHEAD):
    """Gain of the filter at some frequencies: one at the harmonics, little between them.

    Parameters
    ----------
    period : float
        In samples.
    frequency_hz : ndarray [shape=(n,)]
    lookahead : int
        Samples known after the frame.

    Returns
    -------
    ndarray [shape=(n,)]
    """
    shifts = np.array(tap_shifts(period, lookahead))
    angles = 2 * np.pi / SAMPLE_RATE * frequency_hz[:, None] * shifts
    return np.abs(np.exp(-1j * angles) @ tap_weights(period, lookahead))


def noise_gain(period, lookahead=LOOKAHEAD):
    """Power gain of white noise: 1/8 (-9 dB) with all taps, more when future taps are missing.

    Parameters
    ----------
    period : float
        In samples.
    lookahead : int
        Samples known after the frame.

    Returns
    -------
    float
    """
    return _NOISE_GAINS[_n_future(period, lookahead)]


def periodic_frame(windows, start, period, lookahead=LOOKAHEAD):
    """The part of one frame that repeats with the given period.

    Parameters
    ----------
    windows : ndarray [shape=(n - WINDOW_LENGTH + 1, WINDOW_LENGTH)]
        Of a signal, a sample apart: its `sliding_window_view`. It reaches from PAST samples before
        the frame to `lookahead` samples after it.
    start : int
        First sample of the frame.
    period : float
        In samples, MIN_PERIOD to MAX_PERIOD.
    lookahead : int
        Samples of the signal that may be used after the frame.

    Returns
    -------
    ndarray [shape=(WINDOW_LENGTH,)]
    """
    taps = windows[[start - shift for shift in tap_shifts(period, lookahead)]]
    return tap_weights(period, lookahead) @ taps


def periodic_frames(signal, starts, periods, lookahead=LOOKAHEAD):
    """`periodic_frame` of many frames.

    Parameters
    ----------
    signal : ndarray [shape=(n,)]
    starts : ndarray [shape=(n_frames,), dtype=int]
    periods : ndarray [shape=(n_frames,)]
    lookahead : int

    Returns
    -------
    ndarray [shape=(n_frames, WINDOW_LENGTH)]
    """
    windows = sliding_window_view(signal, WINDOW_LENGTH)
    n_future = np.minimum(COMB_PERIODS, (lookahead / periods).astype(int))
    frames = np.zeros((len(starts), WINDOW_LENGTH))
    for k, weights in zip(range(-COMB_PERIODS, COMB_PERIODS + 1), WEIGHT_TABLE.T, strict=True):
        shifts = np.rint(k * periods).astype(int) * (n_future >= -k)  # a dropped tap weighs 0
        tap = windows[starts - shifts]
        tap *= weights[n_future, None]
        frames += tap
    return frames
