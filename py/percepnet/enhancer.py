"""One hop in, one hop out: the whole method in the paper's order."""

from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    HOP_LENGTH,
    LATENCY,
    LOOKAHEAD,
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_BINS,
    WINDOW_LENGTH,
)
from percepnet.dsp.comb import PAST, periodic_frame
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import band_coherence, network_features
from percepnet.dsp.gains import least_next_gains, limit_decay, postfilter
from percepnet.dsp.highpass import HighPass
from percepnet.dsp.kernels import make_shaper, make_tracker
from percepnet.dsp.stft import Synthesis, spectrum_of

_FRAME_START = PAST                         # of the frame being enhanced, in the history
_HISTORY = PAST + WINDOW_LENGTH + LOOKAHEAD
_SNR_SMOOTHING = 0.01                       # per hop: a mean over about a second
_FADE = ((np.arange(HOP_LENGTH) + 0.5) / HOP_LENGTH).astype(np.float32)


class Enhancer:
    """Denoiser of one channel, one hop at a time.

    Output is the input `LATENCY` samples (30 ms) ago, enhanced. State: 5.9 k samples of
    history, the spectra of three hops, the pitch paths, the network's state, half a frame.

    Parameters
    ----------
    model : PercepNet
        From `load_model`; may be shared.
    strength : float
        0 (gains of one, no comb filter) to 1 (all of the method). Can be set at any time.
    attenuation_limit_db : float
        The most that a band is attenuated, 0 or more. Can be set at any time.

    Attributes
    ----------
    model : PercepNet
        Can be replaced at any time: the sound goes on, the new network starts afresh.
    bypass : bool
        When true, the output is the delayed input; changes are cross-faded over one hop.
    voice_probability : float
        0 to 1, of the frame enhanced last.
    snr_db : float
        How much louder the input's voice is than its noise, as the network hears it; over the
        last second. Zero in silence.
    """

    def __init__(self, model, *, strength=1.0, attenuation_limit_db=np.inf):
        self.model = model
        self.strength = strength
        self.attenuation_limit_db = attenuation_limit_db
        self.bypass = False
        self.reset()

    @property
    def model(self):
        return self._model

    @model.setter
    def model(self, model):
        self._model = model
        self._network_state = model.initial_state()

    def reset(self):
        """Forget the past: the input before now was silent."""
        self._dry = deque([np.zeros(HOP_LENGTH, np.float32)] * (LATENCY // HOP_LENGTH))
        self._highpass = HighPass()
        self._history = np.zeros(_HISTORY)
        self._windows = sliding_window_view(self._history, WINDOW_LENGTH)
        self._frames = np.zeros((2, WINDOW_LENGTH))     # the newest; the periodic part
        compiled = self._model.kernel != "numpy"
        self._pitch = make_tracker(compiled)
        self._shape = make_shaper(compiled)
        n_kept = LOOKAHEAD_HOPS + 1
        self._spectra = deque([np.zeros(N_BINS, np.complex64)] * n_kept, n_kept)
        self._energies = deque([np.zeros(N_BANDS, np.float32)] * n_kept, n_kept)
        self._network_state = self._model.initial_state()
        self._least_gains = np.zeros(N_BANDS, np.float32)
        self._synthesis = Synthesis()
        self._bypassed = self.bypass
        self._mean_powers = np.zeros(2)                 # of voice and noise
        self.voice_probability = 0.0

    @property
    def snr_db(self):
        voice, noise = self._mean_powers + np.finfo(float).tiny
        return float(10 * np.log10(voice / noise))

    def process(self, hop):
        """Enhance one hop.

        Parameters
        ----------
        hop : ndarray [shape=(HOP_LENGTH,), dtype=float32]
            New samples, finite, ±1.

        Returns
        -------
        ndarray [shape=(HOP_LENGTH,), dtype=float32]
        """
        self._dry.append(np.array(hop, np.float32))
        self._history[:-HOP_LENGTH] = self._history[HOP_LENGTH:]
        self._history[-HOP_LENGTH:] = self._highpass.process(hop)
        enhanced = self._enhance()
        return self._switch(enhanced, self._dry.popleft())

    def _enhance(self):
        period, correlation = self._pitch.process(self._history)
        self._frames[0] = self._windows[-1]
        self._frames[1] = periodic_frame(self._windows, _FRAME_START, period)
        newest, pitch_spectrum = spectra = spectrum_of(self._frames)
        newest_energy, pitch_energy = band_energy(spectra)
        self._spectra.append(newest)
        self._energies.append(newest_energy)
        spectrum = self._spectra[0]
        energy, next_energy, *_ = self._energies

        coherence = band_coherence(
            band_correlation(spectrum, pitch_spectrum), energy, pitch_energy
        )
        features = network_features(newest_energy, coherence, period, correlation)
        gains, strengths, self.voice_probability, self._network_state = self._model.step(
            features, self._network_state
        )
        self._measure(gains, energy)

        gains = limit_decay(postfilter(gains, energy), self._least_gains)
        self._least_gains = least_next_gains(gains, energy, next_energy)
        if self.strength != 1:
            gains, strengths = gains**self.strength, strengths * self.strength
        if self.attenuation_limit_db < np.inf:
            gains = np.maximum(gains, np.float32(10 ** (-self.attenuation_limit_db / 20)))

        shaped = self._shape(spectrum, pitch_spectrum, strengths, gains, energy)
        return self._synthesis.process(shaped)

    def _measure(self, gains, energy):
        voice = gains**2 @ energy
        powers = np.array([voice, energy.sum() - voice])
        self._mean_powers += _SNR_SMOOTHING * (powers - self._mean_powers)

    def _switch(self, enhanced, dry):
        """Enhanced or dry, cross-faded over the hop in which `bypass` changes."""
        target = dry if self.bypass else enhanced
        if self.bypass == self._bypassed:
            return target
        other = enhanced if self.bypass else dry
        self._bypassed = self.bypass
        return other + _FADE * (target - other)
