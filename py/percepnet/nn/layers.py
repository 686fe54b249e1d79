"""Dense, Conv1d, GRU: frozen weights; state goes in and comes out, and is never changed in place.

The inner layers take quantised vectors (`int8.quantize_activations`), so that a vector with
several consumers is quantised once.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.int8 import (
    ACTIVATION_SCALE,
    ACTIVATION_ZERO,
    IntegerMatrix,
    quantize_activations,
)

_ONE = np.float32(1)


def _frozen(array):
    array = np.array(array, order="C")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Dense:
    """Affine map in float32: ``weight @ x + bias``.

    Parameters
    ----------
    weight : float32 (n_out, n_in)
    bias : float32 (n_out,)
    """

    weight: np.ndarray
    bias: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "weight", _frozen(self.weight))
        object.__setattr__(self, "bias", _frozen(self.bias))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Map float32 (n_in,) to float32 (n_out,)."""
        y = np.einsum("ij,j->i", self.weight, x)  # Pyodide's `@` has no BLAS and is slower
        y += self.bias
        return y


@dataclass(frozen=True, eq=False)
class Linear:
    """Affine map of a quantised vector: exact integer sums, then one scale per output.

    Parameters
    ----------
    weight : int8 (n_out, n_in)
        In -127...127.
    scale : float32 (n_out,)
        What one integer step of a row's weights stands for.
    bias : float32 (n_out,)
    """

    weight: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    _matrix: IntegerMatrix = field(init=False, repr=False)
    _offset: np.ndarray = field(init=False, repr=False)
    _step: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        for name in ("weight", "scale", "bias"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        object.__setattr__(self, "_matrix", IntegerMatrix(self.weight))
        # What the activations' zero point adds to each sum.
        offset = ACTIVATION_ZERO * self.weight.sum(axis=1, dtype=np.int32)
        object.__setattr__(self, "_offset", offset)
        object.__setattr__(self, "_step", self.scale / np.float32(ACTIVATION_SCALE))

    def __call__(self, quantized: np.ndarray) -> np.ndarray:
        """Map uint8 (n_in,), quantised activations, to float32 (n_out,)."""
        sums = self._matrix.product(quantized)
        sums -= self._offset
        y = sums.astype(np.float32)
        y *= self._step
        y += self.bias
        return y


@dataclass(frozen=True, eq=False)
class Conv1d:
    """Causal convolution over time, then tanh. State: the quantised inputs before this one.

    Parameters
    ----------
    linear : Linear
        Its n_in is kernel * n_channels: the oldest input first.
    kernel : int
        Inputs seen per output, at least 2.
    """

    linear: Linear
    kernel: int

    @property
    def n_channels(self) -> int:
        """Size of one input."""
        return self.linear.weight.shape[1] // self.kernel

    def initial_history(self) -> np.ndarray:
        """Inputs of 0 before the first: uint8 ((kernel - 1) * n_channels,)."""
        return np.full((self.kernel - 1) * self.n_channels, ACTIVATION_ZERO, np.uint8)

    def step(self, quantized: np.ndarray, history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take one input.

        Parameters
        ----------
        quantized : uint8 (n_channels,)
        history : uint8 ((kernel - 1) * n_channels,)

        Returns
        -------
        output : float32 (n_out,)
            In -1...1.
        history : uint8 ((kernel - 1) * n_channels,)
            For the next step.
        """
        window = np.concatenate((history, quantized))
        return tanh(self.linear(window)), window[len(quantized) :]


class Hidden(NamedTuple):
    """Output and state of a GRU.

    Attributes
    ----------
    value : float32 (n_units,)
        In -1...1.
    quantized : uint8 (n_units,)
        The same as integers, for every layer that it feeds.
    """

    value: np.ndarray
    quantized: np.ndarray


@dataclass(frozen=True, eq=False)
class GRU:
    """Gated recurrent unit as in torch: the reset gate acts after the recurrent product.

    Parameters
    ----------
    input, recurrent : Linear
        Rows: reset gate, update gate, candidate, each n_units.
    """

    input: Linear
    recurrent: Linear

    def initial_hidden(self) -> Hidden:
        """All zero."""
        value = np.zeros(self.recurrent.weight.shape[1], np.float32)
        return Hidden(value, quantize_activations(value))

    def step(self, quantized: np.ndarray, hidden: Hidden) -> Hidden:
        """Take one input.

        Parameters
        ----------
        quantized : uint8 (n_in,)
        hidden : Hidden
            Of the step before.

        Returns
        -------
        Hidden
        """
        n = len(hidden.value)
        from_input, from_hidden = self.input(quantized), self.recurrent(hidden.quantized)
        gates = sigmoid(from_input[: 2 * n] + from_hidden[: 2 * n])
        reset, update = gates[:n], gates[n:]
        candidate = tanh(from_input[2 * n :] + reset * from_hidden[2 * n :])
        value = update * hidden.value + (_ONE - update) * candidate
        return Hidden(value, quantize_activations(value))
