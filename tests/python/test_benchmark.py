from math import prod

import numpy as np
import pytest

from models import random_network as network_of_seed
from percepnet.benchmark import PAPER, STAGES, checksum, clocks, noise, random_network
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import PercepNet
from percepnet.nn.kernels import available_kernels
from percepnet.topology import Topology

SMALL = Topology(channels=10, squeeze=3, full=12, expand=2)


def test_noise_is_white_and_the_same_everywhere():
    signal = noise(100_000)
    assert np.abs(signal).max() <= 1
    assert abs(signal.mean()) < 0.01
    assert signal.std() == pytest.approx(1 / np.sqrt(3), rel=0.01)
    products = [np.mean(signal[lag:] * signal[:-lag]) for lag in range(1, 50)]
    assert np.abs(products).max() < 0.01
    bits = 7
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        bits = (bits ^ bits >> shift) * factor % 2**32
    assert noise(8)[7] == bits / 2**31 - 1
    np.testing.assert_array_equal(noise(9, first=5), noise(14)[5:])


def test_paper_has_as_many_weights_as_the_papers_network():
    assert random_network(PAPER).n_weights == pytest.approx(8e6, rel=0.01)


def test_checksums_tell_networks_apart_but_not_kernels():
    network = random_network(SMALL)
    sums = {checksum(PercepNet(SMALL, network.layers, kernel)) for kernel in available_kernels()}
    assert sums == {checksum(network)}
    assert checksum(network_of_seed(SMALL, 0)) not in sums


def test_a_random_network_is_not_stuck():
    network = random_network(SMALL)
    state, gains = network.initial_state(), []
    shape = 20, N_GROUPS, N_GROUP_FEATURES
    for features in noise(prod(shape)).reshape(shape).astype(np.float32):
        gain, *_, state = network.step(features, state)
        gains.append(gain)
    assert np.ptp(gains) > 0.5


def test_clocks_are_taken_away_again():
    def functions():
        return [getattr(owner, name) for stage in STAGES.values() for owner, name in stage]

    before = functions()
    with clocks():
        assert not set(functions()) & set(before)
    assert functions() == before
