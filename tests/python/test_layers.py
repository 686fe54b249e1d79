import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.int8 import quantize_activations, quantize_weights
from percepnet.nn.layers import GRU, Conv1d, Dense, Linear, Signal

TANH_ERROR = 1e-4


def random_linear(rng, n_out, n_in):
    weight = rng.normal(0, 2 / np.sqrt(n_in), (n_out, n_in)).astype(np.float32)
    return Linear(*quantize_weights(weight), rng.normal(0, 0.5, n_out).astype(np.float32))


def random_activations(rng, shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def restored(quantized):
    return (quantized.astype(np.float64) - 64) / 63


def affine(linear, x):
    """The same map in float64, from the rounded weights."""
    return linear.scale.astype(np.float64) * (linear.weight.astype(np.float64) @ x) + linear.bias


@pytest.mark.parametrize(("n_out", "n_in"), [(1, 1), (10, 3), (33, 257), (8, 4096)])
def test_linear_is_the_affine_map_of_rounded_numbers(n_out, n_in):
    rng = np.random.default_rng(n_in)
    linear = random_linear(rng, n_out, n_in)
    quantized = quantize_activations(random_activations(rng, n_in))
    y = linear(quantized)
    assert y.dtype == np.float32
    assert_allclose(y, affine(linear, restored(quantized)), rtol=1e-6, atol=1e-6)


def test_linear_gives_exactly_the_agreed_float32_arithmetic():
    rng = np.random.default_rng(1)
    linear = random_linear(rng, 40, 300)
    quantized = quantize_activations(random_activations(rng, 300))
    sums = linear.weight.astype(np.int64) @ (quantized.astype(np.int64) - 64)
    expected = sums.astype(np.float32) * (linear.scale / np.float32(63)) + linear.bias
    assert_array_equal(linear(quantized), expected)


def test_linear_of_zero_is_the_bias():
    linear = random_linear(np.random.default_rng(0), 12, 30)
    assert_array_equal(linear(quantize_activations(np.zeros(30, np.float32))), linear.bias)


def random_dense(rng, n_out, n_in, activation):
    weight = rng.normal(0, 1, (n_out, n_in)).astype(np.float32)
    return Dense(weight, rng.normal(0, 1, n_out).astype(np.float32), activation)


def test_dense_is_an_affine_map_and_its_activation():
    rng = np.random.default_rng(0)
    dense = random_dense(rng, 35, 70, tanh)
    x = rng.normal(0, 0.1, 70).astype(np.float32)
    y, _ = dense.step(Signal(x))
    assert y.value.dtype == np.float32
    expected = np.tanh(dense.weight.astype(np.float64) @ x + dense.bias)
    assert_allclose(y.value, expected, atol=TANH_ERROR)


@pytest.mark.parametrize("n_out", [1, 2, 3, 34, 35, 128])
@pytest.mark.parametrize("n_in", [1, 2, 70, 2560])
def test_dense_adds_one_input_after_the_other(n_out, n_in):
    rng = np.random.default_rng(n_in)
    dense = random_dense(rng, n_out, n_in, sigmoid)
    x = rng.normal(0, 0.02, n_in).astype(np.float32)
    expected = dense.weight[:, 0] * x[0]
    for i in range(1, n_in):
        expected = expected + dense.weight[:, i] * x[i]
    assert_array_equal(dense.step(Signal(x))[0].value, sigmoid(expected + dense.bias))


@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_streaming_convolution_is_convolution_of_the_whole_sequence(kernel):
    rng = np.random.default_rng(kernel)
    n_in, n_out, n_steps = 6, 9, 20
    linear = random_linear(rng, n_out, kernel * n_in)
    sequence = random_activations(rng, (n_steps, n_in))

    conv = Conv1d(linear, kernel)
    history, outputs = conv.initial_state(), []
    for x in sequence:
        y, history = conv.step(Signal(x), history)
        outputs.append(y.value)

    taps = linear.scale[:, np.newaxis, np.newaxis] * linear.weight.reshape(n_out, kernel, n_in)
    rounded = restored(quantize_activations(sequence))
    padded = np.concatenate((np.zeros((kernel - 1, n_in)), rounded))
    whole = [
        linear.bias + np.einsum("oki,ki->o", taps, padded[t : t + kernel]) for t in range(n_steps)
    ]
    assert_allclose(outputs, np.tanh(whole), atol=TANH_ERROR)


def reference_gru_step(gru, x, h):
    """torch's equations in float64, on rounded inputs and weights."""
    n = len(h)
    from_input = affine(gru.input, restored(x))
    from_hidden = affine(gru.recurrent, np.rint(63 * h) / 63)
    reset = 1 / (1 + np.exp(-(from_input[:n] + from_hidden[:n])))
    update = 1 / (1 + np.exp(-(from_input[n : 2 * n] + from_hidden[n : 2 * n])))
    candidate = np.tanh(from_input[2 * n :] + reset * from_hidden[2 * n :])
    return update * h + (1 - update) * candidate


@pytest.mark.parametrize(("n_units", "n_in"), [(1, 1), (16, 16), (24, 50)])
def test_gru_follows_its_equations(n_units, n_in):
    rng = np.random.default_rng(n_in)
    gru = GRU(random_linear(rng, 3 * n_units, n_in), random_linear(rng, 3 * n_units, n_units))
    hidden = gru.initial_state()
    for x in random_activations(rng, (30, n_in)):
        expected = reference_gru_step(gru, quantize_activations(x), hidden.value.astype(np.float64))
        output, hidden = gru.step(Signal(x), hidden)
        assert output.value is hidden.value
        assert hidden.value.dtype == np.float32
        assert_allclose(hidden.value, expected, atol=2 * TANH_ERROR)


def test_a_saturated_gru_stays_within_one():
    rng = np.random.default_rng(0)
    loud = Linear(
        rng.integers(-127, 128, (30, 10)).astype(np.int8),
        np.full(30, 10, np.float32),
        np.zeros(30, np.float32),
    )
    gru = GRU(loud, loud)
    hidden = gru.initial_state()
    for x in random_activations(rng, (50, 10)):
        _, hidden = gru.step(Signal(x), hidden)
        assert np.abs(hidden.value).max() <= 1
        assert hidden.quantized.min() >= 1
        assert hidden.quantized.max() <= 127


def test_signals_are_joined_in_their_order():
    signals = [Signal(np.float32([0.25, -1])), Signal(np.float32([1]))]
    joined = Signal.joined(signals)
    assert_array_equal(joined.value, np.float32([0.25, -1, 1]))
    assert_array_equal(joined.quantized, quantize_activations(joined.value))
    assert Signal.joined(signals[:1]) is signals[0]


def test_weights_cannot_be_changed():
    bias = np.zeros(3, np.float32)
    dense = Dense(np.ones((3, 2), np.float32), bias, tanh)
    linear = Linear(np.ones((3, 2), np.int8), np.ones(3, np.float32), bias)
    for array in (dense.weight, dense.bias, linear.weight, linear.scale, linear.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    bias[0] = 5
    assert dense.bias[0] == linear.bias[0] == 0
