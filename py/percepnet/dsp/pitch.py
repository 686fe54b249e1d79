"""The pitch track: correlation, then the smoothest path through it (paper, Sec. 2.2).

Each hop gives the normalised correlation of a whitened 12 kHz signal at every lag. Dynamic
programming runs forward over the hops and is traced back by the look-ahead, so that a period is
decided with the knowledge of the two hops after it. The winner is refined at 48 kHz.
"""

from collections import deque

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

_HOP = HOP_LENGTH // PITCH_DECIMATION       # 120 samples at 12 kHz
_WINDOW = WINDOW_LENGTH // PITCH_DECIMATION
_LAGS = np.arange(MIN_PERIOD // PITCH_DECIMATION, MAX_PERIOD // PITCH_DECIMATION + 1)

# Decimation is 6 dB down at 750 Hz and 60 dB at 2.6 kHz: a band so narrow keeps the correlation
# smooth enough to be sampled at 12 kHz, and wider ones let more noise in than voice.
_N_TAPS = 49
_time = np.arange(_N_TAPS) - _N_TAPS // 2
_TAPS = np.sinc(_time / 32) * np.kaiser(_N_TAPS, 5.65)
_TAPS /= _TAPS.sum()

# Whitening by linear prediction, in part: all the way down would raise noise between formants
_ORDER = 4
_LAG_ZERO_FACTOR = 1.2
_ENERGY_FLOOR = 1e-10                       # of a ±1 window: below it nothing correlates

# Score of a lag: 1.5 times the cube of its correlation. A period also correlates at its
# multiples: every octave of lag costs a share of the score.
_SCORE_SCALE = 1.5
_OCTAVE_COST = 0.14
_LAG_FACTORS = _SCORE_SCALE * (1 - _OCTAVE_COST * np.log2(_LAGS / _LAGS[0]))

# Path: a change of d lags costs 0.003 (150 d / lag)^2, a jump from the best path the same always
_MAX_STEP = 8
_STEPS = np.arange(-_MAX_STEP, _MAX_STEP + 1)
_STEP_COSTS = 0.003 * (150 * _STEPS[:, None] / _LAGS) ** 2
_JUMP_COST = 2.0

# A hop counts by its level relative to the running mean over 400 ms
_LEVEL_SMOOTHING = 1 / 40
_MIN_WEIGHT, _MAX_WEIGHT = 0.1, 2.0

_REFINE_SPAN = 4                            # samples at 48 kHz on each side of the coarse lag

HISTORY_BEFORE = LOOKAHEAD + HOP_LENGTH + MAX_PERIOD + WINDOW_LENGTH
"""Samples before the newest hop that the tracker reaches back to."""

_HISTORY = HOP_LENGTH + _N_TAPS - 1         # newest samples that decimating a hop needs


def _low_pass(windows):
    """Decimated samples (...,) from windows (..., 49) of the signal, four samples apart."""
    return np.einsum("...t,t->...", windows, _TAPS)


def _whitening_filter(delayed):
    """Prediction-error filter (..., 5), newest tap last, from the signal delayed by four to no
    samples (..., 5, 240)."""
    r = np.einsum("...kn,...n->k...", delayed, delayed[..., -1, :])[::-1]
    error = _LAG_ZERO_FACTOR * r[0] + _ENERGY_FLOOR
    a = []
    for order in range(1, _ORDER + 1):      # Levinson's recursion
        k = -(r[order] + sum(a[i] * r[order - 1 - i] for i in range(order - 1))) / error
        a = [a[i] + k * a[order - 2 - i] for i in range(order - 1)] + [k]
        error = error * (1 - k * k)
    return np.stack([*a[::-1], np.ones_like(error)], axis=-1)


def _whiten(windows, taps):
    """Residual (..., n) from windows (..., n, 5) of the decimated signal."""
    return np.einsum("...nt,...t->...n", windows, taps)


def _correlate(delayed, residual):
    """Normalised correlation (..., 177) of the newest 20 ms with the past, and their level (...).

    2 Σ e(n) e(n - lag) / (E(0) + E(lag)) is at most 1, and less where the levels differ.
    `residual` is (..., 440), `delayed` the same delayed by 200 to 0 samples (..., 201, 240).
    """
    cross = np.einsum("...ln,...n->...l", delayed[..., : len(_LAGS), :], delayed[..., -1, :])
    squares = np.cumsum(residual * residual, axis=-1)
    newest = squares[..., -1] - squares[..., -1 - _WINDOW]
    energy = squares[..., _WINDOW - 1 : _WINDOW - 1 + len(_LAGS)].copy()
    energy[..., 1:] -= squares[..., : len(_LAGS) - 1]
    energy += newest[..., None] + _ENERGY_FLOOR
    return (2 * cross / energy)[..., ::-1], np.sqrt(newest)


class _Path:
    """Dynamic programming over the lags. State: the score of the best path to each lag for the
    last hops, the correlations they came from, and the running level."""

    def __init__(self, n_kept):
        self._padded = np.full(len(_LAGS) + 2 * _MAX_STEP, -np.inf)
        self._reachable = sliding_window_view(self._padded, len(_LAGS))
        self._padded[_MAX_STEP:-_MAX_STEP] = 0
        self._best = deque(maxlen=n_kept)
        self._correlations = deque(maxlen=n_kept)
        self._mean_level = 0.0

    def advance(self, correlations, level):
        """Extend every path by one hop, given its (n_lags,) correlations and its level."""
        self._mean_level += _LEVEL_SMOOTHING * (level - self._mean_level)
        weight = min(max(level / (self._mean_level + _ENERGY_FLOOR), _MIN_WEIGHT), _MAX_WEIGHT)
        best = np.subtract(self._reachable, _STEP_COSTS).max(axis=0)
        np.maximum(best, -_JUMP_COST, out=best)         # the best path so far has score 0
        best += correlations**3 * (weight * _LAG_FACTORS)
        best -= best.max()
        self._padded[_MAX_STEP:-_MAX_STEP] = best
        self._best.append(best)
        self._correlations.append(correlations)

    def trace_back(self):
        """Lag index and correlation of every hop kept on the best path, newest hop first."""
        index = int(np.argmax(self._best[-1]))
        path = [(index, self._correlations[-1][index])]
        for hop in range(len(self._best) - 2, -1, -1):
            best = self._best[hop]
            lowest = max(0, index - _MAX_STEP)
            near = best[lowest : index + _MAX_STEP + 1]
            first_step = lowest - index + _MAX_STEP
            scores = near - _STEP_COSTS[first_step : first_step + len(near), index]
            nearest = int(np.argmax(scores))
            jumped = scores[nearest] < -_JUMP_COST
            index = int(np.argmax(best)) if jumped else lowest + nearest
            path.append((index, self._correlations[hop][index]))
        return path


def _refine(signal, start, index):
    """Period in samples at 48 kHz near a lag at 12 kHz, for the frame beginning at `start`."""
    centre = PITCH_DECIMATION * int(_LAGS[index])
    centre = min(max(centre, MIN_PERIOD + _REFINE_SPAN), MAX_PERIOD - _REFINE_SPAN)
    frame = signal[start : start + WINDOW_LENGTH]
    oldest = start - centre - _REFINE_SPAN
    past = signal[oldest : oldest + WINDOW_LENGTH + 2 * _REFINE_SPAN]
    squares = np.cumsum(past * past)
    energy = squares[WINDOW_LENGTH - 1 :].copy()
    energy[1:] -= squares[: 2 * _REFINE_SPAN]
    energy += frame @ frame + _ENERGY_FLOOR
    score = np.correlate(past, frame) / energy
    best = int(np.argmax(score))
    offset = 0.0
    if 0 < best < 2 * _REFINE_SPAN:                     # a parabola through three points
        before, at, after = score[best - 1 : best + 2].tolist()
        curvature = before - 2 * at + after
        if curvature < 0:
            offset = 0.5 * (before - after) / curvature
    return float(centre + _REFINE_SPAN - best - offset)


class PitchTracker:
    """Period and correlation of the frame two hops back.

    State: 12 kHz signal and residual, and the paths of three hops.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the past: the signal before now was silent."""
        self._newest = np.zeros(HOP_LENGTH + _N_TAPS - 1)
        self._decimated = np.zeros(_WINDOW + _ORDER)
        self._residual = np.zeros(_WINDOW + _LAGS[-1])
        self._path = _Path(LOOKAHEAD_HOPS + 1)
        # Windows of the buffers above, made once because making them is slow
        self._newest_windows = sliding_window_view(self._newest, _N_TAPS)[::PITCH_DECIMATION]
        self._decimated_delayed = sliding_window_view(self._decimated, _WINDOW)
        self._decimated_windows = sliding_window_view(self._decimated, _ORDER + 1)[-_HOP:]
        self._residual_delayed = sliding_window_view(self._residual, _WINDOW)

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
        taps = _whitening_filter(self._decimated_delayed)
        self._residual[-_HOP:] = _whiten(self._decimated_windows, taps)
        self._path.advance(*_correlate(self._residual_delayed, self._residual))
        path = self._path.trace_back()
        correlation = sum(value for _, value in path) / len(path)
        start = len(history) - LOOKAHEAD - WINDOW_LENGTH
        return _refine(history, start, path[-1][0]), float(correlation)


_BLOCK = 1024                               # hops correlated at a time: 350 MB would be an hour's


def _correlate_all(signal):
    """Correlations (n_hops, 177) and levels (n_hops,) of a whole signal, hop by hop as live."""
    context = np.zeros(_N_TAPS - 1)
    windows = sliding_window_view(np.concatenate([context, signal]), _N_TAPS)
    decimated = np.concatenate([np.zeros(_WINDOW - _HOP + _ORDER), _low_pass(windows[::4])])
    hops = sliding_window_view(decimated, _WINDOW + _ORDER)[::_HOP]
    taps = _whitening_filter(sliding_window_view(hops, _WINDOW, axis=-1))
    residual = _whiten(sliding_window_view(hops, _ORDER + 1, axis=-1)[:, -_HOP:], taps)
    residual = np.concatenate([np.zeros(_WINDOW - _HOP + _LAGS[-1]), residual.reshape(-1)])
    hops = sliding_window_view(residual, _WINDOW + _LAGS[-1])[::_HOP]
    delayed = sliding_window_view(hops, _WINDOW, axis=-1)
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(hops), _BLOCK)]
    scores = [_correlate(delayed[block], hops[block]) for block in blocks]
    return tuple(np.concatenate(parts) for parts in zip(*scores, strict=True))


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
    path = _Path(LOOKAHEAD_HOPS + 1)
    periods, means = [], []
    for hop, (correlations, level) in enumerate(
        zip(*_correlate_all(history[HISTORY_BEFORE:]), strict=True)
    ):
        path.advance(correlations, level)
        trace = path.trace_back()
        means.append(sum(value for _, value in trace) / len(trace))
        start = HISTORY_BEFORE + (hop - LOOKAHEAD_HOPS - 1) * HOP_LENGTH
        periods.append(_refine(history, start, trace[-1][0]))
    return np.array(periods), np.array(means)


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
    correlations, levels = _correlate_all(history[HISTORY_BEFORE:])
    path = _Path(len(levels))
    for row, level in zip(correlations, levels, strict=True):
        path.advance(row, level)
    trace = path.trace_back()[::-1]
    periods = [
        _refine(history, HISTORY_BEFORE + (hop - 1) * HOP_LENGTH, index)
        for hop, (index, _) in enumerate(trace)
    ]
    return np.array(periods), np.array([value for _, value in trace])
