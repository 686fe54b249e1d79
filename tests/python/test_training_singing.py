"""Songs made of speech: notes are held, words stay, and so does the power."""

import numpy as np
import pytest

from percepnet.constants import SAMPLE_RATE
from percepnet_training.singing import HIGHEST_HZ, LOWEST_HZ, STRETCHES, melody_hz, sung

N_SAMPLES = 2 * SAMPLE_RATE


@pytest.fixture
def speech(rng):
    """A second of low noise, voiced to its song, and a second of high noise."""
    bins_hz = np.fft.rfftfreq(N_SAMPLES // 2, 1 / SAMPLE_RATE)
    noise = np.fft.rfft(rng.standard_normal((2, N_SAMPLES // 2)))
    noise[0, (bins_hz < 200) | (bins_hz > 1000)] *= 0.01
    noise[1, bins_hz < 4000] *= 0.01
    return np.fft.irfft(noise).ravel().astype(np.float32)


def periodicity(samples):
    """Highest autocorrelation between the ends of melodies, 0...1."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2)
    lags = slice(int(SAMPLE_RATE / HIGHEST_HZ / 2), int(SAMPLE_RATE / LOWEST_HZ * 2))
    return correlation[lags].max() / correlation[0]


def test_a_song_is_longer_and_as_loud(rng, speech):
    song = sung(rng, speech)
    assert song.dtype == np.float32
    assert STRETCHES[0] * 0.95 < len(song) / len(speech) < STRETCHES[1] * 1.05
    assert np.mean(song**2) == pytest.approx(np.mean(speech**2), rel=1e-3)


def test_vowels_are_held_and_hissing_stays(rng, speech):
    song = sung(rng, speech)
    middle, n = len(song) // 2, SAMPLE_RATE // 10
    low, high = song[middle // 2 :][:n], song[middle + middle // 2 :][:n]
    assert periodicity(low) > 0.7 > 0.4 > periodicity(high)


def test_a_melody_holds_notes_people_sing(rng):
    for _ in range(20):
        hz = melody_hz(rng, 5 * SAMPLE_RATE)
        assert hz.shape == (5 * SAMPLE_RATE,)
        assert LOWEST_HZ / 3 < hz.min() < hz.max() < 3 * HIGHEST_HZ
        # Half a semitone a centisecond at most but for the glides
        steps = np.abs(12 * np.diff(np.log2(hz[:: SAMPLE_RATE // 100])))
        assert np.mean(steps < 0.5) > 0.8


def test_silence_stays_silent(rng):
    assert not sung(rng, np.zeros(N_SAMPLES, np.float32)).any()


@pytest.mark.parametrize("n_samples", [1, 100, 3000])
def test_short_takes_are_sung_too(rng, n_samples):
    assert np.isfinite(sung(rng, rng.standard_normal(n_samples).astype(np.float32))).all()
