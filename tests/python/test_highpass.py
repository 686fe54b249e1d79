import numpy as np
import pytest

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet.dsp.highpass import HighPass, highpass


def filtered(signal):
    highpass = HighPass()
    return np.concatenate([highpass.process(hop) for hop in signal.reshape(-1, HOP_LENGTH)])


def gain(frequency_hz, seconds=4):
    time = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    out = filtered(np.sin(2 * np.pi * frequency_hz * time))
    second = out[-SAMPLE_RATE:]
    return np.sqrt(2 * np.mean(second**2))


def test_a_constant_dies_out():
    out = filtered(np.full(4 * SAMPLE_RATE, 0.5))
    assert np.abs(out[-HOP_LENGTH:]).max() < 1e-6


def test_silence_after_sound_becomes_exactly_that(rng):
    """And not subnormal numbers, with which some processors take a hundred times as long."""
    signal = np.concatenate([rng.uniform(-1, 1, HOP_LENGTH), np.zeros(4 * SAMPLE_RATE)])
    assert not filtered(signal)[-HOP_LENGTH:].any()


def test_speech_passes_unchanged():
    assert gain(100) == pytest.approx(1, abs=1e-3)
    assert gain(1000) == pytest.approx(1, abs=1e-4)


def test_corner_is_at_1_5_hz():
    assert 20 * np.log10(gain(1.528, seconds=8)) == pytest.approx(-3, abs=0.5)


def test_hops_leave_no_seam(rng):
    """One recursion, sample by sample, is the definition."""
    signal = rng.standard_normal(4 * HOP_LENGTH)
    radius, previous_in, previous_out, expected = 0.9998, 0.0, 0.0, []
    for sample in signal:
        previous_out = radius * previous_out + (1 + radius) / 2 * (sample - previous_in)
        previous_in = sample
        expected.append(previous_out)
    np.testing.assert_allclose(filtered(signal), expected, atol=1e-12)


def test_a_whole_signal_is_filtered_as_hops_are(rng):
    signal = rng.standard_normal(7 * HOP_LENGTH)
    np.testing.assert_array_equal(highpass(signal), filtered(signal))
