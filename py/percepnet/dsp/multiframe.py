"""Multi-frame filter: weighted sum of the frames around the one being enhanced, bin by bin.

What lies between two harmonics in one frame of 20 ms is told apart in five: deep filtering (Mack
and Habets 2020, Schröter et al. 2022), for the lowest bins, on top of the comb filter, and the more
of it the less of a band is kept.
"""

import numpy as np

from percepnet.constants import BAND_CENTRES, N_FILTER_BANDS

_BINS = slice(BAND_CENTRES[0], BAND_CENTRES[0] + N_FILTER_BANDS)
_ONE = np.float32(1)


def filter_bins(spectrum):
    """The bins that the filter changes, each a band of its own.

    Parameters
    ----------
    spectrum : ndarray [shape=(..., N_BINS)]

    Returns
    -------
    ndarray [shape=(..., N_FILTER_BANDS)]
        A view.
    """
    return spectrum[..., _BINS]


def add_filtered(mixed, spectra, weights):
    """Add the weighted frames, in place.

    Parameters
    ----------
    mixed : ndarray [shape=(..., N_BINS), dtype=complex64]
        The frame being enhanced, after `gains.mix_pitch`.
    spectra : sequence of ndarray [shape=(..., N_BINS), dtype=complex64]
        N_FILTER_FRAMES frames: FILTER_PAST before it, itself, those of the look-ahead.
    weights : ndarray [shape=(..., N_FILTER_BANDS, N_FILTER_FRAMES), dtype=complex64]
    """
    low = filter_bins(mixed)
    for n, spectrum in enumerate(spectra):
        low += weights[..., n] * filter_bins(spectrum)


def gated(weights, gains):
    """The weights as they count: all where nothing of a band is kept, none where all is.

    Parameters
    ----------
    weights : ndarray [shape=(..., N_FILTER_BANDS, N_FILTER_FRAMES), dtype=complex64]
        From the network.
    gains : ndarray [shape=(..., N_BANDS), dtype=float32]
        From the network, too.

    Returns
    -------
    ndarray [shape=(..., N_FILTER_BANDS, N_FILTER_FRAMES), dtype=complex64]
    """
    return weights * (_ONE - gains[..., :N_FILTER_BANDS, np.newaxis])
