"""What the network sees: the same code in training and live (after the paper, Sec. 3)."""

import numpy as np

from percepnet.constants import (
    ENERGY_SCALE,
    FILTER_PAST,
    GROUP_BANDS,
    MAX_PERIOD,
    MIN_PERIOD,
    N_GROUP_FEATURES,
    N_GROUPS,
)
from percepnet.dsp.multiframe import filter_bins

_LEVEL_FLOOR = np.float32(1e-2)
_LEVEL_CENTRE = np.float32(3)
_LEVEL_SCALE = np.float32(0.5)

_N_OCTAVES = np.log2(MAX_PERIOD / MIN_PERIOD)
_COHERENCE_FLOOR = np.float32(1e-3)
_PRODUCT_FLOOR = np.float32(1e-3 / ENERGY_SCALE)  # of two spectra


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


def phase_advances(spectra):
    """How far the phase of the lowest bins is ahead in the other frames of the filter.

    Parameters
    ----------
    spectra : sequence of ndarray [shape=(..., N_BINS), dtype=complex64]
        N_FILTER_FRAMES frames, the one being enhanced among them.

    Returns
    -------
    list of ndarray [shape=(..., N_FILTER_BANDS), dtype=float32]
        Of each other frame the cosine and the sine, both 0 in silence.
    """
    low = [filter_bins(spectrum) for spectrum in spectra]
    frame = low.pop(FILTER_PAST)
    advances = []
    for other in low:
        product = other * frame.conj()
        product /= np.abs(product) + _PRODUCT_FLOOR
        advances += [product.real, product.imag]
    return advances


def network_features(levels, coherence, periodic_level, advances, period, correlation):
    """The network's input: a row for every group of neighbouring bands.

    Parameters
    ----------
    levels : sequence of ndarray [shape=(..., N_BANDS)]
        From `compress_levels`: of the frame being enhanced, and of each frame of the look-ahead.
    coherence : ndarray [shape=(..., N_BANDS)]
        Of the frame being enhanced with its periodic part.
    periodic_level : ndarray [shape=(..., N_BANDS)]
        From `compress_levels`, of that periodic part.
    advances : sequence of ndarray [shape=(..., N_FILTER_BANDS)]
        From `phase_advances`; 0 in the groups above.
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
    features = np.zeros((*coherence.shape[:-1], N_GROUPS, N_GROUP_FEATURES), np.float32)
    for n, values in enumerate((*by_band, *advances)):
        grouped = values.reshape(*values.shape[:-1], -1, GROUP_BANDS)
        n_groups = grouped.shape[-2]
        features[..., :n_groups, n * GROUP_BANDS : (n + 1) * GROUP_BANDS] = grouped
    features[..., -2] = np.expand_dims(2 * np.log2(period / MIN_PERIOD) / _N_OCTAVES - 1, -1)
    features[..., -1] = np.expand_dims(2 * correlation - 0.5, -1)
    return features
