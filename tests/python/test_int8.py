import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from percepnet.nn.int8 import (
    ACTIVATION_SCALE,
    ACTIVATION_ZERO,
    IntegerMatrix,
    quantize_activations,
    quantize_weights,
)

SHAPES = [(1, 1), (3, 1), (1, 4160), (5, 7), (34, 33), (96, 160), (64, 1536), (7, 20_480)]


def int64_product(weights, activations):
    return activations.astype(np.int64) @ weights.T.astype(np.int64)


@pytest.mark.parametrize("n_rows", [1, 2, 32])
@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_exact_for_random_integers(shape, n_rows):
    rng = np.random.default_rng(shape)
    for _ in range(5):
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        activations = rng.integers(1, 128, (n_rows, shape[1])).astype(np.uint8)
        product = IntegerMatrix(weights).product(activations)
        assert_array_equal(product, int64_product(weights, activations))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weight", [-127, 127])
@pytest.mark.parametrize("activation", [1, 64, 127])
def test_products_are_exact_for_extreme_integers(shape, weight, activation):
    weights = np.full(shape, weight, np.int8)
    activations = np.full((3, shape[1]), activation, np.uint8)
    product = IntegerMatrix(weights).product(activations)
    assert_array_equal(product, int64_product(weights, activations))


@pytest.mark.parametrize("n_in", [4159, 4160, 4161, 8320, 8321, 133_000])
def test_products_are_exact_around_the_stated_bound(n_in):
    weights = np.repeat(np.int8([[127], [-127], [-127], [127]]), n_in, axis=1)
    activations = np.full((2, n_in), 127, np.uint8)
    assert_array_equal(
        IntegerMatrix(weights).product(activations), int64_product(weights, activations)
    )


def test_activations_are_rounded_to_the_nearest_level():
    activations = np.linspace(-1, 1, 10_001, dtype=np.float32)
    quantized = quantize_activations(activations)
    assert quantized.dtype == np.uint8
    restored = (quantized.astype(np.float64) - ACTIVATION_ZERO) / ACTIVATION_SCALE
    assert np.abs(restored - activations).max() <= 0.5 / ACTIVATION_SCALE + 1e-7


def test_activations_use_the_integers_1_to_127():
    levels = np.arange(-63, 64, dtype=np.float32) / 63
    assert_array_equal(quantize_activations(levels), np.arange(1, 128))


def test_activations_halfway_between_levels_go_to_the_even_one():
    assert_array_equal(quantize_activations(np.float32([0.5, -0.5])), [96, 32])  # 31.5, -31.5


def test_weights_are_rounded_to_the_nearest_level():
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 1, (50, 40)).astype(np.float32) * np.logspace(-6, 6, 50)[:, np.newaxis]
    weights = weights.astype(np.float32)
    quantized, scale = quantize_weights(weights)
    assert quantized.dtype == np.int8
    assert scale.dtype == np.float32
    assert_array_equal(np.abs(quantized).max(axis=1), 127)
    error = quantized * scale[:, np.newaxis].astype(np.float64) - weights
    assert (np.abs(error) <= 0.5001 * scale[:, np.newaxis]).all()


def test_a_row_of_zeros_stays_zero():
    quantized, scale = quantize_weights(np.zeros((2, 3), np.float32))
    assert_array_equal(quantized, np.zeros((2, 3)))
    assert_array_equal(scale, [1, 1])


@pytest.mark.parametrize("size", [1e-45, 1e-43, 3e-39, 1e38])
def test_extreme_weights_stay_in_range(size):
    quantized, scale = quantize_weights(np.float32([[size, -size, 0]]))
    assert np.abs(quantized).max() <= 127
    assert_allclose(quantized[0] * scale.astype(np.float64), [size, -size, 0], rtol=0.6, atol=1e-44)
