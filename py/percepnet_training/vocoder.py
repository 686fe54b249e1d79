"""Short-time spectra of speech and their envelopes, to change voices by."""

import numpy as np
from scipy import fft
from scipy.signal import windows

from percepnet.constants import SAMPLE_RATE

N_FFT = 2048
N_STEP = N_FFT // 4
N_QUEFRENCIES = round(0.002 * SAMPLE_RATE)  # smoother than harmonics of 400 Hz
RANGE_DB = 90.0  # below the peak of a frame is no vocal tract, only rounding

_WINDOW = windows.hann(N_FFT, sym=False).astype(np.float32)
_START = N_FFT - N_STEP


def spectra_of(samples):
    """Short-time spectra, (n_frames, N_FFT // 2 + 1) complex64, a frame each N_STEP samples."""
    n_frames = (len(samples) - 1) // N_STEP + N_FFT // N_STEP
    padded = np.zeros((n_frames - 1) * N_STEP + N_FFT, np.float32)
    padded[_START : _START + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::N_STEP]
    return fft.rfft(frames * _WINDOW)


def samples_of(spectra, n_samples):
    """The inverse of `spectra_of`, (n_samples,) float32."""
    frames = fft.irfft(spectra, N_FFT) * _WINDOW
    total = np.zeros((len(frames) - 1) * N_STEP + N_FFT, np.float32)
    for part in range(N_FFT // N_STEP):
        rows = frames[part :: N_FFT // N_STEP]
        total[part * N_STEP :][: rows.size] += rows.ravel()
    # Hann windows squared, a quarter apart, sum to 1.5.
    return total[_START : _START + n_samples] / np.float32(1.5)


def log_envelopes(magnitudes):
    """Natural logarithm of each row without what its cepstrum has above 2 ms, float32."""
    floor = magnitudes.max(1, keepdims=True) * np.float32(10 ** (-RANGE_DB / 20)) + np.float32(1e-9)
    cepstrum = fft.irfft(np.log(np.maximum(magnitudes, floor)))
    cepstrum[:, N_QUEFRENCIES : cepstrum.shape[1] - N_QUEFRENCIES + 1] = 0
    return fft.rfft(cepstrum).real


def rows_between(rows, places):
    """Rows at fractional ``places`` of a matrix, linear between neighbours, (n_places, n) float32.

    Parameters
    ----------
    rows : (n_rows, n) float32
    places : (n_places,) float
        0...n_rows - 1.
    """
    below = np.minimum(places.astype(int), len(rows) - 2)
    share = (places - below).astype(np.float32)[:, np.newaxis]
    return rows[below] * (1 - share) + rows[below + 1] * share
