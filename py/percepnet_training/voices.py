"""Other people from the same recordings: pitch, and vocal tract apart from it."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from percepnet_training.vocoder import log_envelopes, rows_between, samples_of, spectra_of

# Play-back speeds are multiples of 1 / SPEED_STEPS: short filters, and finer than anybody hears.
SPEED_STEPS = 32
SPEEDS = (0.68, 1.45)
VOICE_HZ = (85.0, 300.0)  # fundamentals of people, from deep men to children
FORMANT_SHARE = 0.35  # of a change of pitch, in octaves: men to women +10 semitones, formants +3
FORMANT_DEVIATION = 0.09  # natural logarithm: about half of what lies between a man and a woman
FORMANTS = (0.82, 1.22)  # of the change beside the recording
UNCHANGED_SHARE = 0.15

MAX_GAIN_DB = 20.0


@dataclass(frozen=True)
class Voice:
    """What turns one speaker into another.

    Attributes
    ----------
    steps : int
        Play-back speed in 1 / SPEED_STEPS: pitch, formants and tempo change with it.
    formants : float
        By how much the spectral envelope is stretched along frequency after that.
    """

    steps: int
    formants: float

    @property
    def speed(self):
        """Play-back speed; 1 is the recording's."""
        return self.steps / SPEED_STEPS

    def known_hz(self, bandwidth_hz):
        """Up to where a changed recording is known that was known up to ``bandwidth_hz``."""
        return bandwidth_hz * self.speed * min(1.0, self.formants)

    def spoken(self, samples):
        """A recording, (n,) float32, in this voice: (about n / speed,) float32."""
        samples = played_at(samples, self.steps)
        return samples if self.formants == 1 else with_formants(samples, self.formants)


UNCHANGED = Voice(SPEED_STEPS, 1.0)


def draw_voice(rng, voice_hz):
    """A voice for a speaker whose median fundamental is ``voice_hz``, 0 where that is unknown."""
    if rng.random() < UNCHANGED_SHARE:
        return UNCHANGED
    low, high = np.log(VOICE_HZ)
    change = rng.uniform(low, high) - np.log(voice_hz) if voice_hz else rng.uniform(-0.25, 0.25)
    steps = round(np.clip(np.exp(change), *SPEEDS) * SPEED_STEPS)
    octaves = np.log(steps / SPEED_STEPS)
    heard = np.exp(FORMANT_SHARE * octaves + FORMANT_DEVIATION * rng.standard_normal())
    return Voice(steps, float(np.clip(heard, *FORMANTS) * SPEED_STEPS / steps))


def played_at(samples, steps):
    """Samples at a speed of ``steps`` / SPEED_STEPS."""
    if steps == SPEED_STEPS:
        return samples
    return resample_poly(samples, SPEED_STEPS, steps).astype(np.float32)


def with_formants(samples, factor):
    """The same pitch from a shorter (``factor`` above 1) or longer vocal tract.

    The envelope of each frame, its cepstrum below 2 ms, is moved along frequency; phases stay.

    Parameters
    ----------
    samples : (n,) float32
    factor : float
        Formants are heard at their frequency times this.

    Returns
    -------
    (n,) float32
    """
    spectra = spectra_of(samples)
    return samples_of(spectra * envelope_gains(np.abs(spectra), factor), len(samples))


def envelope_gains(magnitudes, factor):
    """Gains that move the envelope of each row of ``magnitudes``, (n_frames, n_bins)."""
    envelope = log_envelopes(magnitudes)
    bins = np.arange(envelope.shape[1])
    moved = rows_between(envelope.T, np.minimum(bins / factor, bins[-1])).T
    limit = np.float32(MAX_GAIN_DB * np.log(10) / 20)
    return np.exp(np.clip(moved - envelope, -limit, limit))
