"""The torch twin of ``percepnet.dsp.gains``: from the network's answers to the enhanced spectrum.

Spectra are tensors [2, n_windows, n_frames, N_PASSED]: real and imaginary parts, bins up to 20 kHz.
"""

import numpy as np
import torch
from torch.nn import functional as F

from percepnet.constants import (
    BAND_CENTRES,
    DECAY_FLOOR,
    FILTER_PAST,
    GAIN_FLOOR,
    LEVEL_FLOOR,
    MAX_DECAY,
    MAX_LEVEL_CORRECTION,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    OVERSHOOT,
    PASSBAND_EDGE,
    POSTFILTER_BETA,
)
from percepnet.dsp.erb import BAND_WEIGHTS, PASSBAND

N_PASSED = PASSBAND_EDGE + 1
MAX_CORRECTION = 2 * np.log(MAX_LEVEL_CORRECTION)

_WEIGHTS = torch.from_numpy(BAND_WEIGHTS[:, :N_PASSED].copy())
_PASSBAND = torch.from_numpy(PASSBAND[:N_PASSED].copy())


def frames_around(spectra, n_frames):
    """The frames that the multi-frame filter adds, N_FILTER_FRAMES [2, n_windows, n_frames, n].

    Parameters
    ----------
    spectra : float32 [2, n_windows, n_frames + LOOKAHEAD_HOPS, n]
        Before them all is silent.
    n_frames : int
    """
    padded = F.pad(spectra, (0, 0, FILTER_PAST, 0))
    return [padded[:, :, n : n + n_frames] for n in range(N_FILTER_FRAMES)]


def filter_bins(spectrum):
    """The bins that the filter changes, complex64 [n_windows, n_frames, N_FILTER_BANDS]."""
    first = BAND_CENTRES[0]
    return torch.complex(*spectrum[..., first : first + N_FILTER_BANDS])


def enhanced_spectra(frames, pitch_spectrum, strengths, filter_weights, gains, energy):
    """What the enhancer makes of a network's answer, differentiable.

    Parameters
    ----------
    frames : sequence of float32 [2, n_windows, n_frames, N_PASSED]
        From `frames_around`, in the unit of ``percepnet.constants.ENERGY_SCALE``.
    pitch_spectrum : float32 [2, n_windows, n_frames, N_PASSED]
    strengths, gains : float32 [n_windows, n_frames, N_BANDS]
        0...1.
    filter_weights : complex64 [n_windows, n_frames, N_FILTER_BANDS, N_FILTER_FRAMES]
    energy : float32 [n_windows, n_frames, N_BANDS]
        Of the frame being enhanced.

    Returns
    -------
    float32 [2, n_windows, n_frames, N_PASSED]
    """
    spectrum = frames[FILTER_PAST]
    mixed = spectrum + (pitch_spectrum - spectrum) * interpolated(strengths)
    mixed = mixed + _filtered(frames, filter_weights * (1 - gains[..., :N_FILTER_BANDS, None]))
    gains = limited_decay(postfilter(gains, energy), energy)
    return mixed * bin_scales(mixed, gains)


def _filtered(frames, weights):
    """Weighted sum of the frames, 0 beyond the bins of the filter, [..., N_PASSED]."""
    low = torch.stack([filter_bins(frame) for frame in frames], -1)
    total = (weights * low).sum(-1)
    first = BAND_CENTRES[0]
    beyond = N_PASSED - first - N_FILTER_BANDS
    return F.pad(torch.stack((total.real, total.imag)), (first, beyond))


def band_sums(values):
    """Sum over each band, [..., N_BANDS], of one value per bin."""
    return values @ _WEIGHTS.T.to(values.device)


def interpolated(values):
    """A curve over the bins through one value per band, [..., N_PASSED]."""
    return values @ _WEIGHTS.to(values.device)


def postfilter(gains, energy):
    """Gains after the envelope post-filter, [..., N_BANDS]."""
    warped = gains * torch.sin(np.pi / 2 * gains)
    before = (gains.square() * energy).sum(-1, keepdim=True)
    after = (warped.square() * energy).sum(-1, keepdim=True)
    # The floor keeps the slope finite in silence.
    ratio = (before + LEVEL_FLOOR) / (after.clamp_min(1e-6 * before) + LEVEL_FLOOR)
    common = torch.sqrt((1 + POSTFILTER_BETA) * ratio / (1 + POSTFILTER_BETA * ratio.square()))
    return warped * torch.where(after <= 1e-6 * before, 1.0, common)


def limited_decay(gains, energy):
    """Gains that fall no faster than the enhancer lets them; from silence, [..., N_BANDS].

    Where the limit acts, it is a constant.
    """
    least, limits = torch.zeros_like(gains[:, 0]), []
    with torch.no_grad():
        rise = (energy + DECAY_FLOOR) / (torch.roll(energy, -1, 1) + DECAY_FLOOR)
        for gain, ratio in zip(gains.unbind(1), rise.unbind(1), strict=True):
            limits.append(least)
            least = MAX_DECAY * (torch.maximum(gain, least) * ratio).clamp_max(1)
    return torch.maximum(gains, torch.stack(limits, 1))


def bin_scales(mixed, gains):
    """Factor on each bin that changes every band's level by its gain, [..., N_PASSED]."""
    power = mixed.square().sum(0)
    squares = gains.square() + GAIN_FLOOR
    curve = torch.log(squares)
    got = band_sums(power * torch.exp(interpolated(curve)))
    wanted = squares * band_sums(power)
    curve = curve + OVERSHOOT * _limited_log((wanted + LEVEL_FLOOR) / (got + LEVEL_FLOOR))
    return torch.exp(interpolated(0.5 * curve)) * _PASSBAND.to(mixed.device)


def _limited_log(ratio):
    return torch.log(ratio).clamp(-MAX_CORRECTION, MAX_CORRECTION)
