"""Other noises from the same recordings: their speed, direction and colour, and another's shape."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from percepnet_training.filters import curve_through
from percepnet_training.noises import unit_power
from percepnet_training.vocoder import log_envelopes, samples_of, spectra_of
from percepnet_training.voices import SPEED_STEPS, played_at

UNCHANGED_SHARE = 0.2
SPEED_DEVIATION = 0.35  # natural logarithm
SPEEDS = (0.5, 2.0)  # of play-back
REVERSED_SHARE = 0.2
COLOUR_DB = 4.0  # standard deviation of knots an octave apart
KNOTS_HZ = 50 * 2.0 ** np.arange(10)
LENT_SHARES = (0.3, 1.0)  # of the other's envelope
MAX_LENT_DB = 40.0


@dataclass(frozen=True)
class Guise:
    """What turns a recording into another of the like.

    Attributes
    ----------
    steps : int
        Play-back speed in 1 / SPEED_STEPS.
    is_reversed : bool
        Whether it is played backwards.
    colour_db : tuple of float
        Levels at KNOTS_HZ of the filter that it passes.
    """

    steps: int
    is_reversed: bool
    colour_db: tuple

    def heard(self, samples):
        """A recording, (n,) float32, in this guise: (about n / speed,) float32."""
        samples = played_at(samples, self.steps)
        if self.is_reversed:
            samples = samples[::-1]
        if not any(self.colour_db):
            return samples
        n_fft = fft.next_fast_len(len(samples), real=True)
        response = curve_through(n_fft // 2 + 1, self.colour_db, KNOTS_HZ)
        return fft.irfft(fft.rfft(samples, n_fft) * response, n_fft)[: len(samples)]


UNCHANGED = Guise(SPEED_STEPS, False, (0.0,) * len(KNOTS_HZ))


def draw_guise(rng):
    """A guise, mostly near the recording's own speed; a share of them is UNCHANGED."""
    if rng.random() < UNCHANGED_SHARE:
        return UNCHANGED
    speed = np.clip(np.exp(SPEED_DEVIATION * rng.standard_normal()), *SPEEDS)
    colour_db = COLOUR_DB * rng.standard_normal(len(KNOTS_HZ))
    return Guise(round(speed * SPEED_STEPS), rng.random() < REVERSED_SHARE, tuple(colour_db))


def shaped_by(samples, other, share):
    """The fine structure of one noise under the envelope of another.

    Parameters
    ----------
    samples, other : (n,) float32
    share : float
        0 leaves ``samples``; with 1 each frame's envelope is that of ``other``.

    Returns
    -------
    (n,) float32 of unit power
    """
    spectra = spectra_of(unit_power(samples))
    lent = log_envelopes(np.abs(spectra_of(unit_power(other))))
    lent -= log_envelopes(np.abs(spectra))
    lent *= np.float32(share)
    limit = np.float32(MAX_LENT_DB * np.log(10) / 20)
    spectra *= np.exp(np.clip(lent, -limit, limit, out=lent), out=lent)
    return unit_power(samples_of(spectra, len(samples)))
