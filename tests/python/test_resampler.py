import numpy as np
import pytest
from numpy.testing import assert_array_equal

from percepnet.constants import SAMPLE_RATE
from percepnet.resampler import STOPBAND_DB, TRANSITION, Resampler

RATES = [8_000, 11_025, 16_000, 44_100, 192_000]
MAX_ERROR_DB = -90.0  # measured: -95 or less


def resample(samples, rate_in, rate_out, chunk=None):
    resampler = Resampler(rate_in, rate_out)
    chunk = chunk or samples.shape[1]
    pieces = [resampler.push(samples[:, i : i + chunk]) for i in range(0, samples.shape[1], chunk)]
    return np.concatenate([*pieces, resampler.flush()], axis=1)


def tone(frequency_hz, rate, n_samples):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / rate).astype(np.float32)


def peak_db(samples):
    return 20 * np.log10(np.abs(samples).max())


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("chunk", [1009, 7350, 65_536])
def test_chunks_make_no_difference(rate, chunk):
    noise = np.random.default_rng(0).standard_normal((2, rate // 2 + 7)).astype(np.float32)
    for rates in [(rate, SAMPLE_RATE), (SAMPLE_RATE, rate)]:
        assert_array_equal(resample(noise, *rates, chunk), resample(noise, *rates))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_samples", [1, 146, 147, 5000])
def test_there_and_back_is_as_long_or_rounded_up(rate, n_samples):
    there = resample(np.zeros((1, n_samples), np.float32), rate, SAMPLE_RATE)
    assert there.shape[1] == -(-n_samples * SAMPLE_RATE // rate)
    assert resample(there, SAMPLE_RATE, rate).shape[1] >= n_samples


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_the_same_at_the_same_time(rate):
    frequency_hz = (1 - TRANSITION) * min(rate, SAMPLE_RATE) / 2 - 50
    for rate_in, rate_out in [(rate, SAMPLE_RATE), (SAMPLE_RATE, rate)]:
        output = resample(tone(frequency_hz, rate_in, rate_in)[np.newaxis], rate_in, rate_out)[0]
        error = output - tone(frequency_hz, rate_out, rate_out)
        assert peak_db(error[rate_out // 4 : 3 * rate_out // 4]) < MAX_ERROR_DB


@pytest.mark.parametrize(
    ("frequency_hz", "rate_in", "rate_out"),
    [(4_010, 48_000, 8_000), (24_100, 192_000, 48_000), (23_000, 48_000, 44_100)],
)
def test_nothing_folds_back(frequency_hz, rate_in, rate_out):
    output = resample(tone(frequency_hz, rate_in, rate_in)[np.newaxis], rate_in, rate_out)[0]
    assert peak_db(output[rate_out // 4 : 3 * rate_out // 4]) < -STOPBAND_DB
