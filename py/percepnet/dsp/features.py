"""What the network sees: the same code in training and live (paper, Sec. 3)."""

import numpy as np

from percepnet.constants import MAX_PERIOD, MIN_PERIOD, N_BANDS, N_FEATURES

# Compression of the levels (RNNoise): a band counts no less than 7 decades under the loudest
# band below it, and no less than 1.5 decades under its lower neighbour.
_LEVEL_FLOOR = np.float32(1e-2)
_DYNAMIC_RANGE = np.float32(7)
_SLOPE = 1.5 * np.arange(N_BANDS, dtype=np.float32)
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
        About -3 to 4.
    """
    # In double precision, then rounded, for the same bits on every platform
    level = (energy + _LEVEL_FLOOR).astype(np.float64)
    level = np.log10(level, out=level).astype(np.float32)
    lowest = np.maximum.accumulate(level, axis=-1)
    lowest -= _DYNAMIC_RANGE
    level += _SLOPE
    slope = np.maximum.accumulate(level, axis=-1)
    slope -= _SLOPE
    np.maximum(lowest, slope, out=level)
    level -= _LEVEL_CENTRE
    level *= _LEVEL_SCALE
    return level


def network_features(newest_energy, coherence, period, correlation):
    """One row of network input.

    Parameters
    ----------
    newest_energy : ndarray [shape=(..., N_BANDS)]
        Band energies of the newest frame, the look-ahead after the frame being enhanced.
    coherence : ndarray [shape=(..., N_BANDS)]
        Of the frame being enhanced with its periodic part.
    period : float or ndarray [shape=(...)]
        In samples.
    correlation : float or ndarray [shape=(...)]
        -1 to 1.

    Returns
    -------
    ndarray [shape=(..., N_FEATURES), dtype=float32]
    """
    features = np.empty((*newest_energy.shape[:-1], N_FEATURES), np.float32)
    features[..., :N_BANDS] = compress_levels(newest_energy)
    features[..., N_BANDS : 2 * N_BANDS] = 2 * coherence - 1
    features[..., -2] = 2 * np.log2(period / MIN_PERIOD) / _N_OCTAVES - 1
    features[..., -1] = 2 * correlation - 0.5
    return features
