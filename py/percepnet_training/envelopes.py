"""How well speech is understood: the correlation of envelopes of STOI (Taal et al. 2011)."""

import numpy as np
import torch

from percepnet_training.wide_band import MEASURED_BIN_HZ, N_MEASURED, power_of_frames

FRAME = 410  # samples at 16 kHz: 25.6 ms
N_THIRDS = 15  # third octaves
LOWEST_THIRD_HZ = 150.0
SEGMENT = 30  # frames: 384 ms
SEGMENT_STEP = 4
QUIET_SEGMENT = 1e-4  # of the loudest: not rated
MAX_ENVELOPE = 1 + 10 ** (15 / 20)  # of the clean one: worse than that is not worse
QUIET_POWER = 1e-2  # of a third, in the unit of ``wide_band_signals``: nothing


def _thirds():
    hz = MEASURED_BIN_HZ * np.arange(N_MEASURED // 2 + 1)
    centres = LOWEST_THIRD_HZ * 2 ** (np.arange(N_THIRDS)[:, None] / 3)
    members = (hz >= centres * 2 ** (-1 / 6)) & (hz < centres * 2 ** (1 / 6))
    return torch.tensor(members, dtype=torch.float32)


_THIRDS = _thirds()


def envelope_correlations(enhanced, clean):
    """Mean correlation of the envelopes in third octaves, (n_windows,) float32; 1: equal.

    Parameters
    ----------
    enhanced, clean : float32 [n_windows, n_samples]
        At 16 kHz, of SEGMENT frames at least.
    """
    thirds = _THIRDS.to(clean.device)
    # [n_windows, N_THIRDS, n_segments, SEGMENT]
    enhanced, clean = (
        (thirds @ power_of_frames(signals, FRAME).transpose(1, 2) + QUIET_POWER)
        .sqrt()
        .unfold(2, SEGMENT, SEGMENT_STEP)
        for signals in (enhanced, clean)
    )
    energy = clean.square().sum((1, 3))
    rated = (energy > QUIET_SEGMENT * energy.amax(1, keepdim=True)).float()
    scale = clean.norm(dim=-1, keepdim=True) / enhanced.norm(dim=-1, keepdim=True)
    enhanced = torch.minimum(enhanced * scale, MAX_ENVELOPE * clean)
    enhanced, clean = (part - part.mean(-1, keepdim=True) for part in (enhanced, clean))
    norms = enhanced.norm(dim=-1) * clean.norm(dim=-1)
    correlation = ((enhanced * clean).sum(-1) / (norms + QUIET_POWER)).mean(1)
    return (correlation * rated).sum(1) / rated.sum(1).clamp_min(1)
