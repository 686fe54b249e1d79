"""All hops of a signal at once: what the enhancer computes hop by hop, for training.

The same functions on the same samples; only the framing is vectorised.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    FILTER_PAST,
    HOP_LENGTH,
    LOOKAHEAD,
    LOOKAHEAD_HOPS,
    N_BINS,
    N_FILTER_FRAMES,
    WINDOW_LENGTH,
)
from percepnet.dsp.comb import PAST, periodic_frames
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import (
    band_coherence,
    compress_levels,
    network_features,
    phase_advances,
)
from percepnet.dsp.highpass import highpass
from percepnet.dsp.pitch import HISTORY_BEFORE, track_live
from percepnet.dsp.stft import spectrum_of

_BEFORE = PAST + WINDOW_LENGTH + LOOKAHEAD  # silence put before a signal: what any filter reaches
_BLOCK = 256  # hops whose frames are made at a time: they fit a cache


@dataclass(frozen=True)
class Hops:
    """What is known when each hop has arrived.

    The frame being enhanced at hop n is frame n - 2; all rows are its own.
    """

    spectra: list[np.ndarray]  # N_FILTER_FRAMES (n_hops, N_BINS) complex64: the filter's frames
    pitch_spectrum: np.ndarray  # (n_hops, N_BINS) complex64
    energy: np.ndarray  # (n_hops, N_BANDS)
    pitch_energy: np.ndarray  # (n_hops, N_BANDS)
    correlation: np.ndarray  # (n_hops, N_BANDS), of spectrum and pitch_spectrum
    period: np.ndarray  # (n_hops,) samples
    features: np.ndarray  # (n_hops, N_GROUPS, N_GROUP_FEATURES)

    @property
    def spectrum(self):
        """(n_hops, N_BINS) complex64, of the frame being enhanced."""
        return self.spectra[FILTER_PAST]


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
    whole = signal[: len(signal) // HOP_LENGTH * HOP_LENGTH]
    return np.concatenate([np.zeros(_BEFORE), highpass(whole), np.zeros(n_after)])


def frames_of(history, n_hops, lag=0):
    """Spectra (n_hops, N_BINS) of the frames that end `lag` hops before each hop of a signal.

    `history` is the signal's `with_history`; before it, frames are silent.
    """
    frames = sliding_window_view(history[_BEFORE - (1 + lag) * HOP_LENGTH :], WINDOW_LENGTH)
    frames = frames[::HOP_LENGTH]
    return _in_blocks(n_hops, lambda block: spectrum_of(frames[block]))


def periodic_frames_of(history, n_hops, periods, lag=0, lookahead=LOOKAHEAD):
    """Spectra (n_hops, N_BINS) of the periodic parts of the frames of `frames_of`."""
    starts = _BEFORE + HOP_LENGTH * (np.arange(n_hops) - 1 - lag)

    def spectra(block):
        return spectrum_of(periodic_frames(history, starts[block], periods[block], lookahead))

    return _in_blocks(n_hops, spectra)


def _in_blocks(n_hops, spectra):
    """Spectra (n_hops, N_BINS), a block of hops at a time: frames need eight times the memory."""
    result = np.empty((n_hops, N_BINS), np.complex64)
    for first in range(0, n_hops, _BLOCK):
        block = slice(first, min(first + _BLOCK, n_hops))
        result[block] = spectra(block)
    return result


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
    frames = frames_of(history, n_hops + LOOKAHEAD_HOPS, lag=LOOKAHEAD_HOPS)
    energies = band_energy(frames)
    energy = energies[:n_hops]
    level = compress_levels(energies)
    levels = [level[n : n + n_hops] for n in range(LOOKAHEAD_HOPS + 1)]
    frames = np.pad(frames, ((FILTER_PAST, 0), (0, 0)))
    spectra = [frames[n : n + n_hops] for n in range(N_FILTER_FRAMES)]

    period, pitch_correlation = track_live(history[_BEFORE - HISTORY_BEFORE :])
    pitch_spectrum = periodic_frames_of(history, n_hops, period, lag=LOOKAHEAD_HOPS)
    pitch_energy = band_energy(pitch_spectrum)
    correlation = band_correlation(spectra[FILTER_PAST], pitch_spectrum)
    coherence = band_coherence(correlation, energy, pitch_energy)
    pitch_level = compress_levels(pitch_energy)
    features = network_features(
        levels, coherence, pitch_level, phase_advances(spectra), period, pitch_correlation
    )
    return Hops(spectra, pitch_spectrum, energy, pitch_energy, correlation, period, features)
