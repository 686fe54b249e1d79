"""How a hop's cost grows with the weights: prints JSON. Runs natively and, by growth.mjs, in wasm.

PYTHONPATH=py python tests/python/growth.py
"""

import json
from math import prod
from time import perf_counter

import numpy as np

from percepnet.benchmark import noise, random_network
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import PercepNet
from percepnet.nn.kernels import available_kernels
from percepnet.topology import Topology

SIZES = (32, 96, 192, 384, 640, 1024, 1536)  # units: 0.1 to 17 million weights
MIN_STEPS, MIN_SECONDS = 100, 0.3


def topology(n_units):
    """The default model's, but for the GRUs that hear all groups of bands."""
    return Topology(channels=48, squeeze=6, full=n_units, expand=8)


def step_ms(network):
    """Milliseconds per step; of many the tenth percentile, as other programs only add to it."""
    shape = N_GROUPS, N_GROUP_FEATURES
    features = (2 * noise(prod(shape))).astype(np.float32).reshape(shape)
    state, times = network.initial_state(), []
    while len(times) < MIN_STEPS or sum(times) < MIN_SECONDS:
        start = perf_counter()
        *_, state = network.step(features, state)
        times.append(perf_counter() - start)
    return 1000 * float(np.percentile(times, 10))


def measure():
    rows = []
    for n_units in SIZES:
        network = random_network(topology(n_units))
        for kernel in available_kernels():
            network = PercepNet(network.topology, network.layers, kernel)
            rows.append({"kernel": kernel, "weights": network.n_weights, "ms": step_ms(network)})
    return rows


if __name__ == "__main__":
    print(json.dumps(measure()))
