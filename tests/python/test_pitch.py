import numpy as np
import pytest

from conftest import glide
from percepnet.constants import HOP_LENGTH, MAX_PERIOD, MIN_PERIOD, SAMPLE_RATE
from percepnet.dsp.pitch import HISTORY_BEFORE, PitchTracker, track_live, track_whole


def with_silence_before(signal):
    return np.concatenate([np.zeros(HISTORY_BEFORE), signal.astype(float)])


def gross_errors(periods, f0_hz):
    """Share of frames whose period is off by more than 20 %."""
    true_period = SAMPLE_RATE / f0_hz[::HOP_LENGTH][: len(periods)]
    return np.mean(np.abs(periods / true_period - 1) > 0.2)


@pytest.mark.parametrize("f0_hz", [65, 98, 147, 220, 330, 480])
def test_a_steady_voice_has_its_period(f0_hz):
    signal = glide(np.full(SAMPLE_RATE, float(f0_hz)))
    periods, correlations = track_live(with_silence_before(signal))
    steady = slice(20, -5)
    np.testing.assert_allclose(periods[steady], SAMPLE_RATE / f0_hz, rtol=0.01)
    assert correlations[steady].min() > 0.8


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_a_gliding_voice_is_followed_in_noise(snr_db, rng):
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    f0_hz = 160 * 2 ** (0.9 * np.sin(2 * np.pi * 0.5 * time))  # 86 to 300 Hz
    voice = glide(f0_hz)
    noise = rng.standard_normal(len(voice)) * np.sqrt(np.mean(voice**2)) * 10 ** (-snr_db / 20)
    periods, _ = track_live(with_silence_before(voice + noise))
    assert gross_errors(periods[2:], f0_hz) < 0.03


def test_octaves_are_not_mistaken_in_noise(rng):
    """Voices of men, women and children with formants, at 10 dB."""
    n_wrong = n_all = 0
    for mean_hz in (90, 130, 200, 290):
        time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
        f0_hz = mean_hz * 2 ** (0.35 * np.sin(2 * np.pi * 0.7 * time))
        voice = with_formants(glide(f0_hz))
        noise = rng.standard_normal(len(voice)) * np.sqrt(np.mean(voice**2)) * 10 ** (-10 / 20)
        periods, _ = track_live(with_silence_before(voice + noise))
        ratio = periods[2:] * f0_hz[::HOP_LENGTH][: len(periods) - 2] / SAMPLE_RATE
        for factor in (2, 3, 1 / 2, 1 / 3):
            n_wrong += np.sum(np.abs(ratio / factor - 1) < 0.1)
        n_all += len(ratio)
    assert n_wrong < 0.01 * n_all


def with_formants(signal):
    """The signal through two resonances, which move its strongest harmonic off the first."""
    frequency_hz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    response = sum(1 / (1 + ((frequency_hz - f) / 80) ** 2) for f in (600, 1300))
    return np.fft.irfft(np.fft.rfft(signal) * response, len(signal))


def test_noise_has_no_pitch(rng):
    _, correlations = track_live(with_silence_before(rng.standard_normal(2 * SAMPLE_RATE)))
    assert np.mean(correlations) < 0.35


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(SAMPLE_RATE),
        np.ones(SAMPLE_RATE),
        np.sign(np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)),
    ],
    ids=["silence", "constant", "square wave"],
)
def test_any_signal_gives_a_period_in_range(signal):
    periods, correlations = track_live(with_silence_before(signal))
    assert np.isfinite(correlations).all()
    assert (np.abs(correlations) <= 1 + 1e-9).all()
    assert ((periods >= MIN_PERIOD - 1) & (periods <= MAX_PERIOD + 1)).all()


def test_hop_by_hop_equals_whole_file(noisy):
    history = with_silence_before(noisy)
    tracker = PitchTracker()
    n_hops = len(noisy) // HOP_LENGTH
    live = [
        tracker.process(history[hop * HOP_LENGTH :][: HISTORY_BEFORE + HOP_LENGTH])
        for hop in range(n_hops)
    ]
    np.testing.assert_array_equal(np.array(live).T, track_live(history))


def test_reset_forgets(noisy):
    history = with_silence_before(noisy)[: HISTORY_BEFORE + HOP_LENGTH]
    tracker = PitchTracker()
    first = tracker.process(history)
    tracker.process(np.roll(history, 100))
    tracker.reset()
    assert tracker.process(history) == first


def test_look_ahead_is_worth_having(rng):
    """Deciding with the whole signal is the best case; two hops of look-ahead come close."""
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    f0_hz = 140 * 2 ** (0.8 * np.sin(2 * np.pi * 0.9 * time))
    voice = glide(f0_hz)
    noise = rng.standard_normal(len(voice)) * np.sqrt(np.mean(voice**2)) * 10 ** (5 / 20)
    history = with_silence_before(voice + noise)
    live, whole = track_live(history)[0], track_whole(history)[0]
    assert gross_errors(whole, f0_hz) <= gross_errors(live[2:], f0_hz) + 0.01
