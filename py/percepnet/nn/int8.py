"""Numbers as 8-bit integers, and the exact sums of their products.

Activations a in -1...1 become ``rint(63 a) + 64``, 1...127: unsigned 7-bit values are the only
ones whose dot product with int8 is exact on every processor, browsers' relaxed SIMD included.
Weights get one scale per output: ``w ≈ scale * q`` with q in -127...127.
"""

import numpy as np

ACTIVATION_ZERO = 64    # the integer that stands for 0
ACTIVATION_SCALE = 63   # integer steps per 1.0
WEIGHT_MAX = 127        # -128 is not used

_ZERO = np.float32(ACTIVATION_ZERO)
_SCALE = np.float32(ACTIVATION_SCALE)


def quantize_activations(activations: np.ndarray) -> np.ndarray:
    """Round activations to 127 levels.

    Parameters
    ----------
    activations : float32 (n,)
        In -1...1: outputs of tanh, sigmoid or a GRU.

    Returns
    -------
    uint8 (n,)
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
    """An int8 matrix, laid out for fast products: all that a faster kernel has to replace.

    Parameters
    ----------
    weights : int8 (n_out, n_in)
        In -127...127.
    """

    # int32 sums are exact while 127 * 127 * n_in < 2**31: n_in <= 133,144.
    # einsum: 0.15 ns per weight natively, 0.4 in Pyodide, where `@` has no BLAS and needs 0.8.
    def __init__(self, weights: np.ndarray):
        self._weights = weights.astype(np.int32)

    def product(self, activations: np.ndarray) -> np.ndarray:
        """Exact sums of weight times activation.

        Parameters
        ----------
        activations : uint8 (n_in,)
            In 1...127.

        Returns
        -------
        int32 (n_out,)
        """
        return np.einsum("ij,j->i", self._weights, activations.astype(np.int32))
