"""Dense, Conv, GRU: frozen weights; state goes in and comes out, and is never changed in place.

Signals are rows of numbers. Every layer has the same weights for all its ``n_rows`` rows, and the
same two methods: ``initial_state()``, and ``step(x, state)``, which gives the output and the next
state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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


class Signal:
    """What layers hand on: numbers in rows, and the same as integers once a layer asks for them.

    Parameters
    ----------
    value : float32 (n_rows, n)
        In -1...1 where a layer takes the integers.
    """

    def __init__(self, value: np.ndarray):
        self.value = value

    @cached_property
    def quantized(self) -> np.ndarray:
        """The value as uint8 (n_rows, n), in 1...127."""
        return quantize_activations(self.value)


class Inputs:
    """What a layer hears: signals side by side, each cut into as many rows as the layer wants.

    Parameters
    ----------
    signals : list of Signal
        Of sizes that this number of rows divides.
    n_rows : int
    """

    def __init__(self, signals: list[Signal], n_rows: int):
        self._signals, self._n_rows = signals, n_rows

    @cached_property
    def value(self) -> np.ndarray:
        """As of `Signal`."""
        return self._joined([signal.value for signal in self._signals])

    @cached_property
    def quantized(self) -> np.ndarray:
        """As of `Signal`."""
        return self._joined([signal.quantized for signal in self._signals])

    def _joined(self, arrays):
        in_rows = [array.reshape(self._n_rows, -1) for array in arrays]
        return in_rows[0] if len(in_rows) == 1 else np.concatenate(in_rows, axis=1)


@dataclass(frozen=True, eq=False)
class Dense:
    """Affine map in float32, then the activation. No state.

    Parameters
    ----------
    weight : float32 (n_out, n_in)
        The same for all rows.
    bias : float32 (n_rows, n_out)
        Each row's own: what tells it where it is.
    activation : callable
        `tanh` or `sigmoid`.
    n_input_rows : int
        Of the input, at least as many; the last ones it does not hear.
    """

    weight: np.ndarray
    bias: np.ndarray
    activation: Callable[[np.ndarray], np.ndarray]
    n_input_rows: int

    def __post_init__(self):
        object.__setattr__(self, "weight", _frozen(self.weight))
        object.__setattr__(self, "bias", _frozen(self.bias))

    @property
    def n_rows(self) -> int:
        """Rows of the output."""
        return len(self.bias)

    @property
    def n_in(self) -> int:
        """Size of a row of the input."""
        return self.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Size of a row of the output."""
        return self.bias.shape[1]

    @cached_property
    def _by_input(self):
        # Never a lone column, which numpy would sum in another order.
        by_output = np.resize(self.weight, (max(self.n_out, 2), self.n_in))
        return by_output.T[:, :, np.newaxis].copy()

    def initial_state(self) -> None:
        """Nothing to remember."""

    def step(self, x: Signal | Inputs, state: None = None) -> tuple[Signal, None]:
        """Take one input, (n_input_rows, n_in); its integers are not used."""
        products = self._by_input * x.value[: self.n_rows].T.copy()[:, np.newaxis]
        # One input after the other: float sums depend on their order.
        y = np.add.reduce(products, axis=0)[: self.n_out].T
        return Signal(self.activation(y + self.bias)), None


@dataclass(frozen=True, eq=False)
class Linear:
    """Affine map of quantised rows: exact integer sums, then one scale per output.

    Parameters
    ----------
    weight : int8 (n_out, n_in)
        In -127...127; the same for all rows of the input.
    scale : float32 (n_out,)
        What one integer step of an output's weights stands for.
    bias : float32 (n_out,) or (n_rows, n_out)
        The same for all rows of the input, or each row's own.
    """

    weight: np.ndarray
    scale: np.ndarray
    bias: np.ndarray

    def __post_init__(self):
        for name in ("weight", "scale", "bias"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    @cached_property
    def offset(self) -> np.ndarray:
        """What the activations' zero point adds to each sum, int32 (n_out,)."""
        return ACTIVATION_ZERO * self.weight.sum(axis=1, dtype=np.int32)

    @cached_property
    def output_step(self) -> np.ndarray:
        """What one step of a sum stands for, float32 (n_out,)."""
        return self.scale / np.float32(ACTIVATION_SCALE)

    @cached_property
    def _matrix(self):
        return IntegerMatrix(self.weight)

    def __call__(self, quantized: np.ndarray) -> np.ndarray:
        """Map uint8 (n_rows, n_in), quantised activations, to float32 (n_rows, n_out)."""
        sums = self._matrix.product(quantized)
        sums -= self.offset
        y = sums.astype(np.float32)
        y *= self.output_step
        y += self.bias
        return y


@dataclass(frozen=True, eq=False)
class Conv:
    """Convolution over the rows, then tanh. No state.

    Parameters
    ----------
    linear : Linear
        Its n_in is kernel * n_in, the row below first; its bias is of every row.
    kernel : int
        Rows seen per row of the output, an odd number; zeros lie beyond both ends.
    """

    linear: Linear
    kernel: int

    @property
    def n_rows(self) -> int:
        """Rows of the input, and of the output."""
        return len(self.linear.bias)

    n_input_rows = n_rows

    @property
    def n_in(self) -> int:
        """Size of a row of the input."""
        return self.linear.weight.shape[1] // self.kernel

    @property
    def n_out(self) -> int:
        """Size of a row of the output."""
        return len(self.linear.weight)

    def initial_state(self) -> None:
        """Nothing to remember."""

    def step(self, x: Signal | Inputs, state: None = None) -> tuple[Signal, None]:
        """Take one input, (n_rows, n_in) in -1...1; so is the output."""
        return Signal(tanh(self.linear(self._windows(x.quantized)))), None

    def _windows(self, rows):
        """Each row between its neighbours, uint8 (n_rows, kernel * n_in)."""
        if self.kernel == 1:
            return rows
        beyond = np.full((self.kernel // 2, self.n_in), ACTIVATION_ZERO, np.uint8)
        padded = np.concatenate((beyond, rows, beyond))
        shifted = [padded[k : k + self.n_rows] for k in range(self.kernel)]
        return np.concatenate(shifted, axis=1)


@dataclass(frozen=True, eq=False)
class GRU:
    """Gated recurrent unit as in torch: the reset gate acts after the recurrent product.

    All rows have the same weights and biases, each a state of its own, which is its output.

    Parameters
    ----------
    input, recurrent : Linear
        Their outputs: reset gate, update gate, candidate, each n_out.
    n_rows : int
    """

    input: Linear
    recurrent: Linear
    n_rows: int

    @property
    def n_input_rows(self) -> int:
        """Rows of the input."""
        return self.n_rows

    @property
    def n_in(self) -> int:
        """Size of a row of the input."""
        return self.input.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Size of a row of the output, and of the state."""
        return self.recurrent.weight.shape[1]

    def initial_state(self) -> Signal:
        """All zero."""
        return Signal(np.zeros((self.n_rows, self.n_out), np.float32))

    def step(self, x: Signal | Inputs, hidden: Signal) -> tuple[Signal, Signal]:
        """Take one input.

        Parameters
        ----------
        x : Signal or Inputs
            (n_rows, n_in).
        hidden : Signal
            Of the step before, (n_rows, n_out).

        Returns
        -------
        output, hidden : Signal
            The same, in -1...1.
        """
        n = self.n_out
        from_input, from_hidden = self.input(x.quantized), self.recurrent(hidden.quantized)
        gates = sigmoid(from_input[:, : 2 * n] + from_hidden[:, : 2 * n])
        reset, update = gates[:, :n], gates[:, n:]
        candidate = tanh(from_input[:, 2 * n :] + reset * from_hidden[:, 2 * n :])
        output = Signal(update * hidden.value + (_ONE - update) * candidate)
        return output, output


Layer = Dense | Conv | GRU
