"""The 34 bands: overlapping triangles, one ERB apart (paper, Sec. 2.1)."""

import numpy as np

from percepnet.constants import BAND_CENTRES, ENERGY_SCALE, N_BANDS, N_BINS, PASSBAND_EDGE

_FADE_BINS = 4                              # the curve falls to zero over the last bins


def _triangles():
    bins = np.arange(N_BINS)
    weights = np.stack([np.interp(bins, BAND_CENTRES, row) for row in np.eye(N_BANDS)])
    weights[:, PASSBAND_EDGE + 1 :] = 0
    return weights.astype(np.float32)


BAND_WEIGHTS = _triangles()
"""Share of each bin in each band, (N_BANDS, N_BINS), float32: every bin up to 20 kHz is shared
out whole, flat below the first centre, nothing above 20 kHz."""

_fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, _FADE_BINS + 1) / (_FADE_BINS + 1))
_CURVE_WEIGHTS = BAND_WEIGHTS.copy()
_CURVE_WEIGHTS[:, PASSBAND_EDGE - _FADE_BINS + 1 : PASSBAND_EDGE + 1] *= _fade.astype(np.float32)


def band_correlation(spectrum, other):
    """Real part of the inner product of two spectra in each band.

    Parameters
    ----------
    spectrum, other : ndarray [shape=(..., N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        In squared 16-bit units with a forward FFT scaled by 1/960, RNNoise's unit.
    """
    product = spectrum.real * other.real
    product += spectrum.imag * other.imag
    return np.einsum("...k,bk->...b", product, _ENERGY_WEIGHTS)


_ENERGY_WEIGHTS = BAND_WEIGHTS * np.float32(ENERGY_SCALE)


def band_energy(spectrum):
    """Power in each band.

    Parameters
    ----------
    spectrum : ndarray [shape=(..., N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        In the unit of `band_correlation`.
    """
    return band_correlation(spectrum, spectrum)


def interpolate_bands(values):
    """A curve over the bins through one value per band.

    Linear between centres, constant below the first, falling to zero at 20 kHz: that the
    output ends there is RNNoise's habit, and nobody hears it.

    Parameters
    ----------
    values : ndarray [shape=(..., N_BANDS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=float32]
    """
    return np.einsum("...b,bk->...k", values, _CURVE_WEIGHTS)
