"""All hops of a signal at once: what the enhancer computes hop by hop, for training.

The same functions on the same samples; only the framing is vectorised.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import HOP_LENGTH, LOOKAHEAD, LOOKAHEAD_HOPS, WINDOW_LENGTH
from percepnet.dsp.comb import PAST, periodic_frame
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import band_coherence, network_features
from percepnet.dsp.highpass import HighPass
from percepnet.dsp.pitch import HISTORY_BEFORE, track_live
from percepnet.dsp.stft import spectrum_of

_BEFORE = PAST + WINDOW_LENGTH + LOOKAHEAD  # silence put before a signal: what any filter reaches


@dataclass(frozen=True)
class Hops:
    """What is known when each hop has arrived.

    The frame being enhanced at hop n is frame n - 2; all rows but `newest_energy` are its own.
    """

    spectrum: np.ndarray        # (n_hops, N_BINS) complex64
    pitch_spectrum: np.ndarray  # (n_hops, N_BINS) complex64
    energy: np.ndarray          # (n_hops, N_BANDS)
    pitch_energy: np.ndarray    # (n_hops, N_BANDS)
    correlation: np.ndarray     # (n_hops, N_BANDS), of spectrum and pitch_spectrum
    newest_energy: np.ndarray   # (n_hops, N_BANDS), of frame n
    period: np.ndarray          # (n_hops,) samples
    features: np.ndarray        # (n_hops, N_FEATURES)


def with_history(signal, n_after=0):
    """High-passed signal after enough silence for every filter's past.

    Parameters
    ----------
    signal : ndarray [shape=(n,)]
        ±1; what is beyond the last whole hop is left out.
    n_after : int
        Samples of silence to append.

    Returns
    -------
    ndarray [shape=(_BEFORE + n_hops * HOP_LENGTH + n_after,), dtype=float64]
    """
    highpass = HighPass()
    n_hops = len(signal) // HOP_LENGTH
    hops = signal[: n_hops * HOP_LENGTH].reshape(n_hops, HOP_LENGTH)
    filtered = [highpass.process(hop) for hop in hops]
    return np.concatenate([np.zeros(_BEFORE), *filtered, np.zeros(n_after)])


def frames_of(history, n_hops):
    """Spectra (n_hops, N_BINS) of the frames that end with each hop of `with_history`'s signal."""
    first = _BEFORE - HOP_LENGTH
    frames = sliding_window_view(history[first:], WINDOW_LENGTH)[::HOP_LENGTH]
    return spectrum_of(frames[:n_hops])


def analyse(signal):
    """Features of every hop, and the spectra they come from.

    Parameters
    ----------
    signal : ndarray [shape=(n,)]
        Noisy, ±1.

    Returns
    -------
    Hops
        n // HOP_LENGTH rows.
    """
    history = with_history(signal)
    n_hops = len(signal) // HOP_LENGTH
    newest = frames_of(history, n_hops)
    spectrum = np.concatenate([np.zeros_like(newest[:LOOKAHEAD_HOPS]), newest])[:n_hops]
    newest_energy = band_energy(newest)
    energy = band_energy(spectrum)

    period, pitch_correlation = track_live(history[_BEFORE - HISTORY_BEFORE :])
    start = _BEFORE - (LOOKAHEAD_HOPS + 1) * HOP_LENGTH
    pitch_spectrum = spectrum_of(
        np.stack(
            [
                periodic_frame(history, start + hop * HOP_LENGTH, value)
                for hop, value in enumerate(period)
            ]
        )
    )
    pitch_energy = band_energy(pitch_spectrum)
    correlation = band_correlation(spectrum, pitch_spectrum)
    coherence = band_coherence(correlation, energy, pitch_energy)
    features = network_features(newest_energy, coherence, period, pitch_correlation)
    return Hops(
        spectrum, pitch_spectrum, energy, pitch_energy, correlation, newest_energy, period, features
    )
