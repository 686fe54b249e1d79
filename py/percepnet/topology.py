"""Layer sizes, and the names and shapes that follow from them. Every size is free."""

from dataclasses import asdict, dataclass

import numpy as np

from percepnet.constants import (
    GROUP_BANDS,
    N_FILTER_FRAMES,
    N_FILTER_GROUPS,
    N_GROUP_FEATURES,
    N_GROUPS,
)
from percepnet.errors import ModelError
from percepnet.nn.weights import ArraySpec

# What every layer hears, in the order in which they run. Layers that see the groups of bands one
# by one, with the same weights, take turns with GRUs that hear all groups at once.
LAYER_INPUTS = {
    "embed": ("features",),
    "conv1": ("embed",),
    "squeeze1": ("conv1",),
    "full_gru1": ("squeeze1",),
    "expand1": ("full_gru1",),
    "sub_gru1": ("conv1", "expand1"),
    "conv2": ("sub_gru1",),
    "squeeze2": ("conv2",),
    "full_gru2": ("squeeze2",),
    "expand2": ("full_gru2",),
    "sub_gru2": ("conv2", "expand2"),
    "head": ("sub_gru2", "conv1", "features"),
    "filter": ("sub_gru2", "conv1", "features"),
    "voice": ("full_gru2",),
}

DENSE = ("embed", "head", "filter", "voice")  # float32; all others int8
CONV_KERNELS = {  # rows that a row of a convolution's output sees
    "conv1": 3, "squeeze1": 1, "expand1": 1, "conv2": 3, "squeeze2": 1, "expand2": 1,
}  # fmt: skip
GRUS = ("full_gru1", "sub_gru1", "full_gru2", "sub_gru2")

MAX_LAYER_SIZE = 4096


@dataclass(frozen=True)
class Topology:
    """Layer sizes.

    Parameters
    ----------
    channels : int
        Outputs per group of bands of the layers that see groups one by one.
    squeeze : int
        What of them, per group, the GRUs hear that hear all groups.
    full : int
        Units of each of those GRUs.
    expand : int
        What each group is told of their outputs.

    Raises
    ------
    ModelError
        A size is not a whole number from 1 to `MAX_LAYER_SIZE`.
    """

    channels: int
    squeeze: int
    full: int
    expand: int

    def __post_init__(self):
        for name, size in asdict(self).items():
            if type(size) is not int or not 1 <= size <= MAX_LAYER_SIZE:
                raise ModelError(
                    f"has layer size {name} = {size!r:.40}: "
                    f"give a whole number, 1 to {MAX_LAYER_SIZE}"
                )

    @property
    def signal_shapes(self) -> dict[str, tuple[int, int]]:
        """Rows, and numbers per row, of the features and of every layer's output, by name."""
        by_group, whole = (N_GROUPS, self.channels), (1, self.full)
        shapes = {
            "features": (N_GROUPS, N_GROUP_FEATURES),
            "embed": by_group,
            "head": (N_GROUPS, 2 * GROUP_BANDS),
            "filter": (N_FILTER_GROUPS, 2 * GROUP_BANDS * N_FILTER_FRAMES),
            "voice": (1, 1),
        }
        for n in "12":
            shapes[f"conv{n}"] = shapes[f"sub_gru{n}"] = by_group
            shapes[f"squeeze{n}"] = (N_GROUPS, self.squeeze)
            shapes[f"full_gru{n}"] = whole
            shapes[f"expand{n}"] = (1, N_GROUPS * self.expand)
        return shapes

    @property
    def input_rows(self) -> dict[str, int]:
        """Into how many rows each layer's inputs are cut, by name: as many as it gives, or more.

        The last ones it does not hear.
        """
        rows = {name: n_rows for name, (n_rows, _) in self.signal_shapes.items()}
        return rows | {"filter": N_GROUPS}

    @property
    def input_sizes(self) -> dict[str, int]:
        """How many numbers a row of each layer hears, by name."""
        sizes = {name: np.prod(shape) for name, shape in self.signal_shapes.items()}
        return {
            name: int(sum(sizes[heard] for heard in inputs)) // self.input_rows[name]
            for name, inputs in LAYER_INPUTS.items()
        }


def parameter_shapes(topology: Topology) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the float parameters that `quantize_network` takes.

    Parameters
    ----------
    topology : Topology

    Returns
    -------
    dict of str to tuple of int
        ``embed``, ``head`` (of every band in turn gain and strength), ``filter`` (of every band
        and frame in turn real and imaginary part), ``voice``: ``weight`` (n_out, n_in), ``bias``
        (n_rows, n_out).
        ``conv1``, ``squeeze1``, ``expand1`` and so on: ``weight`` (n_out, kernel * n_in), first
        of the row below, ``bias`` (n_rows, n_out).
        ``full_gru1``, ``sub_gru1`` and so on, of N units: ``weight_ih`` (3 N, n_in),
        ``weight_hh`` (3 N, N), ``bias_ih`` and ``bias_hh`` (3 N,), rows in torch's order: reset,
        update, candidate.
        A row is a group of bands, from the lowest up, in ``filter`` of the lowest ones only;
        ``full_gru``, ``expand`` and ``voice`` have one. Inputs are those of `LAYER_INPUTS`, in
        that order.
    """
    shapes, n_in = {}, topology.input_sizes
    for name in LAYER_INPUTS:
        n_rows, n_out = topology.signal_shapes[name]
        if name in GRUS:
            shapes[f"{name}.weight_ih"] = (3 * n_out, n_in[name])
            shapes[f"{name}.weight_hh"] = (3 * n_out, n_out)
            shapes[f"{name}.bias_ih"] = shapes[f"{name}.bias_hh"] = (3 * n_out,)
        else:
            shapes[f"{name}.weight"] = (n_out, CONV_KERNELS.get(name, 1) * n_in[name])
            shapes[f"{name}.bias"] = (n_rows, n_out)
    return shapes


def array_specs(topology: Topology) -> dict[str, ArraySpec]:
    """Names, shapes and types of the arrays in a model file: quantised, as the engine has them."""
    shapes, specs = parameter_shapes(topology), {}

    def add_int8(name, weight, bias):
        specs[f"{name}.weight"] = ArraySpec(weight, np.int8)
        specs[f"{name}.scale"] = ArraySpec(weight[:1], np.float32)
        specs[f"{name}.bias"] = ArraySpec(bias, np.float32)

    for name in DENSE:
        for part in ("weight", "bias"):
            specs[f"{name}.{part}"] = ArraySpec(shapes[f"{name}.{part}"], np.float32)
    for name in CONV_KERNELS:
        add_int8(f"{name}.linear", shapes[f"{name}.weight"], shapes[f"{name}.bias"])
    for name in GRUS:
        add_int8(f"{name}.input", shapes[f"{name}.weight_ih"], shapes[f"{name}.bias_ih"])
        add_int8(f"{name}.recurrent", shapes[f"{name}.weight_hh"], shapes[f"{name}.bias_hh"])
    return specs
