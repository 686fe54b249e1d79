"""Signals at 16 kHz of spectra of 20-ms frames: what wide-band listeners and measures hear.

After overlap-add, as it is played: neighbouring frames that disagree cancel or smear here.
"""

import torch

from percepnet.constants import SAMPLE_RATE, WINDOW_LENGTH
from percepnet.dsp.stft import WINDOW
from percepnet.scores import WIDE_BAND_RATE

_DECIMATION = SAMPLE_RATE // WIDE_BAND_RATE
_FRAME = WINDOW_LENGTH // _DECIMATION
_N_BINS = _FRAME // 2 + 1
_WINDOW = torch.from_numpy(WINDOW[_DECIMATION // 2 :: _DECIMATION].copy())

N_MEASURED = 512  # of a Fourier transform of such a signal
MEASURED_BIN_HZ = WIDE_BAND_RATE / N_MEASURED


def wide_band_signals(spectra):
    """Signals at 16 kHz, [n_windows, n_samples], of spectra [2, n_windows, n_frames, n_bins].

    In the spectra's unit: three times the samples' in ``percepnet.constants.ENERGY_SCALE``.
    """
    frames = torch.fft.irfft(torch.complex(*spectra[..., :_N_BINS]), _FRAME)
    halves = (frames * _WINDOW.to(frames.device)).unflatten(-1, (2, _FRAME // 2))
    return (halves[:, 1:, 0] + halves[:, :-1, 1]).flatten(1)


def power_of_frames(signals, n_samples):
    """Power of frames of n samples, half overlapped, under a Hann window.

    Parameters
    ----------
    signals : float32 [n_windows, n]
    n_samples : int
        Of a frame, even, N_MEASURED at most.

    Returns
    -------
    float32 [n_windows, n_frames, N_MEASURED // 2 + 1]
    """
    window = torch.hann_window(n_samples, device=signals.device)
    spectra = torch.fft.rfft(signals.unfold(1, n_samples, n_samples // 2) * window, N_MEASURED)
    return spectra.real.square() + spectra.imag.square()
