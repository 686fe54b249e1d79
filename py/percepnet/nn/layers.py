"""Dense, Conv1d, GRU: frozen weights; state goes in and comes out, and is never changed in place.

All have the same two methods: ``initial_state()``, and ``step(x, state)``, which gives the output
and the next state.
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
    """What layers hand on: numbers, and the same as integers once a layer asks for them.

    Parameters
    ----------
    value : float32 (n,)
        In -1...1 where a layer takes the integers.
    """

    def __init__(self, value: np.ndarray):
        self.value = value

    @cached_property
    def quantized(self) -> np.ndarray:
        """The value as uint8 (n,), in 1...127."""
        return quantize_activations(self.value)

    @classmethod
    def joined(cls, signals: list["Signal"]) -> "Signal":
        """One after the other."""
        if len(signals) == 1:
            return signals[0]
        whole = cls(np.concatenate([signal.value for signal in signals]))
        whole.quantized = np.concatenate([signal.quantized for signal in signals])
        return whole


@dataclass(frozen=True, eq=False)
class Dense:
    """Affine map in float32, then the activation. No state.

    Parameters
    ----------
    weight : float32 (n_out, n_in)
    bias : float32 (n_out,)
    activation : callable
        `tanh` or `sigmoid`.
    """

    weight: np.ndarray
    bias: np.ndarray
    activation: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self):
        object.__setattr__(self, "weight", _frozen(self.weight))
        object.__setattr__(self, "bias", _frozen(self.bias))

    @property
    def n_in(self) -> int:
        """Size of one input."""
        return self.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Size of the output."""
        return len(self.bias)

    @cached_property
    def _by_input(self):
        # Never a lone column, which numpy would sum in another order.
        return np.resize(self.weight, (max(self.n_out, 2), self.n_in)).T.copy()

    def initial_state(self) -> None:
        """Nothing to remember."""

    def step(self, x: Signal, state: None = None) -> tuple[Signal, None]:
        """Take one input, (n_in,); its integers are not used."""
        products = self._by_input * x.value[:, np.newaxis]
        # One input after the other: float sums depend on their order.
        y = np.add.reduce(products, axis=0)[: self.n_out]
        y += self.bias
        return Signal(self.activation(y)), None


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
        """Map uint8 (n_in,), quantised activations, to float32 (n_out,)."""
        sums = self._matrix.product(quantized)
        sums -= self.offset
        y = sums.astype(np.float32)
        y *= self.output_step
        y += self.bias
        return y


@dataclass(frozen=True, eq=False)
class Conv1d:
    """Causal convolution over time, then tanh. State: the quantised inputs before this one.

    Parameters
    ----------
    linear : Linear
        Its n_in is kernel * n_in: the oldest input first.
    kernel : int
        Inputs seen per output, at least 2.
    """

    linear: Linear
    kernel: int

    @property
    def n_in(self) -> int:
        """Size of one input."""
        return self.linear.weight.shape[1] // self.kernel

    @property
    def n_out(self) -> int:
        """Size of the output."""
        return len(self.linear.bias)

    def initial_state(self) -> np.ndarray:
        """Inputs of 0 before the first: uint8 ((kernel - 1) * n_in,)."""
        return np.full((self.kernel - 1) * self.n_in, ACTIVATION_ZERO, np.uint8)

    def step(self, x: Signal, history: np.ndarray) -> tuple[Signal, np.ndarray]:
        """Take one input.

        Parameters
        ----------
        x : Signal
            Of n_in.
        history : uint8 ((kernel - 1) * n_in,)

        Returns
        -------
        output : Signal
            In -1...1.
        history : uint8 ((kernel - 1) * n_in,)
            For the next step.
        """
        window = np.concatenate((history, x.quantized))
        return Signal(tanh(self.linear(window))), window[self.n_in :]


@dataclass(frozen=True, eq=False)
class GRU:
    """Gated recurrent unit as in torch: the reset gate acts after the recurrent product.

    Its output is its state.

    Parameters
    ----------
    input, recurrent : Linear
        Rows: reset gate, update gate, candidate, each n_out.
    """

    input: Linear
    recurrent: Linear

    @property
    def n_in(self) -> int:
        """Size of one input."""
        return self.input.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Size of the output, and of the state."""
        return self.recurrent.weight.shape[1]

    def initial_state(self) -> Signal:
        """All zero."""
        return Signal(np.zeros(self.n_out, np.float32))

    def step(self, x: Signal, hidden: Signal) -> tuple[Signal, Signal]:
        """Take one input.

        Parameters
        ----------
        x : Signal
            Of the size of `input`.
        hidden : Signal
            Of the step before.

        Returns
        -------
        output, hidden : Signal
            The same, in -1...1.
        """
        n = self.n_out
        from_input, from_hidden = self.input(x.quantized), self.recurrent(hidden.quantized)
        gates = sigmoid(from_input[: 2 * n] + from_hidden[: 2 * n])
        reset, update = gates[:n], gates[n:]
        candidate = tanh(from_input[2 * n :] + reset * from_hidden[2 * n :])
        output = Signal(update * hidden.value + (_ONE - update) * candidate)
        return output, output


Layer = Dense | Conv1d | GRU
