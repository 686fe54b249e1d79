from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from conftest import glide
from percepnet import SAMPLE_RATE, AudioError, enhance, load_model
from percepnet.constants import HOP_LENGTH, N_BANDS, N_BINS
from percepnet.lab import FINE_HZ, Frames, experiment
from percepnet.mixture import mix
from percepnet.oracle_stages import Stages, oracle_stages

F0_HZ = 150
N_FRAMES = 125


@pytest.fixture(scope="module")
def clean():
    voice = glide(np.full(SAMPLE_RATE + 12_345, float(F0_HZ)))
    return (0.2 * voice).astype(np.float32)


@pytest.fixture(scope="module")
def noise():
    """Nothing for half a second, then white."""
    noise = 0.1 * np.random.default_rng(1).standard_normal(SAMPLE_RATE)
    noise[: SAMPLE_RATE // 2] = 0
    return noise.astype(np.float32)


@pytest.fixture(scope="module")
def model():
    return load_model("default")


@pytest.fixture(scope="module")
def taken_apart(clean, noise, model):
    return experiment(clean, noise, 10, model)


def test_every_step_is_the_oracles_and_the_networks(taken_apart, model):
    stages = oracle_stages(taken_apart.stages.noisy, taken_apart.clean)
    for field in fields(Stages):
        assert_array_equal(getattr(taken_apart.stages, field.name), getattr(stages, field.name))
    assert_array_equal(taken_apart.network, enhance(stages.noisy, model))


def test_one_row_per_frame(taken_apart):
    frames = taken_apart.frames
    lengths = {field.name: getattr(frames, field.name).shape for field in fields(Frames)}
    assert {shape[0] for shape in lengths.values()} == {N_FRAMES}
    assert lengths["noisy_db"] == lengths["clean_db"] == (N_FRAMES, N_BINS)
    assert lengths["gains"] == lengths["strengths"] == (N_FRAMES, N_BANDS)
    assert lengths["comb_response_db"] == lengths["fine_comb_db"] == (N_FRAMES, len(FINE_HZ))
    assert all(rows.dtype == np.float32 for rows in vars(frames).values())


def test_frame_n_is_around_ten_milliseconds_times_n(taken_apart):
    high_db = taken_apart.frames.noisy_db[:, N_BINS // 2 :].max(axis=1)
    begins = SAMPLE_RATE // 2 // HOP_LENGTH
    assert high_db[begins - 1] < high_db[begins + 1] - 30


def test_comb_filter_passes_the_harmonics_of_the_voice_that_was_found(taken_apart):
    frames = taken_apart.frames
    assert_allclose(frames.periods[40:45], SAMPLE_RATE / F0_HZ, atol=1)
    harmonic = np.abs(FINE_HZ % F0_HZ) < 1
    between = np.abs(FINE_HZ % F0_HZ - F0_HZ / 2) < 1
    for frame in range(70, 75):
        assert frames.comb_response_db[frame, harmonic].min() > -1
        assert frames.comb_response_db[frame, between].max() < -12


def test_the_ratio_of_a_mixture_is_the_one_asked_for(clean, noise):
    noisy, same_clean, turned_down_db = mix(clean, noise[SAMPLE_RATE // 2 :], 5)
    rest = noisy - same_clean
    assert turned_down_db == 0
    assert 10 * np.log10(np.mean(same_clean**2) / np.mean(rest**2)) == pytest.approx(5, abs=0.1)


def test_a_mixture_stays_in_range_and_keeps_its_ratio(clean, noise):
    noisy, quieter, turned_down_db = mix(clean, noise, -20)
    assert np.abs(noisy).max() == pytest.approx(0.99, abs=1e-3)
    assert_allclose(quieter, clean * 10 ** (-turned_down_db / 20), rtol=1e-5)


def test_silence_is_told_by_name(clean, noise):
    with pytest.raises(AudioError, match="the speech: is silent"):
        mix(np.zeros_like(clean), noise, 0)
    with pytest.raises(AudioError, match="hum: is silent"):
        mix(clean, np.zeros_like(noise), 0, ("voice", "hum"))
