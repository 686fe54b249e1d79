"""From any sample rate to 48 kHz and back, block by block (scipy)."""

from math import ceil, gcd

import numpy as np
from scipy.signal import firwin, kaiser_beta, resample_poly

# Kaiser's formula: this many periods of the lower rate a side give 96 dB, the range of 16 bits,
# within 6.4 % of its Nyquist frequency; all of that transition lies below Nyquist: no alias.
STOPBAND_DB = 96.0
HALF_PERIODS = 96
TRANSITION = (STOPBAND_DB - 7.95) / (2.285 * 2 * HALF_PERIODS * np.pi)


class Resampler:
    """Rational resampling of a stream, without delay: sample 0 stays at time 0.

    State: the input that later output still depends on.

    Parameters
    ----------
    rate_in, rate_out : int
        In Hz. Content above half the lower rate is removed.
    """

    def __init__(self, rate_in: int, rate_out: int):
        divisor = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // divisor, rate_in // divisor
        ratio = max(self._up, self._down)
        self._filter = firwin(
            2 * HALF_PERIODS * ratio + 1,
            (1 - TRANSITION / 2) / ratio,
            window=("kaiser", kaiser_beta(STOPBAND_DB)),
        ).astype(np.float32)
        # Input samples under one side of the filter, a multiple of `down` to keep the phase.
        self._context = ceil(HALF_PERIODS * ratio / self._up / self._down) * self._down
        self._held = None
        self._n_in = self._n_out = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take float32 (n_channels, n), return the samples (n_channels, m) that are complete."""
        if self._held is None:
            self._held = np.zeros((len(samples), self._context), np.float32)
        self._n_in += samples.shape[1]
        known = np.concatenate([self._held, samples], axis=1)
        n_periods = (known.shape[1] - 2 * self._context) // self._down
        if n_periods <= 0:
            self._held = known
            return known[:, :0]
        used = n_periods * self._down
        self._held = known[:, used:]
        resampled = resample_poly(
            known[:, : used + 2 * self._context], self._up, self._down, axis=1, window=self._filter
        )
        start = self._context // self._down * self._up
        output = resampled[:, start : start + n_periods * self._up]
        self._n_out += output.shape[1]
        return output

    def flush(self) -> np.ndarray:
        """Return the rest: ceil(n_in * rate_out / rate_in) samples in all."""
        n_left = ceil(self._n_in * self._up / self._down) - self._n_out
        silence = np.zeros((len(self._held), self._context + self._down), np.float32)
        return self.push(silence)[:, :n_left]
