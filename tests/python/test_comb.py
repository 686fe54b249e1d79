import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from percepnet.constants import (
    COMB_PERIODS,
    LOOKAHEAD,
    MAX_PERIOD,
    MIN_PERIOD,
    SAMPLE_RATE,
    WINDOW_LENGTH,
)
from percepnet.dsp.comb import PAST, noise_gain, periodic_frame, periodic_frames, tap_shifts


def periodic_frame_of(signal, *arguments):
    return periodic_frame(sliding_window_view(signal, WINDOW_LENGTH), *arguments)


PERIODS = [96, 137.4, 240, 320.5, 480, 481, 799.6, 800]
_LENGTH = PAST + WINDOW_LENGTH + LOOKAHEAD


def test_there_are_five_periods_on_each_side():
    assert tap_shifts(100, lookahead=PAST) == [100 * k for k in range(-5, 6)]


@pytest.mark.parametrize("period", np.linspace(MIN_PERIOD, MAX_PERIOD, 57))
def test_taps_stay_within_what_is_known(period):
    shifts = tap_shifts(period)
    assert -min(shifts) <= LOOKAHEAD
    assert max(shifts) <= PAST
    dropped = [k for k in range(1, COMB_PERIODS + 1) if k * period > LOOKAHEAD]
    assert len(shifts) == 2 * COMB_PERIODS + 1 - len(dropped)


@pytest.mark.parametrize("period", PERIODS)
def test_a_periodic_signal_is_its_own_periodic_part(period, rng):
    n_harmonics = int(4_000 * period / SAMPLE_RATE)  # a tap rounds to half a sample
    phases = rng.uniform(0, 2 * np.pi, n_harmonics)
    time = 2 * np.pi * np.arange(_LENGTH) / period
    signal = sum(np.sin(h * time + phases[h - 1]) for h in range(1, n_harmonics + 1))
    frame = signal[PAST : PAST + WINDOW_LENGTH]
    error = periodic_frame_of(signal, PAST, period) - frame
    if period == int(period):
        assert np.abs(error).max() < 1e-9 * np.abs(frame).max()
    else:
        assert np.mean(error**2) < 10 ** (-20 / 10) * np.mean(frame**2)


@pytest.mark.parametrize("period", PERIODS)
def test_white_noise_falls_by_the_noise_gain(period, rng):
    signal = rng.standard_normal((200, _LENGTH))
    power = np.mean([np.mean(periodic_frame_of(row, PAST, period) ** 2) for row in signal])
    assert 10 * np.log10(power / noise_gain(period)) == pytest.approx(0, abs=0.2)


def test_all_taps_take_nine_db():
    assert 10 * np.log10(noise_gain(MIN_PERIOD)) == pytest.approx(-9.03, abs=0.01)


def test_missing_taps_cost_little():
    assert max(noise_gain(p) for p in range(MIN_PERIOD, MAX_PERIOD)) < 10 ** (-7 / 10)


@pytest.mark.parametrize("lookahead", [0, LOOKAHEAD, PAST])
def test_many_frames_give_what_each_gives_alone(lookahead, rng):
    signal = rng.standard_normal(3 * PAST)
    starts = PAST + rng.integers(0, PAST - WINDOW_LENGTH, 40)
    periods = rng.uniform(MIN_PERIOD, MAX_PERIOD, 40)
    frames = periodic_frames(signal, starts, periods, lookahead)
    for frame, start, period in zip(frames, starts, periods, strict=True):
        expected = periodic_frame_of(signal, start, period, lookahead)
        np.testing.assert_allclose(frame, expected, atol=1e-12)
