"""The network: one step from features to gains and strengths, and how a network is made.

Paper, Sec. 4: a dense layer and two convolutions over time, three GRUs in a chain, then one GRU
and head for the band gains and another for the strengths.
"""

import os
import re
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from percepnet.constants import N_BANDS
from percepnet.errors import ModelError
from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.int8 import quantize_activations, quantize_weights
from percepnet.nn.layers import GRU, Conv1d, Dense, Hidden, Linear
from percepnet.nn.weights import VERSION, ArraySpec, check_arrays, read_model, write_model
from percepnet.topology import Topology, array_specs, parameter_shapes

_GRUS = ("gru1", "gru2", "gru3", "gain_gru", "strength_gru")

# In an installed package the models lie beside this file; in a checkout, at its top.
_MODEL_FOLDERS = (Path(__file__).parent / "models", Path(__file__).parents[2] / "models")


class NetworkState(NamedTuple):
    """What the network remembers between hops; `PercepNet.initial_state` makes a fresh one.

    Attributes
    ----------
    conv1, conv2 : uint8
        The quantised inputs that each convolution still needs.
    gru1, gru2, gru3, gain_gru, strength_gru : Hidden
    """

    conv1: np.ndarray
    conv2: np.ndarray
    gru1: Hidden
    gru2: Hidden
    gru3: Hidden
    gain_gru: Hidden
    strength_gru: Hidden


@dataclass(frozen=True, eq=False)
class PercepNet:
    """A quantised network, ready to run; `load_model` and `quantize_network` make one."""

    topology: Topology
    dense: Dense
    conv1: Conv1d
    conv2: Conv1d
    gru1: GRU
    gru2: GRU
    gru3: GRU
    gain_gru: GRU
    gain_head: Dense
    strength_gru: GRU
    strength_head: Dense

    @property
    def version(self) -> int:
        """Version of the model file format."""
        return VERSION

    @property
    def n_weights(self) -> int:
        """Number of weights; biases and scales are not counted."""
        return sum(a.size for name, a in _arrays(self).items() if name.endswith(".weight"))

    @property
    def n_bytes(self) -> int:
        """Size of all arrays as the model file holds them."""
        return sum(array.nbytes for array in _arrays(self).values())

    def initial_state(self) -> NetworkState:
        """State before the first hop."""
        return NetworkState(
            self.conv1.initial_history(),
            self.conv2.initial_history(),
            *(getattr(self, name).initial_hidden() for name in _GRUS),
        )

    def step(
        self, features: np.ndarray, state: NetworkState
    ) -> tuple[np.ndarray, np.ndarray, float, NetworkState]:
        """Run one hop.

        Parameters
        ----------
        features : float32 (N_FEATURES,)
            As `FeatureExtractor` gives them; finite.
        state : NetworkState
            Of the hop before; not changed.

        Returns
        -------
        gains : float32 (N_BANDS,)
            In 0...1.
        strengths : float32 (N_BANDS,)
            In 0...1.
        voice_probability : float
            In 0...1.
        state : NetworkState
            For the next hop.
        """
        x = quantize_activations(tanh(self.dense(features)))
        x, conv1 = self.conv1.step(x, state.conv1)
        conv, conv2 = self.conv2.step(quantize_activations(x), state.conv2)
        conv_quantized = quantize_activations(conv)

        gru1 = self.gru1.step(conv_quantized, state.gru1)
        gru2 = self.gru2.step(gru1.quantized, state.gru2)
        gru3 = self.gru3.step(gru2.quantized, state.gru3)

        gain_gru = self.gain_gru.step(gru3.quantized, state.gain_gru)
        layers = np.concatenate((conv, gru1.value, gru2.value, gru3.value, gain_gru.value))
        gains = sigmoid(self.gain_head(layers))

        strength_input = np.concatenate((gru3.quantized, conv_quantized))
        strength_gru = self.strength_gru.step(strength_input, state.strength_gru)
        strengths = sigmoid(self.strength_head(strength_gru.value))

        state = NetworkState(conv1, conv2, gru1, gru2, gru3, gain_gru, strength_gru)
        return gains[:N_BANDS], strengths, float(gains[N_BANDS]), state


def quantize_network(topology: Topology, parameters: dict[str, np.ndarray]) -> PercepNet:
    """Make a network from float parameters, such as those of a trained torch module.

    The mean and the deviation of the features belong in the first layer's weights.

    Parameters
    ----------
    topology : Topology
    parameters : dict of str to float32 ndarray
        Names and shapes as in `parameter_shapes`.

    Returns
    -------
    PercepNet

    Raises
    ------
    ModelError
        A parameter is missing, unknown, of the wrong shape or type, or not finite.
    """
    shapes = parameter_shapes(topology)
    check_arrays(parameters, {name: ArraySpec(s, np.float32) for name, s in shapes.items()})
    arrays = {}

    def quantize(name, weight, bias):
        quantized, scale = quantize_weights(weight)
        arrays.update({f"{name}.weight": quantized, f"{name}.scale": scale, f"{name}.bias": bias})

    for name in topology.dense_shapes:
        for part in ("weight", "bias"):
            arrays[f"{name}.{part}"] = parameters[f"{name}.{part}"]
    for name, (n_out, n_in, kernel) in topology.conv_shapes.items():
        by_time = parameters[f"{name}.weight"].transpose(0, 2, 1).reshape(n_out, kernel * n_in)
        quantize(f"{name}.linear", by_time, parameters[f"{name}.bias"])
    for name in topology.gru_shapes:
        quantize(f"{name}.input", parameters[f"{name}.weight_ih"], parameters[f"{name}.bias_ih"])
        quantize(
            f"{name}.recurrent", parameters[f"{name}.weight_hh"], parameters[f"{name}.bias_hh"]
        )
    return _assemble(topology, arrays)


def save_model(network: PercepNet, path: os.PathLike | str) -> None:
    """Write a model file, there under its name only once it is whole.

    Parameters
    ----------
    network : PercepNet
    path : path-like
        Ends in ``.npz``. An existing file is replaced.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    write_model(path, asdict(network.topology), _arrays(network))


def load_model(path: os.PathLike | str) -> PercepNet:
    """Read a model.

    Parameters
    ----------
    path : path-like
        A model file, or the name of a bundled model, such as ``"default"``.

    Returns
    -------
    PercepNet

    Raises
    ------
    ModelError
        Not there, not a model file, damaged, or of a newer version.
    """
    if isinstance(path, str) and re.fullmatch(r"[\w-]+", path):
        path = _bundled_model(path)
    try:
        sizes, arrays = read_model(path)
        if not isinstance(sizes, dict) or sizes.keys() != {f.name for f in fields(Topology)}:
            raise ModelError(f"has an unknown topology {sizes!r:.80}: export it again")
        topology = Topology(**sizes)
        check_arrays(arrays, array_specs(topology))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error.__cause__
    return _assemble(topology, arrays)


def bundled_models() -> dict[str, Path]:
    """Files of the models that come with the package, by name."""
    found = [path for folder in _MODEL_FOLDERS for path in sorted(folder.glob("*.npz"))]
    return {path.stem: path for path in reversed(found)}


def _bundled_model(name):
    models = bundled_models()
    if name not in models:
        known = " or ".join(sorted(models)) or "none is bundled here"
        raise ModelError(
            f"no model is called {name!r}: give a name ({known}) or a path to a .npz file"
        )
    return models[name]


def _arrays(network):
    return {name: attrgetter(name)(network) for name in array_specs(network.topology)}


def _assemble(topology, arrays):
    def linear(name):
        return Linear(*(arrays[f"{name}.{part}"] for part in ("weight", "scale", "bias")))

    layers = {}
    for name in topology.dense_shapes:
        layers[name] = Dense(arrays[f"{name}.weight"], arrays[f"{name}.bias"])
    for name, (_, _, kernel) in topology.conv_shapes.items():
        layers[name] = Conv1d(linear(f"{name}.linear"), kernel)
    for name in topology.gru_shapes:
        layers[name] = GRU(linear(f"{name}.input"), linear(f"{name}.recurrent"))
    return PercepNet(topology, **layers)
