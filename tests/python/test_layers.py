from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.int8 import quantize_activations, quantize_weights
from percepnet.nn.layers import GRU, Conv, Dense, Inputs, Linear, Signal

TANH_ERROR = 1e-4


def random_linear(rng, n_out, n_in, *bias_rows):
    weight = rng.normal(0, 2 / np.sqrt(n_in), (n_out, n_in)).astype(np.float32)
    bias = rng.normal(0, 0.5, (*bias_rows, n_out)).astype(np.float32)
    return Linear(*quantize_weights(weight), bias)


def random_activations(rng, shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def restored(quantized):
    return (quantized.astype(np.float64) - 64) / 63


def affine(linear, x):
    """The same map in float64, from the rounded weights."""
    return x @ linear.weight.astype(np.float64).T * linear.scale.astype(np.float64) + linear.bias


@pytest.mark.parametrize("bias_rows", [(), (6,)])
@pytest.mark.parametrize(("n_out", "n_in"), [(1, 1), (10, 3), (33, 257), (8, 4096)])
def test_linear_is_the_affine_map_of_rounded_numbers(n_out, n_in, bias_rows):
    rng = np.random.default_rng(n_in)
    linear = random_linear(rng, n_out, n_in, *bias_rows)
    quantized = quantize_activations(random_activations(rng, (6, n_in)))
    y = linear(quantized)
    assert y.dtype == np.float32
    assert_allclose(y, affine(linear, restored(quantized)), rtol=1e-6, atol=1e-6)


def test_linear_gives_exactly_the_agreed_float32_arithmetic():
    rng = np.random.default_rng(1)
    linear = random_linear(rng, 40, 300, 5)
    quantized = quantize_activations(random_activations(rng, (5, 300)))
    sums = (quantized.astype(np.int64) - 64) @ linear.weight.astype(np.int64).T
    expected = sums.astype(np.float32) * (linear.scale / np.float32(63)) + linear.bias
    assert_array_equal(linear(quantized), expected)


def test_linear_of_zero_is_the_bias():
    linear = random_linear(np.random.default_rng(0), 12, 30, 4)
    assert_array_equal(linear(quantize_activations(np.zeros((4, 30), np.float32))), linear.bias)


def random_dense(rng, n_rows, n_out, n_in, activation):
    weight = rng.normal(0, 1, (n_out, n_in)).astype(np.float32)
    bias = rng.normal(0, 1, (n_rows, n_out)).astype(np.float32)
    return Dense(weight, bias, activation, n_rows)


def test_dense_is_an_affine_map_and_its_activation():
    rng = np.random.default_rng(0)
    dense = random_dense(rng, 32, 35, 70, tanh)
    x = rng.normal(0, 0.1, (32, 70)).astype(np.float32)
    y, _ = dense.step(Signal(x))
    assert y.value.dtype == np.float32
    expected = np.tanh(x @ dense.weight.astype(np.float64).T + dense.bias)
    assert_allclose(y.value, expected, atol=TANH_ERROR)


@pytest.mark.parametrize("n_rows", [1, 2, 32])
@pytest.mark.parametrize("n_out", [1, 2, 3, 34, 35, 128])
@pytest.mark.parametrize("n_in", [1, 2, 70, 2560])
def test_dense_adds_one_input_after_the_other(n_rows, n_out, n_in):
    rng = np.random.default_rng(n_in)
    dense = random_dense(rng, n_rows, n_out, n_in, sigmoid)
    x = rng.normal(0, 0.02, (n_rows, n_in)).astype(np.float32)
    expected = dense.weight[:, 0] * x[:, :1]
    for i in range(1, n_in):
        expected = expected + dense.weight[:, i] * x[:, i : i + 1]
    assert_array_equal(dense.step(Signal(x))[0].value, sigmoid(expected + dense.bias))


def test_rows_after_its_own_a_dense_layer_does_not_hear():
    rng = np.random.default_rng(0)
    dense = random_dense(rng, 3, 4, 5, tanh)
    x = rng.normal(0, 1, (7, 5)).astype(np.float32)
    of_more = replace(dense, n_input_rows=7).step(Inputs([Signal(x)], 7))[0]
    assert_array_equal(of_more.value, dense.step(Signal(x[:3]))[0].value)


@pytest.mark.parametrize("n_rows", [1, 2, 32])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_convolution_sees_the_neighbours_of_each_row_and_zeros_beyond_the_ends(kernel, n_rows):
    rng = np.random.default_rng(kernel)
    n_in, n_out = 6, 9
    linear = random_linear(rng, n_out, kernel * n_in, n_rows)
    x = random_activations(rng, (n_rows, n_in))
    y, _ = Conv(linear, kernel).step(Signal(x))

    taps = linear.scale[:, np.newaxis, np.newaxis] * linear.weight.reshape(n_out, kernel, n_in)
    expected = linear.bias.astype(np.float64)
    for row in range(n_rows):
        for k, neighbour in enumerate(range(row - kernel // 2, row + kernel // 2 + 1)):
            if 0 <= neighbour < n_rows:
                expected[row] += taps[:, k] @ restored(quantize_activations(x[neighbour]))
    assert_allclose(y.value, np.tanh(expected), atol=TANH_ERROR)


def reference_gru_step(gru, x, h):
    """torch's equations in float64, on rounded inputs and weights."""
    xr, xz, xn = np.split(affine(gru.input, restored(x)), 3, axis=1)
    hr, hz, hn = np.split(affine(gru.recurrent, np.rint(63 * h) / 63), 3, axis=1)
    reset = 1 / (1 + np.exp(-(xr + hr)))
    update = 1 / (1 + np.exp(-(xz + hz)))
    return update * h + (1 - update) * np.tanh(xn + reset * hn)


@pytest.mark.parametrize("n_rows", [1, 32])
@pytest.mark.parametrize(("n_units", "n_in"), [(1, 1), (16, 16), (24, 50)])
def test_gru_follows_its_equations(n_units, n_in, n_rows):
    rng = np.random.default_rng(n_in)
    linears = random_linear(rng, 3 * n_units, n_in), random_linear(rng, 3 * n_units, n_units)
    gru = GRU(*linears, n_rows)
    hidden = gru.initial_state()
    for x in random_activations(rng, (30, n_rows, n_in)):
        expected = reference_gru_step(gru, quantize_activations(x), hidden.value.astype(np.float64))
        output, hidden = gru.step(Signal(x), hidden)
        assert output.value is hidden.value
        assert hidden.value.dtype == np.float32
        assert_allclose(hidden.value, expected, atol=2 * TANH_ERROR)


def test_rows_of_a_gru_know_nothing_of_each_other():
    rng = np.random.default_rng(0)
    linears = random_linear(rng, 3 * 8, 5), random_linear(rng, 3 * 8, 8)
    together, alone = GRU(*linears, 3), GRU(*linears, 1)
    hidden, hidden_alone = together.initial_state(), alone.initial_state()
    for x in random_activations(rng, (10, 3, 5)):
        _, hidden = together.step(Signal(x), hidden)
        _, hidden_alone = alone.step(Signal(x[1:2]), hidden_alone)
        assert_array_equal(hidden.value[1:2], hidden_alone.value)


def test_a_saturated_gru_stays_within_one():
    rng = np.random.default_rng(0)
    loud = Linear(
        rng.integers(-127, 128, (30, 10)).astype(np.int8),
        np.full(30, 10, np.float32),
        np.zeros(30, np.float32),
    )
    gru = GRU(loud, loud, 2)
    hidden = gru.initial_state()
    for x in random_activations(rng, (50, 2, 10)):
        _, hidden = gru.step(Signal(x), hidden)
        assert np.abs(hidden.value).max() <= 1
        assert hidden.quantized.min() >= 1
        assert hidden.quantized.max() <= 127


def test_signals_lie_side_by_side_in_rows():
    signals = [Signal(np.float32([[0.25, -1], [0.5, 0]])), Signal(np.float32([[1, -1, 0, 0.75]]))]
    joined = Inputs(signals, n_rows=2)
    assert_array_equal(joined.value, np.float32([[0.25, -1, 1, -1], [0.5, 0, 0, 0.75]]))
    assert_array_equal(joined.quantized, quantize_activations(joined.value))
    assert_array_equal(Inputs(signals[:1], n_rows=1).value, np.float32([[0.25, -1, 0.5, 0]]))


def test_weights_cannot_be_changed():
    bias = np.zeros(3, np.float32)
    dense = Dense(np.ones((3, 2), np.float32), bias[np.newaxis], tanh, 1)
    linear = Linear(np.ones((3, 2), np.int8), np.ones(3, np.float32), bias)
    for array in (dense.weight, dense.bias, linear.weight, linear.scale, linear.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    bias[0] = 5
    assert dense.bias[0, 0] == linear.bias[0] == 0
