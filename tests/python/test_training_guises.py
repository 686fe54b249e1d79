"""Noises in guises: speed, direction, colour as asked for; one under another's envelope."""

import numpy as np
import pytest

from percepnet.constants import SAMPLE_RATE
from percepnet_training.guises import (
    COLOUR_DB,
    KNOTS_HZ,
    SPEED_DEVIATION,
    SPEEDS,
    UNCHANGED,
    Guise,
    draw_guise,
    shaped_by,
)
from percepnet_training.noises import unit_power
from percepnet_training.voices import SPEED_STEPS

FLAT = UNCHANGED.colour_db


@pytest.fixture
def noise(rng):
    return rng.standard_normal(2 * SAMPLE_RATE).astype(np.float32)


def test_unchanged_is_the_recording(noise):
    np.testing.assert_array_equal(UNCHANGED.heard(noise), noise)


def test_backwards_is_backwards(noise):
    np.testing.assert_array_equal(Guise(SPEED_STEPS, True, FLAT).heard(noise), noise[::-1])


@pytest.mark.parametrize("steps", [SPEED_STEPS // 2, 2 * SPEED_STEPS])
def test_speed_moves_tones(steps):
    tone = np.sin(2 * np.pi * 1000 / SAMPLE_RATE * np.arange(SAMPLE_RATE)).astype(np.float32)
    played = Guise(steps, False, FLAT).heard(tone)
    assert len(played) == SAMPLE_RATE * SPEED_STEPS // steps
    peak_hz = np.abs(np.fft.rfft(played)).argmax() * SAMPLE_RATE / len(played)
    assert peak_hz == pytest.approx(1000 * steps / SPEED_STEPS, rel=1e-3)


def test_colour_is_that_of_the_knots(noise):
    colour_db = np.zeros(len(KNOTS_HZ))
    colour_db[5] = 12.0
    heard = Guise(SPEED_STEPS, False, tuple(colour_db)).heard(noise)
    assert heard.dtype == np.float32
    assert heard.shape == noise.shape
    power = [np.abs(np.fft.rfft(samples)) ** 2 for samples in (heard, noise)]
    hz_per_bin = SAMPLE_RATE / len(noise)
    for hz, level_db in zip(KNOTS_HZ[:-1], colour_db, strict=False):  # the last is inaudible
        bins = slice(round(0.97 * hz / hz_per_bin), round(1.03 * hz / hz_per_bin))
        change_db = 10 * np.log10(power[0][bins].sum() / power[1][bins].sum())
        assert change_db == pytest.approx(level_db, abs=1)


def test_guises_are_drawn_as_described(rng):
    guises = [draw_guise(rng) for _ in range(3000)]
    changed = [guise for guise in guises if guise != UNCHANGED]
    assert 0.77 < len(changed) / len(guises) < 0.83
    speeds = np.array([guise.steps for guise in changed]) / SPEED_STEPS
    assert speeds.min() == SPEEDS[0]
    assert speeds.max() == SPEEDS[1]
    assert np.std(np.log(speeds)) == pytest.approx(SPEED_DEVIATION, rel=0.1)
    assert 0.17 < np.mean([guise.is_reversed for guise in changed]) < 0.23
    colours_db = np.array([guise.colour_db for guise in changed])
    assert np.std(colours_db) == pytest.approx(COLOUR_DB, rel=0.05)


def hop_levels(samples):
    return np.log(np.mean(samples.reshape(-1, SAMPLE_RATE // 20) ** 2, axis=1) + 1e-6)


def test_another_lends_its_envelope(noise, rng):
    turns = 2 * np.pi * np.arange(len(noise)) / SAMPLE_RATE
    tone = unit_power(np.sin(880 * turns) + 0.1 * rng.standard_normal(len(noise)))
    pulses = unit_power(noise * (np.sin(2 * turns) > 0))
    shaped = shaped_by(tone, pulses, 1.0)
    assert shaped.dtype == np.float32
    assert np.mean(shaped**2, dtype=float) == pytest.approx(1, rel=1e-3)
    likeness = [
        np.corrcoef(hop_levels(samples), hop_levels(pulses))[0, 1] for samples in (tone, shaped)
    ]
    assert abs(likeness[0]) < 0.5
    assert likeness[1] > 0.85
    # The tone stands out of the pulses' flat spectrum still.
    power = np.abs(np.fft.rfft(shaped)) ** 2
    bin_880 = 880 * len(noise) // SAMPLE_RATE
    assert power[bin_880 - 10 : bin_880 + 11].sum() > 20 * power[2 * bin_880 :][:21].sum()


def test_nothing_lent_changes_nothing(noise):
    np.testing.assert_allclose(shaped_by(noise, noise[::-1], 0.0), unit_power(noise), atol=1e-4)


def test_silence_lends_and_borrows_without_harm(noise):
    silence = np.zeros_like(noise)
    assert not shaped_by(silence, noise, 1.0).any()
    assert np.isfinite(shaped_by(noise, silence, 1.0)).all()
