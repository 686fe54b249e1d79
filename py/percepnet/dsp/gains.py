"""From gains and strengths to the enhanced spectrum (paper, Secs. 2.2, 2.3 and 4).

The order matters: comb mix and multi-frame filter come first, and gains are of what they left. The
paper gives bands back what the mix took; bands of one bin would get the noise back with it
(models/README.md).
"""

import numpy as np

from percepnet.constants import (
    DECAY_FLOOR,
    FILTER_PAST,
    GAIN_FLOOR,
    LEVEL_FLOOR,
    MAX_DECAY,
    MAX_LEVEL_CORRECTION,
    OVERSHOOT,
    POSTFILTER_BETA,
)
from percepnet.dsp.erb import PASSBAND, band_sums, bin_products, interpolate_bands
from percepnet.dsp.multiframe import add_filtered

_HALF_PI = np.float32(np.pi / 2)
_ONE = np.float32(1)
_MAX_DECAY = np.float32(MAX_DECAY)
_DECAY_FLOOR = np.float32(DECAY_FLOOR)
_GAIN_FLOOR = np.float32(GAIN_FLOOR)
_LEVEL_FLOOR = np.float32(LEVEL_FLOOR)
_HALF = np.float32(0.5)
_OVERSHOOT = np.float32(OVERSHOOT)
_MAX_CORRECTION = np.float32(2 * np.log(MAX_LEVEL_CORRECTION))


def mix_pitch(spectrum, pitch_spectrum, strengths):
    """Replace part of the spectrum by its periodic part.

    Parameters
    ----------
    spectrum, pitch_spectrum : ndarray [shape=(..., N_BINS), dtype=complex64]
    strengths : ndarray [shape=(..., N_BANDS), dtype=float32]
        0 (spectrum as it is) to 1 (periodic part alone).

    Returns
    -------
    ndarray [shape=(N_BINS,), dtype=complex64]
    """
    mixed = pitch_spectrum - spectrum
    mixed *= interpolate_bands(strengths)
    mixed += spectrum
    return mixed


def postfilter(gains, energy):
    """Envelope post-filter: lower what is low, then restore part of the loudness lost.

    Parameters
    ----------
    gains : ndarray [shape=(N_BANDS,), dtype=float32]
        0 to 1.
    energy : ndarray [shape=(N_BANDS,), dtype=float32]
        Of the noisy frame.

    Returns
    -------
    ndarray [shape=(N_BANDS,), dtype=float32]
        0 to 1.9: the common factor is at most 5.6 dB.
    """
    warped = gains * np.sin(_HALF_PI * gains)
    before = float((gains * gains).dot(energy))
    after = float((warped * warped).dot(energy))
    if after <= 1e-6 * before:
        return warped
    ratio = before / after
    common = ((1 + POSTFILTER_BETA) * ratio / (1 + POSTFILTER_BETA * ratio * ratio)) ** 0.5
    return warped * np.float32(common)


def limit_decay(gains, least):
    """Keep gains from falling faster than a small room's reverberation.

    Parameters
    ----------
    gains : ndarray [shape=(N_BANDS,), dtype=float32]
    least : ndarray [shape=(N_BANDS,), dtype=float32]
        From `least_next_gains` of the hop before.

    Returns
    -------
    ndarray [shape=(N_BANDS,), dtype=float32]
    """
    return np.maximum(gains, least)


def least_next_gains(gains, energy, next_energy):
    """The smallest gains that the next hop may have.

    Parameters
    ----------
    gains, energy : ndarray [shape=(N_BANDS,), dtype=float32]
        Of this hop.
    next_energy : ndarray [shape=(N_BANDS,), dtype=float32]
        Noisy energy of the next hop: what rises by itself needs no gain, and what falls by
        itself must not fall faster for it.

    Returns
    -------
    ndarray [shape=(N_BANDS,), dtype=float32]
    """
    ratio = energy + _DECAY_FLOOR
    ratio /= next_energy + _DECAY_FLOOR
    ratio *= gains
    return _MAX_DECAY * np.minimum(ratio, _ONE)


def filter_gains(gains, least, energy, next_energy):
    """Of the network's gains those that the bands get: post-filter, then the limit of decay.

    Parameters
    ----------
    gains : ndarray [shape=(N_BANDS,), dtype=float32]
        0 to 1.
    least : ndarray [shape=(N_BANDS,), dtype=float32]
        The second result of the hop before; zeros at first.
    energy, next_energy : ndarray [shape=(N_BANDS,), dtype=float32]
        Of the noisy frame and the one after it.

    Returns
    -------
    gains, least : ndarray [shape=(N_BANDS,), dtype=float32]
        ``least``: the smallest gains that the next hop may have.
    """
    gains = limit_decay(postfilter(gains, energy), least)
    return gains, least_next_gains(gains, energy, next_energy)


def scale_bands(mixed, gains):
    """Change the level of every band by its gain.

    What a steep slope of the curve lets in from louder neighbours is measured and taken away.
    Interpolation is of decibels, which follows steep slopes best.

    Parameters
    ----------
    mixed : ndarray [shape=(..., N_BINS), dtype=complex64]
        After `mix_pitch` and `add_filtered`.
    gains : ndarray [shape=(..., N_BANDS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=complex64]
    """
    power = bin_products(mixed, mixed)
    squares = gains * gains
    squares += _GAIN_FLOOR
    curve = np.log(squares)  # natural logarithms, of squares
    scale = interpolate_bands(curve)
    np.exp(scale, out=scale)
    squares *= band_sums(power)
    power *= scale
    correction = _limited_log_ratio(squares, band_sums(power))
    correction *= _OVERSHOOT
    curve += correction
    curve *= _HALF
    scale = interpolate_bands(curve)
    np.exp(scale, out=scale)
    scale *= PASSBAND
    return mixed * scale


def shape_spectrum(spectra, pitch_spectrum, strengths, filter_weights, gains):
    """The enhanced spectrum: `mix_pitch`, `add_filtered`, then `scale_bands`.

    Parameters
    ----------
    spectra : sequence of ndarray [shape=(..., N_BINS), dtype=complex64]
        N_FILTER_FRAMES frames, the one being enhanced among them.
    pitch_spectrum : ndarray [shape=(..., N_BINS), dtype=complex64]
    strengths : ndarray [shape=(..., N_BANDS), dtype=float32]
    filter_weights : ndarray [shape=(..., N_FILTER_BANDS, N_FILTER_FRAMES), dtype=complex64]
    gains : ndarray [shape=(..., N_BANDS), dtype=float32]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=complex64]
    """
    mixed = mix_pitch(spectra[FILTER_PAST], pitch_spectrum, strengths)
    add_filtered(mixed, spectra, filter_weights)
    return scale_bands(mixed, gains)


def _limited_log_ratio(wanted, got):
    logarithm = wanted + _LEVEL_FLOOR
    got += _LEVEL_FLOOR
    logarithm /= got
    np.log(logarithm, out=logarithm)
    np.minimum(logarithm, _MAX_CORRECTION, out=logarithm)
    return np.maximum(logarithm, -_MAX_CORRECTION, out=logarithm)
