"""A trained twin as the engine's network."""

import numpy as np

from percepnet.network import quantize_network
from percepnet.topology import Topology


def engine_network(twin):
    """Quantise a twin; the standardisation of the features is folded into the first layer.

    Parameters
    ----------
    twin : TwinNetwork

    Returns
    -------
    percepnet.network.PercepNet
    """
    parameters = {name: value.detach().cpu().numpy() for name, value in twin.named_parameters()}
    # In float64: the offset of a feature can be many deviations.
    weight = parameters["dense.weight"].astype(np.float64) / twin.deviation.cpu().numpy()
    bias = parameters["dense.bias"] - weight @ twin.mean.cpu().numpy()
    parameters["dense.weight"] = weight.astype(np.float32)
    parameters["dense.bias"] = bias.astype(np.float32)
    return quantize_network(Topology(**twin.topology), parameters)
