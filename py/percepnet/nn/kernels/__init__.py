"""Faster engines: int8.c, compiled for several processors. Which one runs is decided here."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from percepnet.errors import KernelError
from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.engine import Engine, NumpyEngine
from percepnet.nn.kernels.engine import CompiledEngine
from percepnet.nn.kernels.library import load_library
from percepnet.nn.layers import GRU, Conv, Dense, Layer, Linear

# The fastest first.
KERNELS = (
    "relaxed-simd", "simd128", "avx512-vnni", "avx2", "neon-dotprod", "portable", "numpy",
)  # fmt: skip
VARIABLE = "PERCEPNET_KERNEL"

# Compiled where the package or the page is built; not all of them, or none, may be there.
_FOLDER = Path(__file__).parent


def make_engine(
    kernel: str | None,
    layers: dict[str, Layer],
    inputs: dict[str, tuple[str, ...]],
    outputs: tuple[str, ...],
) -> Engine:
    """Make the engine that a kernel stands for.

    Parameters
    ----------
    kernel : str or None
        One of `KERNELS`. None: what the environment variable ``PERCEPNET_KERNEL`` names, else
        the fastest that runs here.
    layers, inputs, outputs
        As for `NumpyEngine`.

    Raises
    ------
    KernelError
        The kernel is unknown or does not run here.
    """
    kernel = kernel or os.environ.get(VARIABLE) or next(filter(_works, KERNELS))
    if kernel not in KERNELS or not _works(kernel):
        here = ", ".join(available_kernels())
        raise KernelError(f"kernel {kernel!r} does not run here: choose one of {here}")
    return _make(kernel, layers, inputs, outputs)


def available_kernels() -> tuple[str, ...]:
    """The kernels that run here, the fastest first; always with ``"numpy"``."""
    return tuple(filter(_works, KERNELS))


def _make(kernel, layers, inputs, outputs):
    if kernel == "numpy":
        return NumpyEngine(layers, inputs, outputs)
    return CompiledEngine(kernel, load_library(_file(kernel)), layers, inputs, outputs)


def _file(kernel):
    return next(_FOLDER.glob(f"int8-{kernel}.*"), None)


@cache
def _works(kernel):
    """Whether the kernel is there, runs, and computes what numpy does."""
    if kernel == "numpy":
        return True
    try:
        if _file(kernel) is None or load_library(_file(kernel)) is None:
            return False
    except OSError:  # not for this machine
        return False
    return np.array_equal(_trial_outputs(kernel), _trial_outputs("numpy"))


def _trial_outputs(kernel):
    """What a kernel makes of a small network with the largest weights and activations."""

    def spread(*shape):  # numpy.random is not in the page's bundle
        """Numbers in -1...1 in no order."""
        return np.sin(np.arange(1, np.prod(shape) + 1, dtype=np.float32) ** 2).reshape(shape)

    def linear(n_out, n_in, *bias_shape):
        weight = np.rint(127 * spread(n_out, n_in)).astype(np.int8)
        weight[0], weight[1] = 127, -127
        return Linear(weight, spread(n_out) / 1000, spread(*bias_shape, n_out))

    def dense(n_rows, n_out, n_in, activation, n_input_rows=None):
        weight, bias = spread(n_out, n_in), spread(n_rows, n_out)
        return Dense(weight, bias, activation, n_input_rows or n_rows)

    layers = {
        "dense": dense(4, 10, 5, tanh),
        "conv": Conv(linear(20, 3 * 10, 4), 3),
        "whole": GRU(linear(3 * 6, 4 * 20), linear(3 * 6, 6), 1),
        "gru": GRU(linear(3 * 18, 3 + 2 * 20), linear(3 * 18, 18), 2),
        "wide": Conv(linear(7, 20, 4), 1),
        "head": dense(2, 3, 2 * 20 + 18 + 3, sigmoid),
        "first": dense(3, 17, 20 + 5, tanh, n_input_rows=4),
    }
    inputs = {
        "dense": ("features",), "conv": ("dense",), "whole": ("conv",), "gru": ("whole", "conv"),
        "wide": ("conv",), "head": ("conv", "gru", "whole"), "first": ("conv", "features"),
    }  # fmt: skip
    engine = _make(kernel, layers, inputs, tuple(layers))
    outputs, state = [], engine.initial_state()
    for features in np.multiply.outer([9, -3, 1], spread(4, 5)).astype(np.float32):
        values, state = engine.step(features, state)
        outputs += [value.reshape(-1) for value in values]
    return np.concatenate(outputs)
