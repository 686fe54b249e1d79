"""How different enhanced speech sounds, and how much of it is understood, as listening tests rate.

Two measures of spectra, differentiable: a distance of loudness in the manner of ITU-T P.862, in
which added sound weighs more than missing sound, and the correlation of envelopes of STOI (Taal
et al. 2011). Both look at 10-ms frames up to 8 kHz, and at windows that have speech.
"""

from typing import NamedTuple

import numpy as np
import torch

from percepnet.constants import N_BINS, SAMPLE_RATE

SPEECH_SHARE = 1e-3  # of the noisy power: windows with less speech have nothing to compare
QUIET_POWER = 1e-2  # of a bin, in the unit of ``percepnet.constants.ENERGY_SCALE``: nothing
FLOOR = 1e-6  # inside of roots of disturbances

BIN_HZ = SAMPLE_RATE / 2 / (N_BINS - 1)
TOP_BIN = round(8000 / BIN_HZ)  # wide-band telephony ends there

# Loudness: P.862 with the Bark scale of Schroeder et al. 1979, the threshold in quiet of Terhardt
# 1979 and, for want of 32-ms frames, one bin or half a Bark a band.
BARK_STEP = 0.5
LEVEL_POWER = 1e7  # of speech between the two next frequencies, where 1 is 0 dB SPL
LEVEL_BAND_HZ = (325, 3250)
LOUDNESS_EXPONENT = 0.23
LOUDNESS_SCALE = 0.187
DEAD_ZONE = 0.25  # of the softer loudness: such differences are masked
GAIN_FLOOR = 5e3  # of powers compared to level a frame
GAIN_RANGE = (3e-4, 5.0)
GAIN_MEMORY = 0.2
ADDED_FLOOR = 50.0
ADDED_EXPONENT = 1.2
ADDED_RANGE = (3.0, 12.0)  # of the weight of added sound: below, 0
LOUD_FRAME = (1e5, 1e7, 0.04)  # disturbances in loud frames weigh less
MAX_DISTURBANCE = 45.0
SYLLABLE = 32  # frames: the worst of them decide, as an L6 norm
SYLLABLE_POWER = 6
SYMMETRIC_WEIGHT, ADDED_WEIGHT = 0.1, 0.0309

# Envelopes: third octaves over 380 ms.
N_THIRDS = 15
LOWEST_THIRD_HZ = 150.0
SEGMENT = 38
SEGMENT_STEP = 4
QUIET_SEGMENT = 1e-4  # of the loudest: not rated
MAX_ENVELOPE = 1 + 10 ** (15 / 20)  # of the clean one: worse than that is not worse


class Scales(NamedTuple):
    """Bands of both measures: rows of bins up to TOP_BIN, float32."""

    bark: torch.Tensor
    bark_widths: torch.Tensor
    thresholds: torch.Tensor
    level: torch.Tensor
    thirds: torch.Tensor


def _scales():
    frequencies = BIN_HZ * np.arange(TOP_BIN + 1)
    bark = 7 * np.arcsinh(frequencies / 650)
    _, band = np.unique(np.floor(bark[1:] / BARK_STEP), return_inverse=True)
    bark_bands = np.zeros((band.max() + 1, TOP_BIN + 1))
    bark_bands[band, np.arange(1, TOP_BIN + 1)] = 1
    edges = 7 * np.arcsinh((frequencies[1:, None] + BIN_HZ * np.array((-0.5, 0.5))) / 650)
    widths = bark_bands[:, 1:] @ (edges[:, 1] - edges[:, 0])
    khz = bark_bands @ frequencies / bark_bands.sum(1) / 1000
    quiet_db = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    low, high = LEVEL_BAND_HZ
    level = (frequencies >= low) & (frequencies <= high)
    centres = LOWEST_THIRD_HZ * 2 ** (np.arange(N_THIRDS)[:, None] / 3)
    thirds = (frequencies >= centres * 2 ** (-1 / 6)) & (frequencies < centres * 2 ** (1 / 6))
    return Scales(
        *(
            torch.tensor(array, dtype=torch.float32)
            for array in (bark_bands, widths, 10 ** (quiet_db / 10), level, thirds)
        )
    )


_SCALES = _scales()


def perceptual_losses(enhanced, clean, noisy, mask):
    """Distance of loudness, and envelopes' lack of correlation; 0 for equal spectra.

    Parameters
    ----------
    enhanced, clean, noisy : float32 [2, n_windows, n_frames, n_bins]
        Real and imaginary parts; bins up to 8 kHz at least.
    mask : float32 [n_windows, n_frames, n_bins]
        1 where the clean spectrum is known.

    Returns
    -------
    loudness, envelope : () float32
        ``loudness``: in units of P.862's score, about 0...4. ``envelope``: 1 - STOI.
    """
    scales = Scales(*(part.to(mask.device) for part in _SCALES))
    known = mask[..., : TOP_BIN + 1]
    enhanced, clean, noisy = (
        spectrum[..., : TOP_BIN + 1].square().sum(0) * known
        for spectrum in (enhanced, clean, noisy)
    )
    has_speech = windows_with_speech(clean, noisy)
    if not has_speech.any():
        nothing = 0 * enhanced.sum()
        return nothing, nothing
    enhanced, clean = enhanced[has_speech], clean[has_speech]
    loudness = _loudness_distance(enhanced, clean, scales)
    return loudness.mean(), 1 - _envelope_correlation(enhanced, clean, scales).mean()


def windows_with_speech(clean, noisy):
    """Which windows have speech to compare, (n_windows,) bool, of powers [n_windows, ...]."""
    clean, noisy = (power.flatten(1).mean(1) for power in (clean, noisy))
    return clean > SPEECH_SHARE * noisy + QUIET_POWER


def _loudness_distance(enhanced, clean, scales):
    enhanced, clean = (_levelled(power, scales) @ scales.bark.T for power in (enhanced, clean))
    enhanced = enhanced * _frame_gains(enhanced, clean)[..., None]
    loud, wanted = (_loudness(power, scales.thresholds) for power in (enhanced, clean))
    difference = loud - wanted
    masked = DEAD_ZONE * torch.minimum(loud, wanted)
    difference = difference.sign() * (difference.abs() - masked).clamp_min(0)
    added = ((enhanced + ADDED_FLOOR) / (clean + ADDED_FLOOR)) ** ADDED_EXPONENT
    least, most = ADDED_RANGE
    added = torch.where(added < least, 0.0, added.clamp_max(most))
    floor, reference, exponent = LOUD_FRAME
    relief = ((clean.sum(-1) + floor) / reference) ** exponent
    distances = []
    for disturbance, power in ((difference, 2), (difference * added, 1)):
        total = scales.bark_widths.sum()
        summed = ((scales.bark_widths * disturbance.abs()) ** power).sum(-1)
        frame = total * (summed / total + FLOOR) ** (1 / power) / relief
        syllables = frame.clamp_max(MAX_DISTURBANCE).unfold(1, SYLLABLE, SYLLABLE // 2)
        worst = ((syllables**SYLLABLE_POWER).mean(-1) + FLOOR) ** (1 / SYLLABLE_POWER)
        distances.append(worst.square().mean(1).sqrt())
    return SYMMETRIC_WEIGHT * distances[0] + ADDED_WEIGHT * distances[1]


def _levelled(power, scales):
    """At the listening level of speech."""
    level = (power @ scales.level).mean(1)
    return power * (LEVEL_POWER / (level + QUIET_POWER))[:, None, None]


def _frame_gains(enhanced, clean):
    """What makes frames equally strong: a wrong level for a moment is forgiven."""
    ratio = (clean.sum(-1) + GAIN_FLOOR) / (enhanced.sum(-1) + GAIN_FLOOR)
    before = torch.cat((ratio[:, :1], ratio[:, :-1]), 1)
    return torch.lerp(ratio, before, GAIN_MEMORY).clamp(*GAIN_RANGE)


def _loudness(power, threshold):
    above = (0.5 + 0.5 * power / threshold) ** LOUDNESS_EXPONENT - 1
    return LOUDNESS_SCALE * (2 * threshold) ** LOUDNESS_EXPONENT * above.clamp_min(0)


def _envelope_correlation(enhanced, clean, scales):
    # [n_windows, N_THIRDS, n_segments, SEGMENT]
    enhanced, clean = (
        (scales.thirds @ part.transpose(1, 2) + QUIET_POWER).sqrt().unfold(2, SEGMENT, SEGMENT_STEP)
        for part in (enhanced, clean)
    )
    energy = clean.square().sum((1, 3))
    rated = (energy > QUIET_SEGMENT * energy.amax(1, keepdim=True)).float()
    scale = clean.norm(dim=-1, keepdim=True) / enhanced.norm(dim=-1, keepdim=True)
    enhanced = torch.minimum(enhanced * scale, MAX_ENVELOPE * clean)
    enhanced, clean = (part - part.mean(-1, keepdim=True) for part in (enhanced, clean))
    norms = enhanced.norm(dim=-1) * clean.norm(dim=-1)
    correlation = ((enhanced * clean).sum(-1) / (norms + QUIET_POWER)).mean(1)
    return (correlation * rated).sum(1) / rated.sum(1).clamp_min(1)
