import numpy as np
import pytest

from fakes import ConstantNetwork
from models import random_network
from percepnet import LATENCY, SAMPLE_RATE, AudioError, Stream, enhance
from percepnet.network import Topology


@pytest.fixture(scope="module")
def model():
    return random_network(Topology(channels=16, squeeze=3, full=24, expand=4), seed=4)


def run(stream, signal, n_chunk):
    pieces = [stream.push(signal[i : i + n_chunk]) for i in range(0, len(signal), n_chunk)]
    return np.concatenate([*pieces, stream.flush()])


@pytest.mark.parametrize("n_chunk", [1, 128, 480, 481, 4096])
def test_chunking_is_inaudible(n_chunk, model, noisy):
    noisy = noisy[: SAMPLE_RATE // 2 + 7]
    np.testing.assert_array_equal(run(Stream(model), noisy, n_chunk), enhance(noisy, model))


@pytest.mark.parametrize("n_samples", [0, 1, 479, 480, 481, 1439, 1440, 1441, 5000])
def test_output_is_as_long_as_input(n_samples, model, noisy):
    assert enhance(noisy[:n_samples], model).shape == (n_samples,)


def test_output_is_aligned_with_input(voice):
    enhanced = enhance(voice, ConstantNetwork())
    lags = np.arange(-500, 501)
    inner = slice(1000, -1000)
    correlation = [np.dot(np.roll(enhanced, -lag)[inner], voice[inner]) for lag in lags]
    assert lags[np.argmax(correlation)] == 0


def test_a_sample_comes_back_within_its_stated_latency(model):
    stream = Stream(model)
    assert stream.latency == LATENCY
    assert len(stream.push(np.zeros(LATENCY + 480, np.float32))) == 480


def test_a_stream_starts_anew_after_flush(model, noisy):
    stream = Stream(model)
    first = run(stream, noisy[:10_000], 1000)
    np.testing.assert_array_equal(run(stream, noisy[:10_000], 1000), first)


def test_every_channel_is_enhanced_on_its_own(model, noisy):
    stereo = np.stack([noisy[:20_000], noisy[20_000:40_000]])
    enhanced = enhance(stereo, model)
    assert enhanced.shape == stereo.shape
    for channel, alone in zip(enhanced, stereo, strict=True):
        np.testing.assert_array_equal(channel, enhance(alone, model))


def test_options_reach_the_enhancer(model, noisy):
    plain = enhance(noisy, model)
    assert np.abs(enhance(noisy, model, strength=0.5) - plain).max() > 1e-3
    assert np.abs(enhance(noisy, model, attenuation_limit_db=3) - plain).max() > 1e-3


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (np.zeros(480, np.int16), {}, "floating-point samples, got int16"),
        (np.array([0.0, np.nan]), {}, "sample 1 is nan"),
        (np.array([np.inf, 0.0]), {}, "sample 0 is inf"),
        (np.array([0.0, 12_000.0]), {}, "peak is 12000, expected ±1"),
        (np.float32(0.5), {}, r"at least 1 dimension.*shape \(\)"),
        (np.zeros(480, np.complex64), {}, "got complex64"),
        (np.zeros(480), {"sample_rate": 44_100}, "expected 48000 Hz, got 44100: resample"),
        (np.zeros(480), {"strength": 1.5}, "strength is 1.5, expected 0 to 1"),
        (np.zeros(480), {"attenuation_limit_db": -3}, "attenuation limit is -3 dB"),
        (np.zeros(480), {"attenuation_limit_db": np.nan}, "attenuation limit is nan dB"),
    ],
)
def test_bad_input_is_named(samples, options, message, model):
    with pytest.raises(AudioError, match=message):
        enhance(samples, model, **options)


def test_a_stream_takes_one_channel(model):
    with pytest.raises(AudioError, match=r"1 dimension.*shape \(2, 480\)"):
        Stream(model).push(np.zeros((2, 480), np.float32))
