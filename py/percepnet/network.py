"""The network: one step from features to gains and strengths, and how a network is made.

Groups of four neighbouring bands are seen one by one, with the same weights for all; in between,
GRUs hear all groups at once and tell each what they made of it: `percepnet.topology`.
"""

import os
import re
from dataclasses import asdict, dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from percepnet.constants import N_BANDS, N_FILTER_BANDS, N_FILTER_FRAMES
from percepnet.errors import ModelError
from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.engine import Engine
from percepnet.nn.int8 import quantize_weights
from percepnet.nn.kernels import make_engine
from percepnet.nn.layers import GRU, Conv, Dense, Layer, Linear
from percepnet.nn.weights import VERSION, ArraySpec, check_arrays, read_model, write_model
from percepnet.topology import (
    CONV_KERNELS,
    DENSE,
    GRUS,
    LAYER_INPUTS,
    Topology,
    array_specs,
    parameter_shapes,
)

_OUTPUTS = ("head", "filter", "voice")
_ACTIVATIONS = {"embed": tanh, "head": sigmoid, "filter": tanh, "voice": sigmoid}

# In an installed package the models lie beside this file; in a checkout, at its top.
_MODEL_FOLDERS = (Path(__file__).parent / "models", Path(__file__).parents[2] / "models")


@dataclass(frozen=True, eq=False)
class PercepNet:
    """A quantised network, ready to run; `load_model` and `quantize_network` make one.

    Parameters
    ----------
    topology : Topology
    layers : dict of str to Layer
        By their names in `LAYER_INPUTS`.
    kernel : str, optional
        As for `load_model`; afterwards the name of the one in use.

    Raises
    ------
    KernelError
        The kernel does not run here.
    """

    topology: Topology
    layers: dict[str, Layer]
    kernel: str | None = None
    _engine: Engine = field(init=False, repr=False)

    def __post_init__(self):
        engine = make_engine(self.kernel, self.layers, LAYER_INPUTS, _OUTPUTS)
        object.__setattr__(self, "_engine", engine)
        object.__setattr__(self, "kernel", engine.kernel)

    def __reduce__(self):  # the engine may hold addresses
        return PercepNet, (self.topology, self.layers, self.kernel)

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

    def initial_state(self) -> Any:
        """State before the first hop. What it consists of is the kernel's business."""
        return self._engine.initial_state()

    def step(
        self, features: np.ndarray, state: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, Any]:
        """Run one hop.

        Parameters
        ----------
        features : float32 (N_GROUPS, N_GROUP_FEATURES)
            As `percepnet.dsp.features.network_features` gives them; finite.
        state
            Of the hop before, by the same kernel; not changed.

        Returns
        -------
        gains : float32 (N_BANDS,)
            In 0...1.
        strengths : float32 (N_BANDS,)
            In 0...1.
        filter_weights : complex64 (N_FILTER_BANDS, N_FILTER_FRAMES)
            Real and imaginary parts in -1...1.
        voice_probability : float
            In 0...1.
        state
            For the next hop.
        """
        (head, filter_, voice), state = self._engine.step(features, state)
        gains, strengths = head.reshape(N_BANDS, 2).T.copy()
        filter_weights = filter_.copy().view(np.complex64).reshape(N_FILTER_BANDS, N_FILTER_FRAMES)
        return gains, strengths, filter_weights, voice.item(), state


def quantize_network(topology: Topology, parameters: dict[str, np.ndarray]) -> PercepNet:
    """Make a network from float parameters, such as those of a trained torch module.

    If features were shifted or scaled in training, that belongs in the weights and biases of the
    layers that hear them, ``embed``, ``head`` and ``filter``.

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

    for name in DENSE:
        for part in ("weight", "bias"):
            arrays[f"{name}.{part}"] = parameters[f"{name}.{part}"]
    for name in CONV_KERNELS:
        quantize(f"{name}.linear", parameters[f"{name}.weight"], parameters[f"{name}.bias"])
    for name in GRUS:
        quantize(f"{name}.input", parameters[f"{name}.weight_ih"], parameters[f"{name}.bias_ih"])
        quantize(
            f"{name}.recurrent", parameters[f"{name}.weight_hh"], parameters[f"{name}.bias_hh"]
        )
    return assemble_network(topology, arrays)


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


def load_model(path: os.PathLike | str, *, kernel: str | None = None) -> PercepNet:
    """Read a model.

    Parameters
    ----------
    path : path-like
        A model file, or the name of a bundled model, such as ``"default"``.
    kernel : str, optional
        What computes: ``"numpy"``, or a faster one of `percepnet.nn.kernels.KERNELS`, all to the
        same bits. By default what the environment variable ``PERCEPNET_KERNEL`` names, else the
        fastest that runs here.

    Returns
    -------
    PercepNet

    Raises
    ------
    ModelError
        Not there, not a model file, damaged, or of a newer version.
    KernelError
        The kernel does not run here.
    """
    if isinstance(path, str) and re.fullmatch(r"[\w-]+", path):
        path = _bundled_model(path)
    return assemble_network(*read_network(path), kernel)


def read_network(path: os.PathLike | str) -> tuple[Topology, dict[str, np.ndarray]]:
    """The longer half of `load_model`; the other is `assemble_network`.

    Parameters
    ----------
    path : path-like
        A model file.

    Returns
    -------
    topology : Topology
    arrays : dict of str to ndarray
        All that belong to it.

    Raises
    ------
    ModelError
        As from `load_model`.
    """
    try:
        sizes, arrays = read_model(path)
        if not isinstance(sizes, dict) or sizes.keys() != {f.name for f in fields(Topology)}:
            raise ModelError(f"has an unknown topology {sizes!r:.80}: export it again")
        topology = Topology(**sizes)
        check_arrays(arrays, array_specs(topology))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error.__cause__
    return topology, arrays


def assemble_network(
    topology: Topology, arrays: dict[str, np.ndarray], kernel: str | None = None
) -> PercepNet:
    """Make a network of what `read_network` gives.

    Parameters
    ----------
    topology : Topology
    arrays : dict of str to ndarray
    kernel : str, optional
        As for `load_model`.

    Returns
    -------
    PercepNet

    Raises
    ------
    KernelError
        The kernel does not run here.
    """

    def linear(name):
        return Linear(*(arrays[f"{name}.{part}"] for part in ("weight", "scale", "bias")))

    layers = {}
    for name in DENSE:
        weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        layers[name] = Dense(weight, bias, _ACTIVATIONS[name], topology.input_rows[name])
    for name, n_seen in CONV_KERNELS.items():
        layers[name] = Conv(linear(f"{name}.linear"), n_seen)
    for name in GRUS:
        n_rows, _ = topology.signal_shapes[name]
        layers[name] = GRU(linear(f"{name}.input"), linear(f"{name}.recurrent"), n_rows)
    return PercepNet(topology, layers, kernel)


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
    arrays = {}
    for name in array_specs(network.topology):
        layer, _, array = name.partition(".")
        arrays[name] = attrgetter(array)(network.layers[layer])
    return arrays
