"""Mixtures: reproducible, at the SNR asked for, with targets free of late echoes."""

import numpy as np
import pytest

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet_training import synthesis
from percepnet_training.filters import random_filter, random_lowpass
from percepnet_training.levels import active_power, automatic_gain, draw_snr_db, noise_gain
from percepnet_training.noises import GENERATORS, switched
from percepnet_training.rooms import early_part, prepare_response, simulate_room
from percepnet_training.synthesis import split_echoes
from training_folders import tiny_mixer

EARLY_END = round(0.025 * SAMPLE_RATE)


def test_a_mixture_depends_on_seed_and_index_only(tmp_path):
    first, again = tiny_mixer(tmp_path), tiny_mixer(tmp_path)
    other_seed = tiny_mixer(tmp_path, seed=4)
    again.mixture(6)  # what was made before does not matter
    for name in ("noisy", "clean", "bandwidth_hz"):
        mixture = getattr(first.mixture(7), name)
        np.testing.assert_array_equal(mixture, getattr(again.mixture(7), name))
    assert not np.array_equal(first.mixture(7).noisy, first.mixture(8).noisy)
    assert not np.array_equal(first.mixture(7).noisy, other_seed.mixture(7).noisy)


def test_mixtures_are_valid_audio(tmp_path):
    mixer = tiny_mixer(tmp_path)
    for index in range(30):
        mixture = mixer.mixture(index)
        for signal in (mixture.noisy, mixture.clean):
            assert signal.dtype == np.float32
            assert signal.shape == (72000,)
            assert np.isfinite(signal).all()
        assert np.abs(mixture.noisy).max() <= 1
        assert mixture.bandwidth_hz.shape == (150,)


@pytest.mark.parametrize("snr_db", [-15, 0, 12.5, 45])
def test_noise_gets_the_snr_asked_for(rng, snr_db):
    clean = np.zeros(4 * SAMPLE_RATE, np.float32)
    clean[SAMPLE_RATE : 2 * SAMPLE_RATE] = rng.standard_normal(SAMPLE_RATE)
    noise = 0.3 * rng.standard_normal(len(clean)).astype(np.float32)
    scaled = noise * noise_gain(clean, noise, snr_db)
    # Of active speech: the three silent seconds do not count.
    active = clean[SAMPLE_RATE : 2 * SAMPLE_RATE]
    measured_db = 10 * np.log10(np.mean(active**2) / np.mean(scaled**2))
    assert measured_db == pytest.approx(snr_db, abs=0.2)
    assert active_power(clean) == pytest.approx(1, rel=0.05)


def test_automatic_gain_evens_out_the_level(rng):
    noisy = rng.standard_normal(6 * SAMPLE_RATE)
    noisy[3 * SAMPLE_RATE :] *= 0.1
    gains = automatic_gain(rng, noisy)
    assert gains.shape == noisy.shape
    assert gains.mean() == pytest.approx(1, rel=1e-3)
    step_db = 20 * np.log10(gains[5 * SAMPLE_RATE] / gains[2 * SAMPLE_RATE])
    assert 0.2 * 20 - 1 < step_db < 0.7 * 20 + 1  # the share of 20 dB that it draws
    assert np.abs(np.diff(gains)).max() < 1e-3  # slow


def test_snr_lies_where_people_talk(rng):
    drawn = np.array([draw_snr_db(rng, 0.4) for _ in range(3000)])
    assert drawn.min() >= -15
    assert drawn.max() <= 45
    assert np.mean((drawn >= -5) & (drawn <= 20)) > 0.7


def test_a_recipe_says_how_many_mixtures_have_loud_noise(rng):
    shares = []
    for loud_noise_share in (0.0, 0.3, 0.9):
        drawn = [draw_snr_db(rng, loud_noise_share) for _ in range(3000)]
        shares.append(np.mean(np.array(drawn) < -5))
    assert shares[0] == 0
    np.testing.assert_allclose(shares[1:], [0.3 * 9 / 20, 0.9 * 9 / 20], atol=0.04)


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_a_recipe_says_how_many_mixtures_have_no_noise(tmp_path, monkeypatch, share):
    with_noise = []

    def drowning(rng, _):
        with_noise.append(True)
        return -100

    monkeypatch.setattr(synthesis, "draw_snr_db", drowning)
    mixer = tiny_mixer(tmp_path, noiseless_share=share)
    mixtures = [mixer.mixture(index) for index in range(40)]
    assert len(with_noise) / 40 == pytest.approx(1 - share, abs=0.2)
    # Without it most of what is heard, rooms and all, is speech.
    is_speech = [np.std(mixture.clean) >= 0.3 * np.std(mixture.noisy) for mixture in mixtures]
    assert np.mean(is_speech) == pytest.approx(share, abs=0.2)


def test_a_target_has_no_late_echo(rng):
    response = simulate_room(rng)
    target, heard = split_echoes(rng, response)
    assert not target[EARLY_END:].any()
    assert np.sum(heard[EARLY_END:] ** 2) > 0
    keep = round(0.020 * SAMPLE_RATE)
    np.testing.assert_array_equal(target[:keep], heard[:keep])


def test_responses_start_with_the_direct_sound(rng):
    response = np.zeros(SAMPLE_RATE)
    response[5000], response[9000] = 0.5, 0.1
    prepared = prepare_response(response)
    assert prepared[0] == pytest.approx(1)
    assert prepared[4000] == pytest.approx(0.2)
    assert np.sum(early_part(simulate_room(rng)) ** 2) == pytest.approx(1, rel=1e-4)


def test_simulated_rooms_decay(rng):
    for _ in range(10):
        response = simulate_room(rng)
        power = np.add.reduceat(response**2, np.arange(0, len(response), SAMPLE_RATE // 10))
        assert power[0] > 10 * power[3] > 100 * power[10]


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.__name__)
def test_noises_are_reproducible_and_of_unit_power(generator):
    n_samples = 3 * SAMPLE_RATE + 17
    noise = generator(np.random.default_rng(1), n_samples)
    assert noise.shape == (n_samples,)
    assert noise.dtype == np.float32
    assert np.mean(noise.astype(float) ** 2) == pytest.approx(1, rel=1e-3)
    np.testing.assert_array_equal(noise, generator(np.random.default_rng(1), n_samples))
    assert not np.array_equal(noise, generator(np.random.default_rng(2), n_samples))


def test_bandwidth_is_that_of_the_clip_being_heard(tmp_path, monkeypatch):
    monkeypatch.setattr(synthesis, "BREATHING_SHARE", 0)  # breaths are known up to the top
    mixer = tiny_mixer(tmp_path, seconds=6)
    n_unknown = 0
    for index in range(10):
        mixture = mixer.mixture(index)
        power = np.mean(mixture.clean.reshape(-1, HOP_LENGTH) ** 2, axis=1)
        loud = power > 1e-2 * power.max()
        # Sixty harmonics of 230 Hz, played up to 8/7 faster, end below 16 kHz.
        assert mixture.bandwidth_hz[loud].max() < 16_000
        n_unknown += np.sum(mixture.bandwidth_hz == SAMPLE_RATE / 2)
    assert n_unknown > 0  # in pauses all that is heard is noise, at any frequency


def test_filters_tilt_by_a_few_decibels_per_octave(rng):
    responses = [random_filter(rng, 24001) for _ in range(200)]
    shaped = [response for response in responses if np.ndim(response)]
    assert 100 < len(shaped) < 190  # 1 - 1/2 * 2/3 * 2/3 of them
    for response in shaped:
        assert response.min() > 0.01
        assert response.max() < 100


def test_lowpass_passes_below_its_edge_only(rng):
    limited = [
        (response, edge_hz)
        for response, edge_hz in (random_lowpass(rng, 24001) for _ in range(100))
        if np.ndim(response)
    ]
    assert 10 < len(limited) < 60
    for response, edge_hz in limited:
        assert 3000 <= edge_hz <= 20000
        assert (response[: int(edge_hz)] == 1).all()
        assert not response[int(edge_hz) + 202 :].any()


def test_noises_switch_from_one_moment_to_the_next(rng):
    first, second = np.ones(20 * SAMPLE_RATE, np.float32), -np.ones(20 * SAMPLE_RATE, np.float32)
    samples = switched(rng, first, second)
    # Fades of both cross: what lies between the two levels is short.
    turns = np.count_nonzero(np.diff(np.sign(samples[samples != 0])))
    assert 4 <= turns <= 70
    assert np.mean(np.abs(samples) < 0.2) < 0.15
    levels = {round(float(level), 3) for level in samples[:: SAMPLE_RATE // 20]}
    assert len(levels) > 4  # each part has a level of its own
