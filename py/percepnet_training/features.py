"""The torch twin of ``percepnet.dsp.features``: what the network sees of spectra."""

import torch
from torch.nn import functional as F

from percepnet.constants import (
    FILTER_PAST,
    GROUP_BANDS,
    LOOKAHEAD_HOPS,
    N_FILTER_GROUPS,
    N_GROUPS,
)
from percepnet_training.enhancement import filter_bins

_COHERENCE_FLOOR = 1e-3
_LEVEL_FLOOR = 1e-2


def network_features(frames, noisy_energy, periodic_energy, correlation, pitch):
    """The network's input.

    Parameters
    ----------
    frames : sequence of float32 [2, n_windows, n_frames, N_PASSED]
        From `enhancement.frames_around`.
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
    grouped = [_grouped(part) for part in by_band]
    n_above = N_GROUPS - N_FILTER_GROUPS
    advances = [F.pad(_grouped(part), (0, 0, 0, n_above)) for part in _phase_advances(frames)]
    pitch = pitch.transpose(0, 1)[:, :, None].expand(-1, -1, N_GROUPS, -1)
    return torch.cat((*grouped, *advances, pitch), 3)


def _grouped(values):
    return values.transpose(0, 1).unflatten(2, (-1, GROUP_BANDS))


def _phase_advances(frames):
    low = [filter_bins(frame) for frame in frames]
    frame = low.pop(FILTER_PAST)
    for other in low:
        product = other * frame.conj()
        product = product / (product.abs() + _COHERENCE_FLOOR)
        yield from (product.real, product.imag)


def compressed_levels(energy):
    """Band levels as the network sees them, any shape."""
    return 0.5 * (torch.log10(energy + _LEVEL_FLOOR) - 3)
