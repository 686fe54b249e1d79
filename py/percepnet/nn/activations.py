"""tanh and sigmoid from float32 + - * / alone, so that every platform gives the same bits.

libm's tanh differs between platforms by the last bit; an activation at the edge between two
integers would then be rounded differently, and two machines would drift apart.
"""

import numpy as np

# tanh(x) = x * (N0 + N1 x² + N2 x⁴) / (D0 + D1 x² + D2 x⁴), as in RNNoise; error below 6.1e-5.
# One column per power, numerator over denominator: both are evaluated by the same four calls.
_POWER_0, _POWER_1, _POWER_2 = np.array(
    [[952.52801514, 952.72399902], [96.39235687, 413.36801147], [0.60863042, 11.88600922]],
    np.float32,
)[:, :, np.newaxis]

# The smallest float32 whose ratio rounds to 1; below it every ratio is less than 1.
TANH_LIMIT = np.float32(5.20508)

_HALF = np.float32(0.5)


def tanh(x: np.ndarray) -> np.ndarray:
    """Hyperbolic tangent, to within 6.1e-5.

    Parameters
    ----------
    x : float32 ndarray
        Any values; those beyond ±5.2 give ±1.

    Returns
    -------
    float32 ndarray
        In -1...1, odd.
    """
    shape = x.shape
    x = x.reshape(-1).clip(-TANH_LIMIT, TANH_LIMIT)
    squared = x * x
    ratio = squared * _POWER_2
    ratio += _POWER_1
    ratio *= squared
    ratio += _POWER_0
    numerator, denominator = ratio
    numerator *= x
    numerator /= denominator
    return numerator.reshape(shape)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Logistic function ½ + ½ tanh(x / 2), to within 3.1e-5.

    Parameters
    ----------
    x : float32 ndarray

    Returns
    -------
    float32 ndarray
        In 0...1.
    """
    y = tanh(x * _HALF)
    y *= _HALF
    y += _HALF
    return y
