"""The engine in numpy: runs the layers one after the other, as a reader would."""

from typing import Any, Protocol

import numpy as np

from percepnet.nn.layers import Inputs, Layer, Signal


class Engine(Protocol):
    """What runs a network of layers."""

    kernel: str

    def initial_state(self) -> Any:
        """State before the first step."""

    def step(self, features: np.ndarray, state: Any) -> tuple[list[np.ndarray], Any]:
        """Take one input; give the values of the outputs, and the state for the next step.

        Parameters
        ----------
        features : float32 (n_rows, n)
            The signal of the name ``"features"``.
        state
            Of the step before; not changed.
        """


class NumpyEngine:
    """The reference: what it computes, every kernel computes to the bit.

    Parameters
    ----------
    layers : dict of str to Layer
    inputs : dict of str to tuple of str
        The layers whose outputs each layer hears, ``"features"`` the input; in the order of
        running.
    outputs : tuple of str
        The layers whose outputs are wanted.
    """

    kernel = "numpy"

    def __init__(
        self,
        layers: dict[str, Layer],
        inputs: dict[str, tuple[str, ...]],
        outputs: tuple[str, ...],
    ):
        self._layers, self._inputs, self._outputs = layers, inputs, outputs

    def initial_state(self) -> dict[str, Any]:
        return {name: layer.initial_state() for name, layer in self._layers.items()}

    def step(
        self, features: np.ndarray, state: dict[str, Any]
    ) -> tuple[list[np.ndarray], dict[str, Any]]:
        signals, state_after = {"features": Signal(features)}, {}
        for name, inputs in self._inputs.items():
            layer = self._layers[name]
            x = Inputs([signals[i] for i in inputs], layer.n_input_rows)
            signals[name], state_after[name] = layer.step(x, state[name])
        return [signals[name].value for name in self._outputs], state_after
