"""How a hop's cost grows with the weights: prints JSON. Runs natively and, by growth.mjs, in wasm.

PYTHONPATH=py python tests/python/growth.py
"""

import json
from time import perf_counter

import numpy as np

from percepnet.benchmark import noise, random_network
from percepnet.network import PercepNet
from percepnet.nn.kernels import available_kernels
from percepnet.topology import Topology

SIZES = (56, 112, 176, 256, 360, 512, 720)  # units: 0.1 to 16 million weights
MIN_STEPS, MIN_SECONDS = 100, 0.3


def topology(n_units):
    """The paper's proportions."""
    return Topology(dense=n_units // 4, conv=n_units, gru=n_units, strength_gru=n_units // 4)


def step_ms(network):
    """Milliseconds per step; of many the tenth percentile, as other programs only add to it."""
    features, state, times = (2 * noise(70)).astype(np.float32), network.initial_state(), []
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
