"""Networks of random weights, for tests that need a network but not a trained one."""

from dataclasses import replace

import numpy as np

from percepnet.network import quantize_network
from percepnet.topology import parameter_shapes


def random_parameters(topology, seed):
    """Float parameters large enough that every activation moves and some saturate."""
    rng = np.random.default_rng(seed)

    def deviation(name, shape):
        return 0.5 if "bias" in name else 1.5 / np.sqrt(shape[1])

    return {
        name: rng.normal(0, deviation(name, shape), shape).astype(np.float32)
        for name, shape in parameter_shapes(topology).items()
    }


def random_network(topology, seed, kernel=None):
    network = quantize_network(topology, random_parameters(topology, seed))
    return replace(network, kernel=kernel)
