"""Framing: 20 ms frames, 10 ms hops, a window that reconstructs by overlap-add."""

import numpy as np

from percepnet.constants import HOP_LENGTH, WINDOW_LENGTH

_phase = np.pi / WINDOW_LENGTH * (np.arange(WINDOW_LENGTH) + 0.5)
WINDOW = np.sin(np.pi / 2 * np.sin(_phase) ** 2).astype(np.float32)
"""Vorbis window: its square and the square one hop later sum to one, so that the same window
serves analysis and synthesis. (WINDOW_LENGTH,), float32."""

# In double precision, then rounded: the network must see the same bits on every platform, and
# FFTs in single precision differ in the last.
_WINDOW_64 = WINDOW.astype(np.float64)


def spectrum_of(frame):
    """Windowed spectrum of a frame.

    Parameters
    ----------
    frame : ndarray [shape=(..., WINDOW_LENGTH)]

    Returns
    -------
    ndarray [shape=(..., N_BINS), dtype=complex64]
    """
    return np.fft.rfft(_WINDOW_64 * frame).astype(np.complex64)


class Synthesis:
    """Overlap-add. State: the half frame not yet emitted."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the past: the frame before the next one was silent."""
        self._tail = np.zeros(HOP_LENGTH, np.float32)

    def process(self, spectrum):
        """Add one frame.

        Parameters
        ----------
        spectrum : ndarray [shape=(N_BINS,), dtype=complex64]

        Returns
        -------
        ndarray [shape=(HOP_LENGTH,), dtype=float32]
            The first half of this frame, completed by the frame before it.
        """
        frame = np.fft.irfft(spectrum, WINDOW_LENGTH)
        frame *= WINDOW
        hop = frame[:HOP_LENGTH] + self._tail
        self._tail = frame[HOP_LENGTH:]
        return hop


def overlap_add(spectra):
    """What `Synthesis` gives for a whole signal.

    Parameters
    ----------
    spectra : ndarray [shape=(n_hops, N_BINS), dtype=complex64]

    Returns
    -------
    ndarray [shape=(n_hops * HOP_LENGTH,), dtype=float32]
    """
    frames = np.fft.irfft(spectra)
    frames *= WINDOW
    frames[1:, :HOP_LENGTH] += frames[:-1, HOP_LENGTH:]
    return frames[:, :HOP_LENGTH].reshape(-1)
