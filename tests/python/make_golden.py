"""Rebuild tests/python/data/golden_*.npz: only after a change that is meant to change outputs.

    PYTHONPATH=py python tests/python/make_golden.py

The model file stays as it is unless the version of the format changed: until then, files have to
load.
"""

from pathlib import Path

import numpy as np

from models import random_network
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import load_model, save_model
from percepnet.topology import Topology

DATA = Path(__file__).parent / "data"
N_HOPS = 20


def main():
    model = DATA / "golden_model.npz"
    if not model.exists():
        topology = Topology(channels=7, squeeze=3, full=17, expand=2)
        save_model(random_network(topology, 0), model)
    network = load_model(model)
    shape = N_HOPS, N_GROUPS, N_GROUP_FEATURES
    features = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    state, hops = network.initial_state(), []
    for hop in features:
        *outputs, state = network.step(hop, state)
        hops.append(outputs)
    gains, strengths, filter_weights, voice_probability = zip(*hops, strict=True)
    np.savez(
        DATA / "golden_outputs.npz",
        features=features,
        gains=gains,
        strengths=strengths,
        filter_weights=filter_weights,
        voice_probability=np.float32(voice_probability),
    )


if __name__ == "__main__":
    main()
