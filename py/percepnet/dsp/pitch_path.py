"""The smoothest path through the correlations of successive hops, by dynamic programming."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import MAX_PERIOD, MIN_PERIOD, PITCH_DECIMATION

LAGS = np.arange(MIN_PERIOD // PITCH_DECIMATION, MAX_PERIOD // PITCH_DECIMATION + 1)
"""Lags that are searched, in samples at 12 kHz; (177,)."""

_N_LAGS = len(LAGS)

# Score of a lag: 1.5 times the cube of its correlation. A period also correlates at its
# multiples: every octave of lag costs a share of the score.
_SCORE_SCALE = 1.5
_OCTAVE_COST = 0.14
LAG_FACTORS = _SCORE_SCALE * (1 - _OCTAVE_COST * np.log2(LAGS / LAGS[0]))

# Path: a change of d lags costs 0.003 (150 d / lag)^2, a jump from the best path the same always
_MAX_STEP = 8
_STEPS = np.arange(-_MAX_STEP, _MAX_STEP + 1)
STEP_COSTS = 0.003 * (150 * _STEPS[:, None] / LAGS) ** 2
_COSTS_TO = np.ascontiguousarray(STEP_COSTS.T)
_JUMP_COST = 2.0

# A hop counts by its level relative to the running mean over 400 ms
_LEVEL_SMOOTHING = 1 / 40
_LEVEL_FLOOR = 1e-10
_MIN_WEIGHT, _MAX_WEIGHT = 0.1, 2.0


class _Weights:
    """What hops count. State: the running mean of their levels."""

    def __init__(self):
        self._mean_level = 0.0

    def next(self, level):
        self._mean_level += _LEVEL_SMOOTHING * (level - self._mean_level)
        weight = level / (self._mean_level + _LEVEL_FLOOR)
        return min(max(weight, _MIN_WEIGHT), _MAX_WEIGHT)


def _scores(correlations, weight):
    scores = correlations * correlations
    scores *= correlations
    scores *= weight * LAG_FACTORS
    return scores


class _Search:
    """Scores of the best paths to each lag for some hops, newest last."""

    def __init__(self, n_hops):
        self.padded = np.full((n_hops, _N_LAGS + 2 * _MAX_STEP), -np.inf)  # out of reach
        self.best = self.padded[:, _MAX_STEP:-_MAX_STEP]
        self._reachable = sliding_window_view(self.padded, _N_LAGS, axis=1)
        self._candidates = np.empty((len(_STEPS), _N_LAGS))

    def extend(self, hop, scores):
        """Extend the paths to the hop before by one hop; the best of all then has score 0."""
        best = self.best[hop]
        np.subtract(self._reachable[hop - 1], STEP_COSTS, out=self._candidates)
        np.maximum.reduce(self._candidates, axis=0, out=best)
        np.maximum(best, -_JUMP_COST, out=best)
        best += scores
        best -= np.maximum.reduce(best)


def _trace_back(padded):
    """Lag index of every hop, newest first, on the best path that ends with the last row."""
    index = int(padded[-1].argmax()) - _MAX_STEP
    yield index
    for before in padded[-2::-1]:
        scores = before[index : index + len(_STEPS)] - _COSTS_TO[index]
        nearest = int(scores.argmax())
        if scores[nearest] < -_JUMP_COST:
            index = int(before.argmax()) - _MAX_STEP
        else:
            index += nearest - _MAX_STEP
        yield index


def _decide(padded, correlations):
    """Lag index of the oldest hop given, and the mean correlation along the path."""
    total = 0.0
    for hop, index in enumerate(_trace_back(padded)):
        total += correlations[-1 - hop, index]
    return index, float(total) / len(padded)


class LivePath:
    """The path hop by hop, decided some hops later.

    State: the scores of the best paths for the last hops, their correlations, the mean level.

    Parameters
    ----------
    n_hops : int
        From the newest to the one that is decided, both included.
    """

    def __init__(self, n_hops):
        self._weights = _Weights()
        self._search = _Search(n_hops)
        self._search.best[-1] = 0  # before the first hop, any lag is as good
        self._correlations = np.empty((n_hops, _N_LAGS))
        self._n_known = 0

    def decide(self, correlations, level):
        """Take in a hop and decide an earlier one.

        Parameters
        ----------
        correlations : ndarray [shape=(177,)]
            Of the newest hop, at LAGS.
        level : float
            Of the newest hop.

        Returns
        -------
        index : int
            Into LAGS, of the oldest hop known.
        correlation : float
            Mean along the path from there to the newest hop.
        """
        padded = self._search.padded
        padded[:-1] = padded[1:]
        self._search.extend(-1, _scores(correlations, self._weights.next(level)))
        self._correlations[:-1] = self._correlations[1:]
        self._correlations[-1] = correlations
        self._n_known = min(self._n_known + 1, len(padded))
        return _decide(padded[-self._n_known :], self._correlations)


def _search_all(correlations, levels):
    """Scores of the best paths to each lag for every hop, padded: (n_hops, 193)."""
    search, weights = _Search(len(levels) + 1), _Weights()
    search.best[0] = 0
    weights = np.array([weights.next(level) for level in levels.tolist()])
    for hop, row in enumerate(_scores(correlations, weights[:, None]), start=1):
        search.extend(hop, row)
    return search.padded[1:]


def decide_live(correlations, levels, n_hops):
    """What `LivePath(n_hops)` decides at every hop.

    Parameters
    ----------
    correlations : ndarray [shape=(n, 177)]
    levels : ndarray [shape=(n,)]
    n_hops : int

    Returns
    -------
    indices : list of int
    means : list of float
    """
    padded = _search_all(correlations, levels)
    spans = [slice(max(0, hop + 1 - n_hops), hop + 1) for hop in range(len(levels))]
    decided = [_decide(padded[span], correlations[span]) for span in spans]
    return [index for index, _ in decided], [mean for _, mean in decided]


def decide_whole(correlations, levels):
    """Lag index of every hop, with knowledge of all of them.

    Parameters
    ----------
    correlations : ndarray [shape=(n, 177)]
    levels : ndarray [shape=(n,)]

    Returns
    -------
    list of int
    """
    return list(_trace_back(_search_all(correlations, levels)))[::-1]
