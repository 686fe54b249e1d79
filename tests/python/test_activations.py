import numpy as np
import pytest
from numpy.testing import assert_array_equal

from percepnet.nn.activations import TANH_LIMIT, sigmoid, tanh

GRID = np.linspace(-12, 12, 200_001, dtype=np.float32)


def test_tanh_is_close_to_tanh():
    assert np.abs(tanh(GRID) - np.tanh(GRID.astype(np.float64))).max() < 6.1e-5


def test_sigmoid_is_close_to_the_logistic_function():
    logistic = 1 / (1 + np.exp(-GRID.astype(np.float64)))
    assert np.abs(sigmoid(GRID) - logistic).max() < 3.1e-5


def test_tanh_is_odd():
    assert_array_equal(tanh(-GRID), -tanh(GRID))


def test_tanh_never_falls():
    # Neighbouring results may swap by rounding, never by more than that.
    assert np.diff(tanh(GRID)).min() > -1e-6


@pytest.mark.parametrize("function", [tanh, sigmoid])
@pytest.mark.parametrize("size", [11, 1e4, 1e19, 1e30, 3.4e38, np.inf])
def test_large_values_saturate(function, size):
    low = -1 if function is tanh else 0
    assert_array_equal(function(np.array([-size, size], np.float32)), np.float32([low, 1]))


def test_tanh_reaches_one_exactly_at_its_limit():
    around = np.nextafter(TANH_LIMIT, np.float32([0, 9]))
    assert_array_equal(tanh(np.append(around, TANH_LIMIT)) == 1, [False, True, True])


@pytest.mark.parametrize(
    ("function", "bits"),
    [
        (tanh, [0xBF7FD4F2, 0xBF42FB1E, 0xBE7AC135, 0x3A830B85, 0x3EEC95FA, 0x3F76C7F7]),
        (sigmoid, [0x3C938090, 0x3E89B503, 0x3EE02BFF, 0x3F001061, 0x3F1F5827, 0x3F617D8F]),
    ],
)
def test_the_bits_are_the_same_everywhere(function, bits):
    y = function(np.float32([-4, -1, -0.25, 0.001, 0.5, 2]))
    assert_array_equal(y.view(np.uint32), np.array(bits, np.uint32))


@pytest.mark.parametrize("function", [tanh, sigmoid])
def test_the_input_is_left_alone(function):
    x = np.float32([-9, 0.5, 9])
    function(x)
    assert_array_equal(x, np.float32([-9, 0.5, 9]))
