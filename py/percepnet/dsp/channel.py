"""The sound of one channel: what is known of the frame being enhanced, and how it is shaped."""

from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    FILTER_PAST,
    HOP_LENGTH,
    LOOKAHEAD,
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_BINS,
    N_FILTER_FRAMES,
    WINDOW_LENGTH,
)
from percepnet.dsp.comb import PAST, periodic_frame
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import (
    band_coherence,
    compress_levels,
    network_features,
    phase_advances,
)
from percepnet.dsp.gains import filter_gains, shape_spectrum
from percepnet.dsp.highpass import HighPass
from percepnet.dsp.stft import Synthesis, spectrum_of

_FRAME_START = PAST  # of the frame being enhanced, in the history
_HISTORY = PAST + WINDOW_LENGTH + LOOKAHEAD


class Channel:
    """One channel on its way through the enhancer: `push`, `analyse`, `enhance`, hop by hop.

    State: 5.9 k samples of history, the spectra of five hops, the smallest gains allowed, half a
    frame.

    Attributes
    ----------
    history : ndarray [shape=(_HISTORY,)]
        High-passed, up to the newest hop.
    spectra : sequence of ndarray
        FILTER_PAST frames, the one being enhanced, and those after it.
    energies, levels : sequences of ndarray
        Band energies from the frame being enhanced on, and the same as the network sees them.
    pitch_spectrum, pitch_energy, pitch_level : ndarray
        Of the periodic part of the frame being enhanced.
    """

    def __init__(self):
        self._highpass = HighPass()
        self.history = np.zeros(_HISTORY)
        self._windows = sliding_window_view(self.history, WINDOW_LENGTH)
        self._frames = np.zeros((2, WINDOW_LENGTH))  # the newest; the periodic part
        n_kept = LOOKAHEAD_HOPS + 1
        self.spectra = deque([np.zeros(N_BINS, np.complex64)] * N_FILTER_FRAMES, N_FILTER_FRAMES)
        silence = np.zeros(N_BANDS, np.float32)
        self.energies = deque([silence] * n_kept, n_kept)
        self.levels = deque([compress_levels(silence)] * n_kept, n_kept)
        self._least_gains = silence
        self._synthesis = Synthesis()

    def push(self, hop):
        """Take in (HOP_LENGTH,) samples."""
        self.history[:-HOP_LENGTH] = self.history[HOP_LENGTH:]
        self.history[-HOP_LENGTH:] = self._highpass.process(hop)

    def analyse(self, period):
        """Look at the newest frame, and at what of the one being enhanced has that period."""
        self._frames[0] = self._windows[-1]
        self._frames[1] = periodic_frame(self._windows, _FRAME_START, period)
        newest, self.pitch_spectrum = spectra = spectrum_of(self._frames)
        newest_energy, self.pitch_energy = energies = band_energy(spectra)
        newest_level, self.pitch_level = compress_levels(energies)
        self.spectra.append(newest)
        self.energies.append(newest_energy)
        self.levels.append(newest_level)

    def features(self, period, correlation):
        """What the network sees of a frame with that period and correlation.

        (N_GROUPS, N_GROUP_FEATURES), as `network_features`.
        """
        products = band_correlation(self.spectra[FILTER_PAST], self.pitch_spectrum)
        coherence = band_coherence(products, self.energies[0], self.pitch_energy)
        advances = phase_advances(self.spectra)
        return network_features(
            self.levels, coherence, self.pitch_level, advances, period, correlation
        )

    def filter_gains(self, gains):
        """Of the network's gains those that the bands get, as `gains.filter_gains`."""
        gains, self._least_gains = filter_gains(
            gains, self._least_gains, self.energies[0], self.energies[1]
        )
        return gains

    def enhance(self, strengths, filter_weights, gains):
        """Mix in the periodic part, filter, scale the bands; gives (HOP_LENGTH,) samples."""
        shaped = shape_spectrum(self.spectra, self.pitch_spectrum, strengths, filter_weights, gains)
        return self._synthesis.process(shaped)
