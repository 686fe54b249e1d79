"""Removal of the constant part of the signal.

The corner lies far below speech: a higher one would turn the phase of low voices (0.2 rad at
150 Hz with RNNoise's 24 Hz), and rumble is the network's to remove.
"""

import numpy as np

from percepnet.constants import HIGHPASS_RADIUS, HOP_LENGTH, SILENCE

# The filter g (1 - z^-1) / (1 - p z^-1) is a running sum once sample n is divided by p^n.
_GROWTH = HIGHPASS_RADIUS ** -np.arange(HOP_LENGTH, dtype=np.float64)
_DECAY = (1 + HIGHPASS_RADIUS) / 2 * HIGHPASS_RADIUS ** np.arange(HOP_LENGTH, dtype=np.float64)
_HOP_DECAY = HIGHPASS_RADIUS**HOP_LENGTH


class HighPass:
    """First-order high-pass, -3 dB at 1.5 Hz. State: the last sample and the running sum."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the past: the signal before now was zero."""
        self._input = np.zeros(HOP_LENGTH + 1)
        self._newest, self._delayed = self._input[1:], self._input[:-1]
        self._sum = 0.0

    def process(self, hop):
        """Filter one hop.

        Parameters
        ----------
        hop : ndarray [shape=(HOP_LENGTH,)]
            New samples.

        Returns
        -------
        ndarray [shape=(HOP_LENGTH,), dtype=float64]
        """
        self._input[0] = self._input[-1]
        self._newest[:] = hop
        sums = self._newest - self._delayed
        sums *= _GROWTH
        np.add.accumulate(sums, out=sums)
        sums += self._sum
        self._sum = _carried(float(sums[-1]))
        sums *= _DECAY
        return sums


def highpass(signal):
    """What `HighPass` gives for a whole signal.

    Parameters
    ----------
    signal : ndarray [shape=(n,)]
        n a multiple of HOP_LENGTH.

    Returns
    -------
    ndarray [shape=(n,), dtype=float64]
    """
    sums = np.diff(np.asarray(signal, np.float64), prepend=0).reshape(-1, HOP_LENGTH)
    sums *= _GROWTH
    np.add.accumulate(sums, axis=-1, out=sums)
    carried = []
    carry = 0.0
    for last in sums[:, -1].tolist():
        carried.append(carry)
        carry = _carried(last + carry)
    sums += np.array(carried)[:, None]
    sums *= _DECAY
    return sums.reshape(-1)


def _carried(last):
    """The running sum in the next hop's terms; at last nothing, in place of slow tiny numbers."""
    carry = _HOP_DECAY * last
    return carry if abs(carry) > SILENCE else 0.0
