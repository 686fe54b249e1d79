"""The pitch track: correlation, then the smoothest path through it (paper, Sec. 2.2).

Each hop gives the normalised correlation of a whitened 12 kHz signal at every lag. Dynamic
programming runs forward over the hops and is traced back by the look-ahead, so that a period is
decided with the knowledge of the two hops after it. The winner is refined at 48 kHz.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    HOP_LENGTH,
    LOOKAHEAD,
    LOOKAHEAD_HOPS,
    MAX_PERIOD,
    MIN_PERIOD,
    PITCH_DECIMATION,
    WINDOW_LENGTH,
)
from percepnet.dsp.pitch_path import LAGS, LivePath, decide_live, decide_whole

_HOP = HOP_LENGTH // PITCH_DECIMATION  # 120 samples at 12 kHz
_WINDOW = WINDOW_LENGTH // PITCH_DECIMATION
_N_LAGS = len(LAGS)

# Decimation is 6 dB down at 750 Hz and 60 dB at 2.6 kHz: a band so narrow keeps the correlation
# smooth enough to be sampled at 12 kHz, and wider ones let more noise in than voice.
_N_TAPS = 49
_time = np.arange(_N_TAPS) - _N_TAPS // 2
LOW_PASS = np.sinc(_time / 32) * np.kaiser(_N_TAPS, 5.65)
LOW_PASS /= LOW_PASS.sum()

# Whitening by linear prediction, in part: all the way down would raise noise between formants
_ORDER = 4
_LAG_ZERO_FACTOR = 1.2
_ENERGY_FLOOR = 1e-10  # of a ±1 window: below it nothing correlates

_REFINE_SPAN = 4  # samples at 48 kHz on each side of the coarse lag
_N_PAST = WINDOW_LENGTH + 2 * _REFINE_SPAN

HISTORY_BEFORE = LOOKAHEAD + HOP_LENGTH + MAX_PERIOD + WINDOW_LENGTH
"""Samples before the newest hop that the tracker reaches back to."""

_BLOCK = 1024  # hops correlated at a time: 90 MB


def _low_pass(windows):
    """Decimated samples (...,) from windows (..., 49) of the signal, four samples apart."""
    return np.einsum("...t,t->...", windows, LOW_PASS)


def _autocorrelation(delayed):
    """Of lags 0 to 4, (5, ...), from the signal delayed by four to no samples, (..., 5, 240)."""
    return np.einsum("...kn,...n->k...", delayed, delayed[..., -1, :])[::-1]


def _whitening_filter(r):
    """Prediction-error filter, newest tap last: a list of five, of what the list `r` holds."""
    error = _LAG_ZERO_FACTOR * r[0] + _ENERGY_FLOOR
    a = []
    for order in range(1, _ORDER + 1):  # Levinson's recursion
        k = -(r[order] + sum(a[i] * r[order - 1 - i] for i in range(order - 1))) / error
        a = [a[i] + k * a[order - 2 - i] for i in range(order - 1)] + [k]
        error = error * (1 - k * k)
    return [*a[::-1], r[0] * 0 + 1]


def _whiten(windows, taps):
    """Residual (..., n) from windows (..., n, 5) of the decimated signal."""
    return np.einsum("...nt,...t->...n", windows, taps)


def _cross_correlate(delayed):
    """Products (..., 177) of a hop of the residual with its past.

    `delayed` is the residual delayed by 200 to 0 samples, (..., 201, 120).
    """
    return np.einsum("...ln,...n->...l", delayed[..., :_N_LAGS, :], delayed[..., -1, :])


def _normalise(cross, squares):
    """Correlation (..., 177) of the newest 20 ms with the past, and their level (...).

    2 Σ e(n) e(n - lag) / (E(0) + E(lag)) is at most 1, and less where the levels differ. The
    lags in `cross` fall; `squares` (..., 441) are the sums of the first 0 to 440 squares.
    """
    newest = squares[..., -1] - squares[..., -1 - _WINDOW]
    energy = squares[..., _WINDOW : _WINDOW + _N_LAGS] - squares[..., :_N_LAGS]
    energy += newest[..., None] + _ENERGY_FLOOR
    return (2 * cross / energy)[..., ::-1], np.sqrt(newest)


def _longest_period(index):
    """The longest of the nine periods at 48 kHz around a lag at 12 kHz."""
    longest = PITCH_DECIMATION * int(LAGS[index]) + _REFINE_SPAN
    return min(max(longest, MIN_PERIOD + 2 * _REFINE_SPAN), MAX_PERIOD)


def _energy(frames):
    return np.einsum("...t,...t->...", frames, frames)


def _refine(past, windows, frame):
    """Correlation (..., 9) of a frame with its past, (..., 968), longest period first.

    `windows` are those of `past` as long as the frame, (..., 9, 960).
    """
    oldest, newest = past[..., : 2 * _REFINE_SPAN], past[..., WINDOW_LENGTH:]
    energy = np.empty((*past.shape[:-1], 2 * _REFINE_SPAN + 1))
    energy[..., 0] = _ENERGY_FLOOR + _energy(windows[..., 0, :]) + _energy(frame)
    np.subtract(newest * newest, oldest * oldest, out=energy[..., 1:])
    np.add.accumulate(energy, axis=-1, out=energy)
    return np.einsum("...lt,...t->...l", windows, frame) / energy


def _peak(scores):
    """Where the scores of successive lags, a list, are highest; between them, by a parabola."""
    best = scores.index(max(scores))
    if not 0 < best < len(scores) - 1:
        return best
    before, at, after = scores[best - 1 : best + 2]
    curvature = before - 2 * at + after
    return best + 0.5 * (before - after) / curvature if curvature < 0 else best


class PitchTracker:
    """Period and correlation of the frame two hops back.

    State: 12 kHz signal and residual, its products with its past, and the paths of three hops.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the past: the signal before now was silent."""
        self._newest = np.zeros(HOP_LENGTH + _N_TAPS - 1)
        self._decimated = np.zeros(_WINDOW + _ORDER)
        self._residual = np.zeros(_WINDOW + LAGS[-1])
        self._squares = np.zeros(len(self._residual) + 1)
        self._cross_before = np.zeros(_N_LAGS)
        self._past = np.empty(_N_PAST)
        self._path = LivePath(LOOKAHEAD_HOPS + 1)
        # Windows of the buffers above, made once because making them is slow
        self._newest_windows = sliding_window_view(self._newest, _N_TAPS)[::PITCH_DECIMATION]
        self._decimated_delayed = sliding_window_view(self._decimated, _WINDOW)
        self._decimated_windows = sliding_window_view(self._decimated, _ORDER + 1)[-_HOP:]
        self._residual_delayed = sliding_window_view(self._residual[_HOP:], _HOP)
        self._past_windows = sliding_window_view(self._past, WINDOW_LENGTH)

    def process(self, history):
        """Take in the newest hop.

        Parameters
        ----------
        history : ndarray [shape=(n,), dtype=float64]
            ±1 signal, newest hop last; reaches back to MAX_PERIOD samples before the frame.

        Returns
        -------
        period : float
            Of the frame that ends LOOKAHEAD samples before the newest: MIN_PERIOD to MAX_PERIOD.
        correlation : float
            Mean along the path over that frame and the look-ahead, -1 to 1.
        """
        self._newest[:] = history[-len(self._newest) :]
        self._decimated[:-_HOP] = self._decimated[_HOP:]
        self._decimated[-_HOP:] = _low_pass(self._newest_windows)
        self._residual[:-_HOP] = self._residual[_HOP:]
        taps = _whitening_filter(_autocorrelation(self._decimated_delayed).tolist())
        self._residual[-_HOP:] = _whiten(self._decimated_windows, np.array(taps))
        cross = _cross_correlate(self._residual_delayed)
        np.add.accumulate(self._residual * self._residual, out=self._squares[1:])
        correlations, level = _normalise(self._cross_before + cross, self._squares)
        self._cross_before = cross
        index, correlation = self._path.decide(correlations, float(level))

        start = len(history) - LOOKAHEAD - WINDOW_LENGTH
        longest = _longest_period(index)
        self._past[:] = history[start - longest : start - longest + _N_PAST]
        frame = history[start : start + WINDOW_LENGTH]
        return longest - _peak(_refine(self._past, self._past_windows, frame).tolist()), correlation


def correlogram(signal):
    """What every hop of a signal has in common with its past, hop by hop as live.

    Parameters
    ----------
    signal : ndarray [shape=(n,), dtype=float64]
        ±1; n a multiple of HOP_LENGTH.

    Returns
    -------
    correlations : ndarray [shape=(n / HOP_LENGTH, 177)]
        Of the newest 20 ms, at `LAGS`; at most 1.
    levels : ndarray [shape=(n / HOP_LENGTH,)]
    """
    signal = np.concatenate([np.zeros(_N_TAPS - 1), signal])
    decimated = _low_pass(sliding_window_view(signal, _N_TAPS)[::PITCH_DECIMATION])
    decimated = np.concatenate([np.zeros(_WINDOW - _HOP + _ORDER), decimated])
    hops = sliding_window_view(decimated, _WINDOW + _ORDER)[::_HOP]
    r = _autocorrelation(sliding_window_view(hops, _WINDOW, axis=-1))
    taps = np.stack(_whitening_filter(list(r)), axis=-1)
    residual = _whiten(sliding_window_view(hops, _ORDER + 1, axis=-1)[:, -_HOP:], taps)
    residual = np.concatenate([np.zeros(_WINDOW - _HOP + LAGS[-1]), residual.reshape(-1)])
    hops = sliding_window_view(residual, _WINDOW + LAGS[-1])[::_HOP]
    cross = _cross_correlate(sliding_window_view(hops[:, _HOP:], _HOP, axis=-1))
    cross[1:] += cross[:-1].copy()
    squares = np.zeros((len(hops), _WINDOW + LAGS[-1] + 1))
    np.add.accumulate(hops * hops, axis=-1, out=squares[:, 1:])
    return _normalise(cross, squares)


def _refine_all(history, starts, indices):
    """Period at 48 kHz, near a lag at 12 kHz, of each of the frames that begin at `starts`."""
    longest = np.array([_longest_period(index) for index in indices], int)
    pasts = sliding_window_view(history, _N_PAST)
    frames = sliding_window_view(history, WINDOW_LENGTH)
    peaks = []
    for first in range(0, len(starts), _BLOCK):
        block = slice(first, first + _BLOCK)
        past = pasts[starts[block] - longest[block]]
        windows = sliding_window_view(past, WINDOW_LENGTH, axis=-1)
        peaks += map(_peak, _refine(past, windows, frames[starts[block]]).tolist())
    return longest - np.array(peaks)


def track_live(history):
    """What `PitchTracker` gives for every hop of a signal.

    Parameters
    ----------
    history : ndarray [shape=(HISTORY_BEFORE + n,), dtype=float64]
        The signal after HISTORY_BEFORE samples of silence; n a multiple of HOP_LENGTH.

    Returns
    -------
    periods, correlations : ndarray [shape=(n / HOP_LENGTH,)]
        Of the frame two hops before each hop.
    """
    correlations, levels = correlogram(history[HISTORY_BEFORE:])
    indices, means = decide_live(correlations, levels, LOOKAHEAD_HOPS + 1)
    first = HISTORY_BEFORE - (LOOKAHEAD_HOPS + 1) * HOP_LENGTH
    starts = first + HOP_LENGTH * np.arange(len(levels))
    return _refine_all(history, starts, indices), np.array(means)


def track_whole(history):
    """Period and correlation of every frame, decided with knowledge of the whole signal.

    The reference for training targets and for measuring the tracker.

    Parameters
    ----------
    history : ndarray [shape=(HISTORY_BEFORE + n,), dtype=float64]
        The signal after HISTORY_BEFORE samples of silence; n a multiple of HOP_LENGTH.

    Returns
    -------
    periods, correlations : ndarray [shape=(n / HOP_LENGTH,)]
        Of the frame that ends with each hop.
    """
    correlations, levels = correlogram(history[HISTORY_BEFORE:])
    indices = decide_whole(correlations, levels)
    starts = HISTORY_BEFORE - HOP_LENGTH + HOP_LENGTH * np.arange(len(levels))
    return _refine_all(history, starts, indices), correlations[np.arange(len(levels)), indices]
