import numpy as np
import pytest

from fakes import ConstantNetwork
from percepnet import HOP_LENGTH, Enhancer
from percepnet.whole_file import analyse


@pytest.mark.parametrize("kind", ["noisy", "silence", "square"])
def test_whole_file_features_are_those_seen_live(kind, noisy):
    signal = {
        "noisy": noisy,
        "silence": np.zeros_like(noisy),
        "square": np.sign(np.sin(np.arange(len(noisy)) / 60)).astype(np.float32),
    }[kind]
    network = ConstantNetwork()
    enhancer = Enhancer(network)
    for hop in signal.reshape(-1, HOP_LENGTH):
        enhancer.process(hop)
    np.testing.assert_allclose(analyse(signal).features, network.seen, atol=1e-5)


def test_what_is_beyond_the_last_whole_hop_is_left_out(noisy):
    assert len(analyse(noisy[: 10 * HOP_LENGTH + 100]).features) == 10
