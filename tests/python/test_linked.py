"""Several channels with linked gains: one network for all, each channel's own sound."""

import numpy as np
import pytest

from fakes import ConstantNetwork
from models import random_network
from percepnet import HOP_LENGTH, LATENCY, AudioError, Enhancer, Stream, enhance
from percepnet.topology import Topology


@pytest.fixture(scope="module")
def model():
    return random_network(Topology(channels=16, squeeze=3, full=24, expand=4), seed=6)


@pytest.fixture
def stereo(noisy):
    """One scene heard twice: another level, a little later, more noise."""
    noise = np.random.default_rng(7).standard_normal(len(noisy))
    return np.stack([noisy, 0.5 * np.roll(noisy, 13) + 0.01 * noise]).astype(np.float32)


def test_equal_channels_are_given_what_one_alone_is(model, noisy):
    expected = enhance(noisy, model)
    for channel in enhance(np.stack([noisy, noisy]), model, linked=True):
        np.testing.assert_array_equal(channel, expected)


def test_a_silent_channel_stays_silent_and_stops_nothing(model, noisy):
    left, right = enhance(np.stack([noisy, np.zeros_like(noisy)]), model, linked=True)
    assert not right.any()
    assert np.abs(left).max() > 0.01


def test_levels_between_channels_are_kept(model, noisy):
    quiet, loud = enhance(np.stack([0.25 * noisy, noisy]), model, linked=True)
    np.testing.assert_allclose(quiet, 0.25 * loud, atol=1e-5)


def test_gains_of_one_leave_every_channel_as_it_is(voice):
    stereo = np.stack([voice, -0.5 * np.roll(voice, 13)])
    enhanced = enhance(stereo, ConstantNetwork(), linked=True)
    error = np.mean((enhanced - stereo)[:, :-LATENCY] ** 2, axis=-1)
    assert (error < 1e-4 * np.mean(stereo**2, axis=-1)).all()  # the high-pass is all there is


def test_the_network_hears_the_mean(stereo):
    linked, alone = ConstantNetwork(), ConstantNetwork()
    enhance(stereo, linked, linked=True)
    enhance(stereo.mean(axis=0), alone)
    np.testing.assert_array_equal(linked.seen, alone.seen)


@pytest.mark.parametrize("n_chunk", [1, 481, 4096])
def test_chunking_is_inaudible(n_chunk, model, stereo):
    stereo = stereo[:, :9607]
    stream = Stream(model, n_channels=2)
    chunks = [stereo[:, n : n + n_chunk] for n in range(0, stereo.shape[1], n_chunk)]
    pieces = [*(stream.push(chunk) for chunk in chunks), stream.flush()]
    streamed = np.concatenate(pieces, axis=-1)
    np.testing.assert_array_equal(streamed, enhance(stereo, model, linked=True))


@pytest.mark.parametrize("shape", [(2, 0), (3, 7), (1, 600), (2, 2, 481), (700,)])
def test_any_shape_comes_back(shape, model):
    assert enhance(np.zeros(shape, np.float32), model, linked=True).shape == shape


def test_bypass_is_the_delayed_input_exactly(model, stereo):
    enhancer = Enhancer(model, n_channels=2)
    enhancer.bypass = True
    enhancer.reset()
    hops = stereo[:, : 40 * HOP_LENGTH].reshape(2, -1, HOP_LENGTH).swapaxes(0, 1)
    out = np.concatenate([enhancer.process(hop) for hop in hops], axis=-1)
    np.testing.assert_array_equal(out[:, :LATENCY], 0)
    np.testing.assert_array_equal(out[:, LATENCY:], stereo[:, : 40 * HOP_LENGTH - LATENCY])


@pytest.mark.parametrize(
    ("n_channels", "shape", "message"),
    [
        (2, (3, 480), "expected 2 channels, got 3"),
        (2, (480,), r"2 dimension.*shape \(480,\)"),
        (0, (480,), "number of channels is 0"),
    ],
)
def test_another_number_of_channels_is_refused(n_channels, shape, message, model):
    with pytest.raises(AudioError, match=message):
        Stream(model, n_channels=n_channels).push(np.zeros(shape, np.float32))
