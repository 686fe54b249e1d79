"""A trained twin as the engine's network, and back."""

import numpy as np
import torch

from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import quantize_network, read_network
from percepnet.topology import DENSE, LAYER_INPUTS
from percepnet_training.model import FILTER_SCALE, TwinNetwork

_PARTS = {  # of a layer in the model file, and the parameters that they are in the twin
    "weight": "weight", "bias": "bias",
    "linear.weight": "weight", "linear.bias": "bias",
    "input.weight": "weight_ih", "input.bias": "bias_ih",
    "recurrent.weight": "weight_hh", "recurrent.bias": "bias_hh",
}  # fmt: skip


def engine_network(twin):
    """Quantise a twin; scales of features and of the filter are folded into the layers.

    Parameters
    ----------
    twin : TwinNetwork

    Returns
    -------
    percepnet.network.PercepNet
    """
    parameters = {name: value.detach().cpu().numpy() for name, value in twin.named_parameters()}
    for part in ("weight", "bias"):
        parameters[f"filter.{part}"] = FILTER_SCALE * parameters[f"filter.{part}"]
    # In float64: the offset of a feature can be many deviations.
    mean, deviation = (part.cpu().numpy().astype(float) for part in (twin.mean, twin.deviation))
    for name in DENSE:
        if "features" in LAYER_INPUTS[name]:  # as the last of its inputs
            weight, bias = (parameters[f"{name}.{part}"].copy() for part in ("weight", "bias"))
            of_features = weight[:, -N_GROUP_FEATURES:] / deviation
            weight[:, -N_GROUP_FEATURES:] = of_features
            bias -= mean[: len(bias)] @ of_features.T
            parameters[f"{name}.weight"], parameters[f"{name}.bias"] = weight, bias
    return quantize_network(twin.topology, parameters)


def twin_network(path):
    """The twin of a model file, with the weights that it holds as integers.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TwinNetwork
        Its features have no scales of their own: those are in its weights.
    """
    topology, arrays = read_network(path)
    mean = np.zeros((N_GROUPS, N_GROUP_FEATURES), np.float32)
    twin = TwinNetwork(topology, mean, np.ones(N_GROUP_FEATURES, np.float32))
    state = twin.state_dict()
    for name, array in arrays.items():
        layer, _, part = name.partition(".")
        if part in _PARTS:
            scale = arrays.get(name.replace("weight", "scale")) if part.endswith("weight") else None
            values = array if scale is None else array * scale[:, np.newaxis]
            if layer == "filter":
                values = values / np.float32(FILTER_SCALE)
            state[f"{layer}.{_PARTS[part]}"] = torch.from_numpy(values)
    twin.load_state_dict(state)
    return twin
