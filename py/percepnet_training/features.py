"""The torch twin of ``percepnet.dsp.features``: what the network sees of spectra."""

import torch

from percepnet.constants import GROUP_BANDS, LOOKAHEAD_HOPS, N_GROUPS

_COHERENCE_FLOOR = 1e-3
_LEVEL_FLOOR = 1e-2


def network_features(noisy_energy, periodic_energy, correlation, pitch):
    """The network's input.

    Parameters
    ----------
    noisy_energy : float32 [n_windows, n_frames + LOOKAHEAD_HOPS, N_BANDS]
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
    by_band = [
        *(levels[:, n : n + n_frames] for n in range(LOOKAHEAD_HOPS + 1)),
        2 * coherence - 1,
        compressed_levels(periodic_energy),
    ]
    grouped = [part.transpose(0, 1).unflatten(2, (N_GROUPS, GROUP_BANDS)) for part in by_band]
    return torch.cat((*grouped, pitch.transpose(0, 1)[:, :, None].expand(-1, -1, N_GROUPS, -1)), 3)


def compressed_levels(energy):
    """Band levels as the network sees them, any shape."""
    return 0.5 * (torch.log10(energy + _LEVEL_FLOOR) - 3)
