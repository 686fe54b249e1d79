import numpy as np
import pytest

from conftest import glide
from fakes import ConstantNetwork
from models import random_network
from percepnet import HOP_LENGTH, LATENCY, SAMPLE_RATE, Enhancer
from percepnet.network import Topology


def run(enhancer, signal):
    return np.concatenate([enhancer.process(hop) for hop in signal.reshape(-1, HOP_LENGTH)])


@pytest.fixture(scope="module")
def model():
    return random_network(Topology(channels=16, squeeze=3, full=24, expand=4), seed=3)


def test_gains_of_one_give_the_input_30_ms_late(voice):
    out = run(Enhancer(ConstantNetwork()), voice)
    error = out[LATENCY:] - voice[:-LATENCY]
    assert np.mean(error**2) < 1e-4 * np.mean(voice**2)  # the high-pass is all there is


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_the_comb_filter_leaves_a_periodic_voice_alone(strength):
    voice = 0.1 * glide(np.full(2 * SAMPLE_RATE, 150.0))
    out = run(Enhancer(ConstantNetwork(strength=strength)), voice)
    steady = slice(SAMPLE_RATE // 2, None)
    error = out[LATENCY:][steady] - voice[:-LATENCY][steady]
    assert np.mean(error**2) < 1e-3 * np.mean(voice**2)


@pytest.fixture
def voice_in_noise(rng):
    """Harmonics of 200 Hz up to 12 kHz, and white noise."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 200 * h * time) for h in range(1, 60))
    noise = rng.standard_normal(len(voice))
    return (0.02 * voice).astype(np.float32), (0.02 * noise).astype(np.float32)


def test_the_comb_filter_removes_noise_between_harmonics(voice_in_noise):
    voice, noise = voice_in_noise
    spectra = {}
    for strength in (0.0, 1.0):
        out = run(Enhancer(ConstantNetwork(strength=strength)), voice + noise)
        spectra[strength] = np.abs(np.fft.rfft(out[-SAMPLE_RATE:])) ** 2
    between = np.concatenate([np.arange(200 * h + 80, 200 * h + 121) for h in range(2, 58)])
    removed_db = 10 * np.log10(spectra[0.0][between].sum() / spectra[1.0][between].sum())
    assert removed_db > 20


def test_the_comb_filter_brings_the_voice_nearer_where_bands_are_single_bins(voice_in_noise):
    """Gains cannot: they are ones."""
    voice, noise = voice_in_noise
    errors = {}
    for strength in (0.0, 1.0):
        out = run(Enhancer(ConstantNetwork(strength=strength)), voice + noise)
        error = out[-SAMPLE_RATE:] - voice[-SAMPLE_RATE - LATENCY : -LATENCY]
        errors[strength] = np.sum(np.abs(np.fft.rfft(error)[100:2500]) ** 2)
    assert 10 * np.log10(errors[0.0] / errors[1.0]) > 2


def test_silence_gives_silence(model):
    assert not run(Enhancer(model), np.zeros(SAMPLE_RATE, np.float32)).any()


def test_no_limit_is_too_high_to_be_one(rng):
    noise = (0.1 * rng.standard_normal(SAMPLE_RATE)).astype(np.float32)
    silent = ConstantNetwork(gain=0)
    limited, free = (
        run(Enhancer(silent, attenuation_limit_db=limit_db), noise) for limit_db in (1e6, np.inf)
    )
    np.testing.assert_allclose(limited, free, atol=1e-6)


@pytest.mark.parametrize("limit_db", [6.0, 20.0])
def test_no_band_is_attenuated_beyond_the_limit(limit_db, rng):
    noise = (0.1 * rng.standard_normal(2 * SAMPLE_RATE)).astype(np.float32)
    limited = run(Enhancer(ConstantNetwork(gain=0), attenuation_limit_db=limit_db), noise)
    plain = run(Enhancer(ConstantNetwork(gain=1)), noise)
    settled = slice(SAMPLE_RATE, None)
    level_db = 10 * np.log10(np.mean(limited[settled] ** 2) / np.mean(plain[settled] ** 2))
    assert level_db == pytest.approx(-limit_db, abs=0.1)


def test_the_limit_keeps_as_much_of_the_noise_where_filters_take_it(voice_in_noise):
    """Under the enhanced sound lies the noisy one, so much softer."""
    limit_db = 10.0
    noisy = sum(voice_in_noise)
    network = ConstantNetwork(gain=0.5, strength=1.0, filter_weight=0.2 - 0.1j)
    enhanced, plain = (run(Enhancer(each), noisy) for each in (network, ConstantNetwork()))
    limited = run(Enhancer(network, attenuation_limit_db=limit_db), noisy)
    kept = 10 ** (-limit_db / 20)
    expected = kept * plain + (1 - kept) * enhanced
    error = np.sum((limited - expected) ** 2) / np.sum(expected**2)
    assert error < 1e-3


def test_strength_zero_leaves_no_gain_and_no_filter(noisy):
    plain = run(Enhancer(ConstantNetwork()), noisy)
    network = ConstantNetwork(gain=0.5, strength=1.0, filter_weight=1.0)
    np.testing.assert_allclose(run(Enhancer(network, strength=0.0), noisy), plain, atol=1e-6)


def test_the_filter_does_nothing_where_a_band_is_kept(noisy):
    plain, filtered = (
        run(Enhancer(ConstantNetwork(filter_weight=weight)), noisy) for weight in (0.0, 1.0)
    )
    np.testing.assert_array_equal(filtered, plain)


def test_bypass_is_the_delayed_input_exactly(model, noisy):
    enhancer = Enhancer(model)
    enhancer.bypass = True
    enhancer.reset()
    np.testing.assert_array_equal(run(enhancer, noisy)[LATENCY:], noisy[:-LATENCY])


def test_bypass_fades_in_over_one_hop(model, noisy):
    hops = noisy.reshape(-1, HOP_LENGTH)[:40]
    enhanced = run(Enhancer(model), hops.reshape(-1)).reshape(-1, HOP_LENGTH)
    enhancer, out = Enhancer(model), []
    for number, hop in enumerate(hops):
        enhancer.bypass = 20 <= number < 30
        out.append(enhancer.process(hop))
    dry = np.concatenate([np.zeros(LATENCY, np.float32), noisy]).reshape(-1, HOP_LENGTH)
    for number, hop in enumerate(out):
        if 20 < number < 30:
            np.testing.assert_array_equal(hop, dry[number])
        elif number not in (20, 30):
            np.testing.assert_array_equal(hop, enhanced[number])
    fade = np.linspace(0, 1, HOP_LENGTH)
    np.testing.assert_allclose(out[20], enhanced[20] + fade * (dry[20] - enhanced[20]), atol=2e-3)


def test_reset_forgets(model, noisy):
    enhancer = Enhancer(model)
    first = run(enhancer, noisy)
    enhancer.reset()
    np.testing.assert_array_equal(run(enhancer, noisy), first)


@pytest.mark.parametrize(("gain", "snr_db"), [(0.5**0.5, 0.0), (0.1, -20.0), (0.9, 6.3)])
def test_the_gains_tell_the_ratio_of_voice_to_noise(gain, snr_db, noisy):
    enhancer = Enhancer(ConstantNetwork(gain=gain))
    assert enhancer.snr_db == 0
    run(enhancer, noisy)
    assert enhancer.snr_db == pytest.approx(snr_db, abs=0.1)


def test_noise_that_the_comb_filter_takes_is_no_voice(voice_in_noise):
    voice, noise = voice_in_noise
    heard = 20 / 24  # of white noise: bands end at 20 kHz
    snr_db = 10 * np.log10(np.mean(voice**2) / (heard * np.mean(noise**2)))
    enhancer = Enhancer(ConstantNetwork(strength=1.0))
    run(enhancer, voice + noise)
    assert enhancer.snr_db == pytest.approx(snr_db, abs=1)


def test_another_model_takes_over_the_sound_but_not_the_network_state(noisy):
    gain_of_half, gain_of_one = ConstantNetwork(gain=0.5), ConstantNetwork(gain=1.0)
    before, after = noisy[: 50 * HOP_LENGTH], noisy[50 * HOP_LENGTH :]
    enhancer = Enhancer(gain_of_half)
    run(enhancer, before)
    enhancer.model = gain_of_one
    always = Enhancer(gain_of_one)
    run(always, before)
    changed, expected = run(enhancer, after), run(always, after)
    # The half frame of the hop before was made with the other gains.
    np.testing.assert_array_equal(changed[HOP_LENGTH:], expected[HOP_LENGTH:])


def test_another_model_starts_with_its_own_initial_state(model, noisy):
    other = random_network(Topology(channels=8, squeeze=2, full=16, expand=4), seed=4)
    enhancer = Enhancer(model)
    run(enhancer, noisy[: 50 * HOP_LENGTH])
    enhancer.model = other
    assert enhancer.model is other
    run(enhancer, noisy[50 * HOP_LENGTH :])  # a state of other sizes would be refused


@pytest.mark.parametrize(
    "signal",
    [
        np.ones(SAMPLE_RATE),
        np.sign(np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)),
        100 * np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE),
        np.r_[1.0, np.zeros(SAMPLE_RATE - 1)],
    ],
    ids=["constant", "full-scale square wave", "40 dB too loud", "click"],
)
def test_no_signal_gives_nan(signal, model):
    enhancer = Enhancer(model)
    assert np.isfinite(run(enhancer, signal.astype(np.float32))).all()
    assert 0 <= enhancer.voice_probability <= 1


def test_the_input_is_not_kept(model, noisy):
    """A caller may reuse the buffer of a hop."""
    enhancer, buffer, out = Enhancer(model), np.empty(HOP_LENGTH, np.float32), []
    for hop in noisy.reshape(-1, HOP_LENGTH):
        buffer[:] = hop
        out.append(enhancer.process(buffer).copy())
    np.testing.assert_array_equal(np.concatenate(out), run(Enhancer(model), noisy))
