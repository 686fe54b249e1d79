"""Numbers as 8-bit integers, and the exact sums of their products.

Activations a in -1...1 become ``rint(63 a) + 64``, 1...127: unsigned 7-bit values are the only
ones whose dot product with int8 is exact on every processor, browsers' relaxed SIMD included.
Weights get one scale per output: ``w ≈ scale * q`` with q in -127...127.
"""

import numpy as np

ACTIVATION_ZERO = 64  # the integer that stands for 0
ACTIVATION_SCALE = 63  # integer steps per 1.0
WEIGHT_MAX = 127  # -128 is not used

_ZERO = np.float32(ACTIVATION_ZERO)
_SCALE = np.float32(ACTIVATION_SCALE)

_HIGH, _LOW = 2.0**27, 2.0**-27
_MAX_INPUTS = 4160


def quantize_activations(activations: np.ndarray) -> np.ndarray:
    """Round activations to 127 levels.

    Parameters
    ----------
    activations : float32 ndarray
        In -1...1: outputs of tanh, sigmoid or a GRU.

    Returns
    -------
    uint8 ndarray
        In 1...127.
    """
    levels = activations * _SCALE
    np.rint(levels, out=levels)
    levels += _ZERO
    return levels.astype(np.uint8)


def quantize_weights(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round weights to 255 levels, with one scale per row.

    Parameters
    ----------
    weights : float32 (n_out, n_in)
        Finite.

    Returns
    -------
    quantized : int8 (n_out, n_in)
        In -127...127.
    scale : float32 (n_out,)
        Largest magnitude of the row over 127; 1 where that is zero.
    """
    scale = np.abs(weights).max(axis=1) / np.float32(WEIGHT_MAX)
    scale[scale == 0] = 1
    # A subnormal scale is coarse, and the quotient may then pass 127.
    levels = np.rint(weights / scale[:, np.newaxis]).clip(-WEIGHT_MAX, WEIGHT_MAX)
    return levels.astype(np.int8), scale


class IntegerMatrix:
    """An int8 matrix, laid out for fast products in numpy.

    Parameters
    ----------
    weights : int8 (n_out, n_in)
        In -127...127.
    """

    # Two rows in one float64, high * 2**27 + low: Pyodide needs 0.19 ns per weight then, and 0.37
    # for one int32 each; with `@`, which has no BLAS there, 0.8. A sum is below 2**26 and both
    # together below 2**53, hence exact, for 127 * 127 * n_in < 2**26. Wider matrices are cut.
    def __init__(self, weights: np.ndarray):
        n_out, n_in = weights.shape
        rows = np.zeros((n_out + n_out % 2, n_in))
        rows[:n_out] = weights
        high, low = np.split(rows, 2)
        packed = high * _HIGH + low
        self._n_out = n_out
        self._cuts = range(0, n_in, _MAX_INPUTS)
        self._packed = [packed[:, i : i + _MAX_INPUTS].copy() for i in self._cuts]

    def product(self, activations: np.ndarray) -> np.ndarray:
        """Exact sums of weight times activation.

        Parameters
        ----------
        activations : uint8 (n_rows, n_in)
            In 1...127.

        Returns
        -------
        float64 (n_rows, n_out)
            Whole numbers.
        """
        x = activations.astype(np.float64)
        sums = 0.0
        for i, packed in zip(self._cuts, self._packed, strict=True):
            both = np.einsum("ri,oi->ro", x[:, i : i + _MAX_INPUTS], packed)
            high = np.rint(both * _LOW)
            sums += np.concatenate((high, both - high * _HIGH), axis=1)
        return sums[:, : self._n_out]
