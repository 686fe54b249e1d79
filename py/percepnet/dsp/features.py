"""What the network sees: the same code in training and live (after the paper, Sec. 3)."""

import numpy as np

from percepnet.constants import (
    GROUP_BANDS,
    MAX_PERIOD,
    MIN_PERIOD,
    N_GROUP_FEATURES,
    N_GROUPS,
)

_LEVEL_FLOOR = np.float32(1e-2)
_LEVEL_CENTRE = np.float32(3)
_LEVEL_SCALE = np.float32(0.5)

_N_OCTAVES = np.log2(MAX_PERIOD / MIN_PERIOD)
_COHERENCE_FLOOR = np.float32(1e-3)


def band_coherence(correlation, energy, other_energy):
    """Normalised correlation of two spectra in each band.

    Parameters
    ----------
    correlation, energy, other_energy : ndarray [shape=(..., N_BANDS)]
        From `band_correlation` and `band_energy`.

    Returns
    -------
    ndarray [shape=(..., N_BANDS)]
        -1 to 1; 0 in silence.
    """
    return correlation / np.sqrt(energy * other_energy + _COHERENCE_FLOOR)


def compress_levels(energy):
    """Band levels as the network sees them.

    Parameters
    ----------
    energy : ndarray [shape=(..., N_BANDS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        -2.5 (silence) to about 4; ten times the energy is half a unit more.
    """
    # In double precision, then rounded, for the same bits on every platform
    level = (energy + _LEVEL_FLOOR).astype(np.float64)
    level = np.log10(level, out=level).astype(np.float32)
    level -= _LEVEL_CENTRE
    level *= _LEVEL_SCALE
    return level


def network_features(levels, coherence, periodic_level, period, correlation):
    """The network's input: a row for every group of neighbouring bands.

    Parameters
    ----------
    levels : sequence of ndarray [shape=(..., N_BANDS)]
        From `compress_levels`: of the frame being enhanced, and of each frame of the look-ahead.
    coherence : ndarray [shape=(..., N_BANDS)]
        Of the frame being enhanced with its periodic part.
    periodic_level : ndarray [shape=(..., N_BANDS)]
        From `compress_levels`, of that periodic part.
    period : float or ndarray [shape=(...)]
        In samples.
    correlation : float or ndarray [shape=(...)]
        -1 to 1.

    Returns
    -------
    ndarray [shape=(..., N_GROUPS, N_GROUP_FEATURES), dtype=float32]
        Per group one after the other the values of its bands in the order of the parameters;
        period and correlation are the same in all rows.
    """
    by_band = (*levels, 2 * coherence - 1, periodic_level)
    features = np.empty((*coherence.shape[:-1], N_GROUPS, N_GROUP_FEATURES), np.float32)
    for n, values in enumerate(by_band):
        grouped = values.reshape(*values.shape[:-1], N_GROUPS, GROUP_BANDS)
        features[..., n * GROUP_BANDS : (n + 1) * GROUP_BANDS] = grouped
    features[..., -2] = np.expand_dims(2 * np.log2(period / MIN_PERIOD) / _N_OCTAVES - 1, -1)
    features[..., -1] = np.expand_dims(2 * correlation - 0.5, -1)
    return features
