"""Breaths: within their pause, broad, and gone at both ends."""

import numpy as np
import pytest

from percepnet.constants import SAMPLE_RATE
from percepnet_training.breathing import BREATH_SECONDS, breath, breathed


def test_a_breath_swells_from_nothing_to_nothing(rng):
    for _ in range(10):
        samples = breath(rng, SAMPLE_RATE)
        assert samples.dtype == np.float32
        power = np.mean(samples.reshape(100, -1) ** 2, axis=1)
        assert power[[0, -1]].max() < 0.1 * power.max()
        assert 0.1 < power.mean() < 1


def test_a_breath_is_noise_of_the_middle(rng):
    spectrum = np.mean([np.abs(np.fft.rfft(breath(rng, 4800))) ** 2 for _ in range(50)], axis=0)
    low, middle, high = np.split(spectrum, [40, 400])  # 400 Hz, 4 kHz
    assert middle.sum() > 2 * max(low.sum(), high.sum())


@pytest.mark.parametrize("seconds", [0, 0.1, 0.2, 1, 10])
def test_a_pause_is_filled_as_far_as_breaths_fit(rng, seconds):
    n_samples = round(seconds * SAMPLE_RATE)
    pauses = np.array([breathed(rng, n_samples) for _ in range(20)])
    assert pauses.shape == (20, n_samples)
    assert np.isfinite(pauses).all()
    assert pauses.any() == (seconds >= BREATH_SECONDS[0])
    if seconds == 10:
        is_resting = np.mean(pauses.reshape(20, 1000, -1) ** 2, axis=2) == 0
        assert 0.02 < is_resting.mean() < 0.6
