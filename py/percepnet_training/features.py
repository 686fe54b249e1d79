"""The torch twin of ``percepnet.dsp.features``: what the network sees of spectra."""

import torch

from percepnet.constants import GROUP_BANDS, LOOKAHEAD_HOPS, N_GROUPS
from percepnet_training.enhancement import band_sums

_COHERENCE_FLOOR = 1e-3
_LEVEL_FLOOR = 1e-2


def band_turns(spectra):
    """Complex inner product of each frame's spectrum and the one before it in each band.

    Parameters
    ----------
    spectra : float32 [2, n_windows, n_frames, N_PASSED]

    Returns
    -------
    list of float32 [n_windows, n_frames - 1, N_BANDS]
        Real and imaginary part.
    """
    (real, newer_real), (imaginary, newer_imaginary) = (
        (part[:, :-1], part[:, 1:]) for part in spectra
    )
    products = (
        newer_real * real + newer_imaginary * imaginary,
        newer_imaginary * real - newer_real * imaginary,
    )
    return [band_sums(part) for part in products]


def network_features(noisy_energy, turns, periodic_energy, correlation, pitch):
    """The network's input.

    Parameters
    ----------
    noisy_energy : float32 [n_windows, n_frames + LOOKAHEAD_HOPS, N_BANDS]
    turns : sequence of float32 [n_windows, n_frames + LOOKAHEAD_HOPS - 1, N_BANDS]
        From `band_turns`, of the noisy spectra.
    periodic_energy, correlation : float32 [n_windows, n_frames, N_BANDS]
        Of the periodic part, and of it and the noisy spectrum.
    pitch : float32 [n_windows, n_frames, 2]
        The features of period and correlation.

    Returns
    -------
    float32 [n_frames, n_windows, N_GROUPS, N_GROUP_FEATURES]
    """
    n_frames = pitch.shape[1]
    levels = compressed_levels(noisy_energy)
    energy = noisy_energy[:, :n_frames]
    coherence = correlation * torch.rsqrt(energy * periodic_energy + _COHERENCE_FLOOR)
    size = torch.rsqrt(noisy_energy[:, :-1] * noisy_energy[:, 1:] + _COHERENCE_FLOOR)
    advance = [part * size for part in turns]
    by_band = [
        *(levels[:, n : n + n_frames] for n in range(LOOKAHEAD_HOPS + 1)),
        2 * coherence - 1,
        compressed_levels(periodic_energy),
        *(part[:, n : n + n_frames] for n in range(LOOKAHEAD_HOPS) for part in advance),
    ]
    grouped = [part.transpose(0, 1).unflatten(2, (N_GROUPS, GROUP_BANDS)) for part in by_band]
    return torch.cat((*grouped, pitch.transpose(0, 1)[:, :, None].expand(-1, -1, N_GROUPS, -1)), 3)


def compressed_levels(energy):
    """Band levels as the network sees them, any shape."""
    return 0.5 * (torch.log10(energy + _LEVEL_FLOOR) - 3)
