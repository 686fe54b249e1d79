"""How different enhanced speech sounds, and how much of it is understood, as listening tests rate.

Both of the signal up to 8 kHz, and of windows that have speech.
"""

from percepnet_training.envelopes import envelope_correlations
from percepnet_training.loudness import loudness_distances
from percepnet_training.wide_band import wide_band_signals

SPEECH_SHARE = 1e-3  # of the noisy power: windows with less speech have nothing to compare
QUIET_POWER = 1e-2  # of a bin, in the unit of ``percepnet.constants.ENERGY_SCALE``: nothing


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
        ``loudness``: disturbance of P.862, 0...10 or so, 3 to 2 for PESQ 1.5 to 2.5.
        ``envelope``: 1 - STOI.
    """
    enhanced, clean, noisy = (spectrum * mask for spectrum in (enhanced, clean, noisy))
    has_speech = windows_with_speech(*(spectrum.square().sum(0) for spectrum in (clean, noisy)))
    if not has_speech.any():
        nothing = 0 * enhanced.sum()
        return nothing, nothing
    signals = [wide_band_signals(spectrum[:, has_speech]) for spectrum in (enhanced, clean)]
    return loudness_distances(*signals).mean(), 1 - envelope_correlations(*signals).mean()


def windows_with_speech(clean, noisy):
    """Which windows have speech to compare, (n_windows,) bool, of powers [n_windows, ...]."""
    clean, noisy = (power.flatten(1).mean(1) for power in (clean, noisy))
    return clean > SPEECH_SHARE * noisy + QUIET_POWER
