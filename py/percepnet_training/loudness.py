"""How different two signals sound, in the manner of ITU-T P.862.2, differentiable.

Added sound weighs more than missing sound. Beside the standard: its tables are formulas here, and
signals are aligned already.
"""

import numpy as np
import torch

from percepnet_training.wide_band import MEASURED_BIN_HZ, N_MEASURED, power_of_frames

# Bark scale of Schroeder et al. 1979, threshold in quiet of Terhardt 1979. With this step the
# distance tracks PESQ best among 0.35...0.5 (models/README.md, "What was tried").
BARK_STEP = 0.43
FRAME = 512  # samples at 16 kHz: 32 ms
N_BINS = N_MEASURED // 2  # up to, and without, 8 kHz

# P.862.2's filter of its listener, (b0 + b1 / z + b2 / z²) / (a0 + a1 / z + a2 / z²)
LISTENER_ZEROS = (2.740826, -5.4816519, 2.740826)
LISTENER_POLES = (1.0, -1.9444777, 0.94597794)

LEVEL_BAND_HZ = (325, 3250)
LEVEL_POWER = 3.4e8  # of speech there: where 1 is 0 dB SPL, as everywhere below
SILENCE = 1e-9  # far below any signal: nothing is divided by 0
FLOOR = 1e-6  # inside of roots of disturbances
AUDIBLE = 100.0  # thresholds that a band must have to count in the next
BAND_FLOOR, BAND_RANGE = 1e3, (0.01, 100.0)  # the channel's response, which is forgiven
FRAME_FLOOR, FRAME_RANGE = 5e3, (3e-4, 5.0)  # and a wrong level for a moment
FRAME_MEMORY = 0.2
LOUDNESS_SCALE, LOUDNESS_EXPONENT = 0.187, 0.23
LOW_BARK, LOW_EXPONENT = 4.0, 0.15  # steeper below the fourth Bark, up to twice to this power
DEAD_ZONE = 0.25  # of the softer loudness: such differences are masked
ADDED_FLOOR, ADDED_EXPONENT = 50.0, 1.2
ADDED_RANGE = (3.0, 12.0)  # of the weight of added sound: below, 0
LOUD_FRAME = (1e5, 1e7, 0.04)  # disturbances in loud frames weigh less
MAX_DISTURBANCE = 45.0
SYLLABLE = 20  # frames: the worst of them decide, as an L6 norm
SYLLABLE_POWER = 6
SYMMETRIC_WEIGHT, ADDED_WEIGHT = 0.1, 0.0309


def _bands():
    """Of bins 0...N_BINS - 1: bands as columns, their widths in Bark, thresholds and exponents."""
    hz = MEASURED_BIN_HZ * np.arange(N_BINS)
    bark = _bark(hz)
    _, band = np.unique(np.floor(bark[1:] / BARK_STEP), return_inverse=True)
    members = np.zeros((band.max() + 1, N_BINS))
    members[band, np.arange(1, N_BINS)] = 1
    widths = members @ (_bark(hz + MEASURED_BIN_HZ / 2) - _bark(hz - MEASURED_BIN_HZ / 2))
    khz = members @ hz / members.sum(1) / 1000
    quiet_db = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    steeper = np.clip(6 / (members @ bark / members.sum(1) + 2), 1, 2) ** LOW_EXPONENT
    back = np.exp(-2j * np.pi * np.arange(N_BINS) / N_MEASURED)
    filtered = np.polyval(LISTENER_ZEROS[::-1], back) / np.polyval(LISTENER_POLES[::-1], back)
    return (members * abs(filtered) ** 2).T, widths, 10 ** (quiet_db / 10), steeper


def _bark(hz):
    return 7 * np.arcsinh(hz / 650)


_BANDS, _WIDTHS, _THRESHOLDS, _STEEPER = (
    torch.tensor(part, dtype=torch.float32) for part in _bands()
)
_LEVEL = slice(*(round(hz / MEASURED_BIN_HZ) for hz in LEVEL_BAND_HZ))


def loudness_distances(enhanced, clean):
    """Disturbance of signals beside clean ones, (n_windows,) float32; 0: equal.

    Parameters
    ----------
    enhanced, clean : float32 [n_windows, n_samples]
        At 16 kHz, of any level, of SYLLABLE frames at least.
    """
    widths, thresholds, steeper = (
        part.to(clean.device) for part in (_WIDTHS, _THRESHOLDS, _STEEPER)
    )
    enhanced, clean = (_heard_bands(signals) for signals in (enhanced, clean))
    clean = clean * _forgiven_response(enhanced, clean, AUDIBLE * thresholds)
    powers = [(bands * (bands > thresholds)).sum(-1) for bands in (enhanced, clean)]
    enhanced = enhanced * _forgiven_level(*powers)[..., None]
    loud, wanted = (_loudness(bands, thresholds, steeper) for bands in (enhanced, clean))
    masked = DEAD_ZONE * torch.minimum(loud, wanted)
    difference = ((loud - wanted).abs() - masked).clamp_min(0)
    added = ((enhanced + ADDED_FLOOR) / (clean + ADDED_FLOOR)) ** ADDED_EXPONENT
    least, most = ADDED_RANGE
    added = torch.where(added < least, 0.0, added.clamp_max(most))
    floor, reference, exponent = LOUD_FRAME
    relief = ((powers[1] + floor) / reference) ** exponent
    wide = widths * difference
    symmetric = (widths.sum() * wide.square().sum(-1) + FLOOR).sqrt() / relief
    asymmetric = (wide * added).sum(-1) / relief
    return SYMMETRIC_WEIGHT * _worst(symmetric) + ADDED_WEIGHT * _worst(asymmetric)


def _heard_bands(signals):
    """Power by bands, speech at the level of listening."""
    power = power_of_frames(signals, FRAME)[..., :N_BINS]
    level = power[..., _LEVEL].sum(2).mean(1)
    bands = power @ _BANDS.to(power.device)
    return bands * (LEVEL_POWER / (level + SILENCE))[:, None, None]


def _forgiven_response(enhanced, clean, audible):
    """Gain of each band that gives clean speech the colour of the enhanced one."""
    enhanced, clean = (
        (bands * (bands > audible)).mean(1, keepdim=True) for bands in (enhanced, clean)
    )
    return ((enhanced + BAND_FLOOR) / (clean + BAND_FLOOR)).clamp(*BAND_RANGE)


def _forgiven_level(enhanced, clean):
    """Gain of each frame that makes it as strong as the clean one, smoothed in time."""
    gains = (clean + FRAME_FLOOR) / (enhanced + FRAME_FLOOR)
    before = torch.cat((gains[:, :1], gains[:, :-1]), 1)
    return torch.lerp(gains, before, FRAME_MEMORY).clamp(*FRAME_RANGE)


def _loudness(bands, thresholds, steeper):
    exponents = LOUDNESS_EXPONENT * steeper
    above = (0.5 + 0.5 * bands / thresholds) ** exponents - 1
    return LOUDNESS_SCALE * (2 * thresholds) ** exponents * above.clamp_min(0)


def _worst(disturbance):
    """Over the frames of each syllable mostly the worst, over syllables their root mean square."""
    syllables = disturbance.clamp_max(MAX_DISTURBANCE).unfold(1, SYLLABLE, SYLLABLE // 2)
    worst = ((syllables**SYLLABLE_POWER).mean(-1) + FLOOR) ** (1 / SYLLABLE_POWER)
    return (worst.square().mean(1) + FLOOR).sqrt()
