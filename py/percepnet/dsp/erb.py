"""The 128 bands: overlapping triangles, a quarter of an ERB apart (after the paper, Sec. 2.1).

Between two centres a bin belongs to two bands, so that one sum per interval and side gives all
band energies: 50 times less work than with a matrix of weights.
"""

import numpy as np

from percepnet.constants import BAND_CENTRES, ENERGY_SCALE, N_BANDS, N_BINS, PASSBAND_EDGE

_FADE_BINS = 4  # the curve falls to zero over the last bins

_N_USED = PASSBAND_EDGE + 1
_bins = np.arange(_N_USED)
_position = np.interp(_bins, BAND_CENTRES, np.arange(N_BANDS))  # in bands, 0 to 127
_lower = _position.astype(int)

BAND_WEIGHTS = np.zeros((N_BANDS, N_BINS), np.float32)
"""Share of each bin in each band, (N_BANDS, N_BINS), float32: every bin up to 20 kHz is shared
out whole, flat below the first centre, nothing above 20 kHz."""
BAND_WEIGHTS[:, :_N_USED] = np.maximum(0, 1 - np.abs(_position - np.arange(N_BANDS)[:, None]))

# Intervals begin at the centres, the first one ends below the first centre: there and above, a
# bin's share in the band at the upper end, and in the one at the lower end of its interval.
_STARTS = np.array([0, *BAND_CENTRES])
_upper_share = np.where(_bins < BAND_CENTRES[0], 1, _position - _lower)
_SHARES = np.stack([_upper_share, 1 - _upper_share]).astype(np.float32)
_ENERGY_SHARES = _SHARES * np.float32(ENERGY_SCALE)

_fade = np.ones(_N_USED)
_fade[-_FADE_BINS:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, _FADE_BINS + 1) / (_FADE_BINS + 1))
PASSBAND = np.pad(_fade, (0, N_BINS - _N_USED)).astype(np.float32)
"""Gain at each bin of what is let through: one, falling to zero at 20 kHz. That the output ends
there is RNNoise's habit, and nobody hears it. (N_BINS,), float32."""

LOWER_BANDS = np.pad(_lower, (0, N_BINS - _N_USED), mode="edge")
"""The band whose centre lies at or below each bin, 0 below the first; (N_BINS,)."""

_UPPER = np.minimum(LOWER_BANDS + 1, N_BANDS - 1)

FRACTIONS = np.pad(_position - _lower, (0, N_BINS - _N_USED)).astype(np.float32)
"""How far each bin is from there to the next centre, 0 to 1; (N_BINS,), float32."""


def band_sums(power):
    """Sum of one value per bin over each band.

    Parameters
    ----------
    power : ndarray [shape=(..., N_BINS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        Of |spectrum|², in squared 16-bit units with a forward FFT scaled by 1/960 (RNNoise's).
    """
    shares = power[..., None, :_N_USED] * _ENERGY_SHARES
    sums = np.add.reduceat(shares, _STARTS, axis=-1)
    return sums[..., 0, :-1] + sums[..., 1, 1:]


def band_correlation(spectrum, other):
    """Real part of the inner product of two spectra in each band.

    Parameters
    ----------
    spectrum, other : ndarray [shape=(..., N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        In the unit of `band_sums`.
    """
    return band_sums(bin_products(spectrum, other))


def bin_products(spectrum, other):
    """Real part of the product of one spectrum and the conjugate of another, bin by bin.

    Parameters
    ----------
    spectrum, other : ndarray [shape=(..., N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=float32]
    """
    # Real and imaginary parts take turns: one product of contiguous numbers, one sum
    products = spectrum.view(np.float32) * other.view(np.float32)
    return products[..., ::2] + products[..., 1::2]


def band_energy(spectrum):
    """Power in each band.

    Parameters
    ----------
    spectrum : ndarray [shape=(..., N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(..., N_BANDS), dtype=float32]
        In the unit of `band_sums`.
    """
    return band_correlation(spectrum, spectrum)


def interpolate_bands(values):
    """A curve over the bins through one value per band.

    Linear between centres, constant below the first and above the last.

    Parameters
    ----------
    values : ndarray [shape=(..., N_BANDS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=float32]
    """
    lower = values[..., LOWER_BANDS]
    curve = values[..., _UPPER]
    curve -= lower
    curve *= FRACTIONS
    curve += lower
    return curve
