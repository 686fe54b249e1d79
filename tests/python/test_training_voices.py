"""Changed voices: pitch and vocal tract move as asked for, and nothing else does."""

import numpy as np
import pytest

from percepnet.constants import SAMPLE_RATE
from percepnet_training.voices import (
    FORMANTS,
    SPEED_STEPS,
    SPEEDS,
    VOICE_HZ,
    Voice,
    draw_voice,
    played_at,
    with_formants,
)

VOWEL_HZ, RESONANCE_HZ = 120, 1000


@pytest.fixture(scope="module")
def vowel():
    """A second of pulses at VOWEL_HZ through one resonance."""
    pulses = np.zeros(SAMPLE_RATE)
    pulses[:: SAMPLE_RATE // VOWEL_HZ] = 1
    bins_hz = np.fft.rfftfreq(SAMPLE_RATE, 1 / SAMPLE_RATE)
    response = 1 / (1 + ((bins_hz - RESONANCE_HZ) / 150) ** 2)
    return np.fft.irfft(np.fft.rfft(pulses) * response).astype(np.float32)


def resonance_hz(samples):
    """Centre of gravity of the power."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return power @ np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE) / power.sum()


def fundamental_hz(samples):
    """Where the autocorrelation is highest between 70 and 250 Hz."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2)
    lags = np.arange(SAMPLE_RATE // 250, SAMPLE_RATE // 70)
    return SAMPLE_RATE / lags[correlation[lags].argmax()]


@pytest.mark.parametrize("n_samples", [1, 511, 512, 10_000])
def test_an_unmoved_envelope_changes_nothing(rng, n_samples):
    samples = rng.standard_normal(n_samples).astype(np.float32)
    same = with_formants(samples, 1.0)
    assert same.dtype == np.float32
    np.testing.assert_allclose(same, samples, atol=1e-5)


@pytest.mark.parametrize("factor", [0.85, 1.2])
def test_formants_move_and_the_pitch_stays(vowel, factor):
    moved = with_formants(vowel, factor)
    assert resonance_hz(moved) == pytest.approx(factor * resonance_hz(vowel), rel=0.06)
    assert fundamental_hz(moved) == pytest.approx(VOWEL_HZ, rel=0.01)
    assert np.mean(moved**2) == pytest.approx(np.mean(vowel**2), rel=0.3)


@pytest.mark.parametrize("steps", [24, 40])
def test_speed_moves_pitch_and_formants(vowel, steps):
    speed = steps / SPEED_STEPS
    played = played_at(vowel, steps)
    assert len(played) == pytest.approx(len(vowel) / speed, abs=1)
    assert resonance_hz(played) == pytest.approx(speed * resonance_hz(vowel), rel=0.01)
    assert fundamental_hz(played) == pytest.approx(speed * VOWEL_HZ, rel=0.02)


def test_silence_stays_silent():
    assert not with_formants(np.zeros(5000, np.float32), 1.2).any()


def test_what_is_known_shrinks_with_speed_and_formants():
    assert Voice(SPEED_STEPS, 1.0).known_hz(8000) == 8000
    assert Voice(SPEED_STEPS // 2, 1.2).known_hz(8000) == 4000
    assert Voice(SPEED_STEPS, 0.9).known_hz(8000) == pytest.approx(7200)


@pytest.mark.parametrize("voice_hz", [0.0, 100.0, 230.0])
def test_voices_are_those_of_people(rng, voice_hz):
    voices = [draw_voice(rng, voice_hz) for _ in range(2000)]
    speeds = np.array([voice.speed for voice in voices])
    formants = speeds * [voice.formants for voice in voices]
    assert SPEEDS[0] - 1 / SPEED_STEPS < speeds.min() < speeds.max() < SPEEDS[1] + 1 / SPEED_STEPS
    assert FORMANTS[0] - 1e-6 <= formants.min() < formants.max() <= FORMANTS[1] + 1e-6
    assert 0.1 < np.mean([voice == Voice(SPEED_STEPS, 1.0) for voice in voices]) < 0.2
    assert len({voice.steps for voice in voices}) > 10


@pytest.mark.parametrize("voice_hz", [100, 230])
def test_low_and_high_voices_meet_in_the_middle(rng, voice_hz):
    heard = voice_hz * np.array([draw_voice(rng, voice_hz).speed for _ in range(2000)])
    low, high = np.mean(heard < 165), np.mean(heard > 140)
    assert min(low, high) > 0.15  # a woman as low as men, a man nearly as high as women
    assert np.mean(heard < 0.95 * voice_hz) > 0.04 < np.mean(heard > 1.17 * voice_hz)
    assert 0.9 * VOICE_HZ[0] < heard.min() < heard.max() < 1.05 * VOICE_HZ[1]
