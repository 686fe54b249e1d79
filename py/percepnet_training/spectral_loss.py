"""How far the enhanced signal is from the clean one, as the ear weighs it."""

import torch

from percepnet.constants import PASSBAND_EDGE
from percepnet.dsp.erb import BAND_WEIGHTS
from percepnet_training.loss import EAR_BANDS

EXPONENT = 0.3  # of magnitudes: about loudness, as in the gains' loss
COMPLEX_SHARE = 0.15  # of the loss; the rest compares magnitudes only
FLOOR_DB = -60.0  # below a window's mean, bins count alike
GAP_POWER = 1e-4  # beside a window's mean: frames with less are gaps between words
GAP_WEIGHT = 8.0  # of such frames: what is left there is noise, and is heard
NOISE_SHARE = 1e-3  # of the noisy power in the level: windows without speech have one
QUIET_SUM = 1.0  # of a window's powers: less is no speech
ERROR_FLOOR = 1e-3  # of the speech's power: 30 dB below it, errors are small enough

# Every band counts the same, however many bins it has.
_SHARES = BAND_WEIGHTS / BAND_WEIGHTS.sum(1, keepdims=True)
_BIN_WEIGHTS = torch.from_numpy(_SHARES.sum(0)[: PASSBAND_EDGE + 1].copy())


def spectral_loss(enhanced, clean, noisy, mask):
    """Distance of compressed spectra (Braun & Tashev 2021) of each window.

    Parameters
    ----------
    enhanced, clean, noisy : float32 [2, n_windows, n_frames, n_bins]
        Real and imaginary parts; bins up to 20 kHz.
    mask : float32 [n_windows, n_frames, n_bins]
        1 where the clean spectrum is known.

    Returns
    -------
    loss : [n_windows] float32
        Per frame, summed over the ear's bands.
    parts : dict of str to float
        ``magnitude``, ``complex``: unweighted means.
    """
    level = _power(clean).mean((1, 2)) + NOISE_SHARE * _power(noisy).mean((1, 2))
    scale = torch.rsqrt(level + 1e-12)[:, None, None]
    is_gap = (_power(clean * scale).mean(-1, keepdim=True) < GAP_POWER).float()
    enhanced_size, enhanced = _compressed(enhanced * scale)
    clean_size, clean = _compressed(clean * scale)
    weight = mask * _BIN_WEIGHTS.to(mask.device)
    normaliser = weight.sum((1, 2)).clamp_min(1) / EAR_BANDS
    weight = weight * (1 + (GAP_WEIGHT - 1) * is_gap)
    magnitude = ((enhanced_size - clean_size).square() * weight).sum((1, 2)) / normaliser
    phase = (_power(enhanced - clean) * weight).sum((1, 2)) / normaliser
    loss = (1 - COMPLEX_SHARE) * magnitude + COMPLEX_SHARE * phase
    return loss, {"magnitude": magnitude.mean().item(), "complex": phase.mean().item()}


def error_level_db(enhanced, clean, noisy, mask):
    """Level of the error beside that of the clean speech, dB, mean over windows with speech.

    Parameters
    ----------
    enhanced, clean, noisy, mask
        As for `spectral_loss`.

    Returns
    -------
    () float32
        At least `ERROR_FLOOR`'s; 0 if no window has speech.
    """
    speech, noisy, error = (
        _power(part * mask).sum((1, 2)) for part in (clean, noisy, enhanced - clean)
    )
    has_speech = speech > NOISE_SHARE * noisy + QUIET_SUM
    if not has_speech.any():
        return 0 * error.sum()
    return (10 * torch.log10(error[has_speech] / speech[has_speech] + ERROR_FLOOR)).mean()


def _power(spectrum):
    return spectrum[0].square() + spectrum[1].square()


def _compressed(spectrum):
    power = _power(spectrum) + 10 ** (FLOOR_DB / 10)
    size = power ** (EXPONENT / 2)
    return size, spectrum * (size * torch.rsqrt(power))
