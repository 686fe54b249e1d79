"""One hop in, one hop out: the whole method in the paper's order."""

from collections import deque
from math import log10

import numpy as np

from percepnet.constants import HOP_LENGTH, LATENCY
from percepnet.dsp.kernels import make_channel, make_tracker
from percepnet.dsp.multiframe import gated

_SNR_SMOOTHING = 0.01  # per hop: a mean over about a second
_LEAST_POWER = 1e-9  # of voice and of noise: their ratio has a logarithm
_TINY = np.float32(1e-30)  # a gain that is none, but a divisor
_FADE = ((np.arange(HOP_LENGTH) + 0.5) / HOP_LENGTH).astype(np.float32)


class Enhancer:
    """Denoiser of one channel, or of several with linked gains, one hop at a time.

    Output is the input `LATENCY` samples (30 ms) ago, enhanced. State: the channels', the pitch
    paths, the network's state.

    Parameters
    ----------
    model : PercepNet
        From `load_model`; may be shared.
    n_channels : int
        Of more than one, pitch tracker and network hear the mean, and every channel is given the
        same gains and filters: voices stay where they are heard.
    strength : float
        0 (gains of one, no filters) to 1 (all of the method). Can be set at any time.
    attenuation_limit_db : float
        The most that noise is attenuated, 0 or more: so much of the input stays under the
        enhanced sound. Can be set at any time.

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

    def __init__(self, model, *, n_channels=1, strength=1.0, attenuation_limit_db=np.inf):
        self.model = model
        self._n_channels = n_channels
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
        n_linked = self._n_channels if self._n_channels > 1 else 0
        silence = np.zeros((n_linked, HOP_LENGTH) if n_linked else HOP_LENGTH, np.float32)
        self._dry = deque([silence] * (LATENCY // HOP_LENGTH))
        compiled = self._model.kernel != "numpy"
        self._pitch = make_tracker(compiled)
        self._heard = make_channel(compiled)  # by the network
        self._linked = [make_channel(compiled) for _ in range(n_linked)]
        self._network_state = self._model.initial_state()
        self._bypassed = None  # nothing was heard yet that could be faded out
        self._voice_power = self._noise_power = _LEAST_POWER
        self.voice_probability = 0.0

    @property
    def snr_db(self):
        return 10 * log10(self._voice_power / self._noise_power)

    def process(self, hop):
        """Enhance one hop.

        Parameters
        ----------
        hop : ndarray [shape=(HOP_LENGTH,) or (n_channels, HOP_LENGTH), dtype=float32]
            New samples, finite, ±1; of one channel without a dimension for it.

        Returns
        -------
        ndarray [shape=that of hop, dtype=float32]
        """
        hop = np.array(hop, np.float32)
        self._dry.append(hop)
        enhanced = self._enhance_linked(hop) if self._linked else self._enhance(hop)
        return self._switch(enhanced, self._dry.popleft())

    def _enhance(self, hop):
        _, *answers = self._decide(hop)
        return self._heard.enhance(*answers)

    def _enhance_linked(self, hop):
        period, *answers = self._decide(np.mean(hop, axis=0))
        for channel, samples in zip(self._linked, hop, strict=True):
            channel.push(samples)
            channel.analyse(period)
        return np.stack([channel.enhance(*answers) for channel in self._linked])

    def _decide(self, hop):
        """Period of the frame being enhanced, how much of its periodic part, filter, gains."""
        heard = self._heard
        heard.push(hop)
        period, correlation = self._pitch.process(heard.history)
        heard.analyse(period)
        gains, strengths, weights, self.voice_probability, self._network_state = self._model.step(
            heard.features(period, correlation), self._network_state
        )
        weights = gated(weights, gains)
        self._measure(gains, strengths, heard.energies[0], heard.pitch_energy)
        gains = heard.filter_gains(gains)
        if self.strength != 1:
            gains, strengths = gains**self.strength, strengths * self.strength
            weights *= self.strength
        if self.attenuation_limit_db < np.inf:
            kept = np.float32(10 ** (-self.attenuation_limit_db / 20))
            enhanced = (1 - kept) * gains
            gains = np.maximum(kept + enhanced, _TINY)
            share = enhanced / gains  # of the filtered in what the gains scale
            strengths = strengths * share
            weights *= share[: len(weights), np.newaxis]
        return period, strengths, weights, gains

    def _measure(self, gains, strengths, energy, pitch_energy):
        # What a frame and its periodic part have in common is about the latter: an average over
        # periods, this one among them
        rest = np.square(1 - strengths)
        voice = float((gains * gains).dot(pitch_energy + rest * (energy - pitch_energy)))
        noise = max(float(np.add.reduce(energy)) - voice, 0.0)
        self._voice_power += _SNR_SMOOTHING * (voice + _LEAST_POWER - self._voice_power)
        self._noise_power += _SNR_SMOOTHING * (noise + _LEAST_POWER - self._noise_power)

    def _switch(self, enhanced, dry):
        """Enhanced or dry, cross-faded over the hop in which `bypass` changes."""
        target, before = dry if self.bypass else enhanced, self._bypassed
        self._bypassed = self.bypass
        if before in (None, self.bypass):
            return target
        other = enhanced if self.bypass else dry
        return other + _FADE * (target - other)
