"""Layer sizes, and the names and shapes that follow from them. Every size is free."""

from dataclasses import asdict, dataclass

import numpy as np

from percepnet.constants import N_BANDS, N_FEATURES
from percepnet.errors import ModelError
from percepnet.nn.weights import ArraySpec

# What every layer hears, in the order in which they run. Paper, Sec. 4.
LAYER_INPUTS = {
    "dense": ("features",),
    "conv1": ("dense",),
    "conv2": ("conv1",),
    "gru1": ("conv2",),
    "gru2": ("gru1",),
    "gru3": ("gru2",),
    "gain_gru": ("gru3",),
    "gain_head": ("conv2", "gru1", "gru2", "gru3", "gain_gru"),
    "strength_gru": ("gru3", "conv2"),
    "strength_head": ("strength_gru",),
}

CONV1_KERNEL = 5  # paper, Sec. 4
CONV2_KERNEL = 3
MAX_LAYER_SIZE = 4096


@dataclass(frozen=True)
class Topology:
    """Layer sizes. The paper's are 128, 512, 512, 128: eight million weights.

    Parameters
    ----------
    dense : int
        Outputs of the first layer.
    conv : int
        Outputs of each of the two convolutions.
    gru : int
        Units of each GRU in the chain and of the gain GRU.
    strength_gru : int
        Units of the strength GRU.

    Raises
    ------
    ModelError
        A size is not a whole number from 1 to `MAX_LAYER_SIZE`.
    """

    dense: int
    conv: int
    gru: int
    strength_gru: int

    def __post_init__(self):
        for name, size in asdict(self).items():
            if type(size) is not int or not 1 <= size <= MAX_LAYER_SIZE:
                raise ModelError(
                    f"has layer size {name} = {size!r:.40}: "
                    f"give a whole number, 1 to {MAX_LAYER_SIZE}"
                )

    @property
    def dense_shapes(self) -> dict[str, tuple[int, int]]:
        """Outputs and inputs of every float32 layer, by name."""
        return {name: self._shape(name) for name in ("dense", "gain_head", "strength_head")}

    @property
    def conv_shapes(self) -> dict[str, tuple[int, int, int]]:
        """Outputs, inputs and kernel of every convolution, by name."""
        kernels = {"conv1": CONV1_KERNEL, "conv2": CONV2_KERNEL}
        return {name: (*self._shape(name), kernel) for name, kernel in kernels.items()}

    @property
    def gru_shapes(self) -> dict[str, tuple[int, int]]:
        """Units and inputs of every GRU, by name."""
        names = ("gru1", "gru2", "gru3", "gain_gru", "strength_gru")
        return {name: self._shape(name) for name in names}

    @property
    def layer_sizes(self) -> dict[str, int]:
        """Outputs of every layer and the number of features, by name."""
        return {
            "features": N_FEATURES,
            "dense": self.dense,
            "conv1": self.conv,
            "conv2": self.conv,
            "gru1": self.gru,
            "gru2": self.gru,
            "gru3": self.gru,
            "gain_gru": self.gru,
            "gain_head": N_BANDS + 1,
            "strength_gru": self.strength_gru,
            "strength_head": N_BANDS,
        }

    def _shape(self, layer):
        sizes = self.layer_sizes
        return sizes[layer], sum(sizes[name] for name in LAYER_INPUTS[layer])


def parameter_shapes(topology: Topology) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the float parameters that `quantize_network` takes, as torch has them.

    Parameters
    ----------
    topology : Topology

    Returns
    -------
    dict of str to tuple of int
        ``dense``, ``gain_head`` (34 gains, then the voice probability), ``strength_head``:
        ``weight`` (n_out, n_in), ``bias`` (n_out,).
        ``conv1``, ``conv2``: ``weight`` (n_out, n_in, kernel), oldest first, ``bias`` (n_out,).
        ``gru1``, ``gru2``, ``gru3``, ``gain_gru``, ``strength_gru`` of N units:
        ``weight_ih`` (3 N, n_in), ``weight_hh`` (3 N, N), ``bias_ih`` and ``bias_hh`` (3 N,),
        rows in torch's order: reset, update, candidate.
        The inputs of ``gain_head`` are conv2, gru1, gru2, gru3, gain_gru; those of
        ``strength_gru`` are gru3, conv2.
    """
    shapes = {}
    for name, shape in (topology.dense_shapes | topology.conv_shapes).items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name, (n_units, n_in) in topology.gru_shapes.items():
        shapes |= {
            f"{name}.weight_ih": (3 * n_units, n_in),
            f"{name}.weight_hh": (3 * n_units, n_units),
            f"{name}.bias_ih": (3 * n_units,),
            f"{name}.bias_hh": (3 * n_units,),
        }
    return shapes


def array_specs(topology: Topology) -> dict[str, ArraySpec]:
    """Names, shapes and types of the arrays in a model file: quantised, as the engine has them."""
    specs = {}
    for name, shape in topology.dense_shapes.items():
        specs[f"{name}.weight"] = ArraySpec(shape, np.float32)
        specs[f"{name}.bias"] = ArraySpec(shape[:1], np.float32)
    for name, shape in _int8_shapes(topology):
        specs[f"{name}.weight"] = ArraySpec(shape, np.int8)
        specs[f"{name}.scale"] = ArraySpec(shape[:1], np.float32)
        specs[f"{name}.bias"] = ArraySpec(shape[:1], np.float32)
    return specs


def _int8_shapes(topology):
    for name, (n_out, n_in, kernel) in topology.conv_shapes.items():
        yield f"{name}.linear", (n_out, kernel * n_in)
    for name, (n_units, n_in) in topology.gru_shapes.items():
        yield f"{name}.input", (3 * n_units, n_in)
        yield f"{name}.recurrent", (3 * n_units, n_units)
