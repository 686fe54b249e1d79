import numpy as np
import pytest

from conftest import glide
from fakes import ScriptedNetwork
from percepnet import LATENCY, SAMPLE_RATE, enhance
from percepnet.constants import N_BANDS
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import band_coherence
from percepnet.oracle import (
    clean_periodicity,
    strengths_for_coherence,
    targets_for,
)
from percepnet.whole_file import analyse

AUDIBLE = 5e-2  # band energy that counts


@pytest.fixture(scope="module")
def voice():
    """Breathy: periodic up to about 3 kHz, with some noise of its own."""
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    f0_hz = 130 + 20 * np.sin(2 * np.pi * 0.6 * time)
    rng = np.random.default_rng(1)
    return (glide(f0_hz) + 0.05 * rng.standard_normal(len(time))).astype(np.float32) * 0.1


@pytest.fixture(scope="module")
def mixture(voice):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(len(voice)) * np.sqrt(np.mean(voice**2)) * 10 ** (-5 / 20)
    return (voice + noise).astype(np.float32)


def test_the_mixture_gets_the_clean_coherence():
    """Vectors built to have given coherences: the solution must restore q_x exactly."""
    rng = np.random.default_rng(3)
    n_solved = 0
    for _ in range(200):
        periodic = rng.standard_normal(4000)
        clean = periodic + rng.uniform(0.1, 0.5) * rng.standard_normal(4000)
        noise = rng.uniform(0.3, 2) * rng.standard_normal(4000)
        noisy = clean + noise
        comb = periodic + 0.35 * (noisy - periodic) * rng.choice([-1, 1], 4000)

        def coherence(a, b):
            return np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))

        q_x = coherence(clean, periodic)
        strength = strengths_for_coherence(
            clean=np.array([q_x]),
            noisy=np.array([coherence(noisy, periodic)]),
            comb=np.array([coherence(comb, periodic)]),
            noisy_comb=np.array([coherence(noisy, comb)]),
            comb_scale=np.array([np.sqrt(np.dot(comb, comb) / np.dot(noisy, noisy))]),
        )
        reached = coherence((1 - strength) * noisy + strength * comb, periodic)
        if reached > q_x - 0.005:
            n_solved += 1
            assert reached == pytest.approx(q_x, abs=0.005)
        else:  # then no other strength comes nearer
            others = [(1 - r) * noisy + r * comb for r in np.linspace(0, 1, 21)]
            assert max(coherence(other, periodic) for other in others) < reached + 1e-6 < q_x
    assert n_solved > 30


def test_no_comb_filter_where_the_voice_is_clear_already():
    one = np.array([0.9])
    assert strengths_for_coherence(one, one, one, one, np.ones(1)) == 0


def test_a_comb_filter_that_does_harm_is_not_used():
    """It smears a burst of noise over the voice: less coherent than the noisy signal itself."""
    strength = strengths_for_coherence(
        clean=np.array([0.9]), noisy=np.array([0.5]), comb=np.array([0.1]),
        noisy_comb=np.array([0.6]), comb_scale=np.ones(1),
    )  # fmt: skip
    assert strength == 0


def test_targets_are_in_range_for_any_signal(rng):
    signals = [np.zeros(SAMPLE_RATE), np.ones(SAMPLE_RATE), rng.standard_normal(SAMPLE_RATE)]
    for noisy in signals:
        for clean in signals:
            hops = analyse(noisy)
            targets = targets_for(hops, clean)
            assert np.isfinite(hops.features).all()
            for values in (targets.gains, targets.strengths, targets.level_ratios):
                assert values.shape == (100, N_BANDS)
                assert ((values >= 0) & (values <= 1)).all()


def test_clean_speech_needs_nothing(voice):
    targets = targets_for(analyse(voice), voice)
    is_audible = targets.energy[5:] > AUDIBLE
    assert targets.gains[5:][is_audible].min() > 0.9
    assert np.median(targets.strengths[5:]) < 0.35


def test_pure_noise_is_to_be_removed(voice, mixture):
    hops = analyse(mixture - voice)
    targets = targets_for(hops, np.zeros_like(voice))
    assert targets.gains[hops.energy > AUDIBLE].max() < 1e-3


def test_targets_belong_to_the_hop_that_enhances(voice, mixture):
    """Played through the enhancer, the targets restore the voice."""
    targets = targets_for(analyse(mixture), voice)
    n_after = LATENCY // 480  # hops that flushing the stream adds
    network = ScriptedNetwork(
        np.pad(targets.gains, ((0, n_after), (0, 0)), mode="edge"),
        np.pad(targets.strengths, ((0, n_after), (0, 0)), mode="edge"),
    )
    enhanced = enhance(mixture, network)
    inner = slice(SAMPLE_RATE // 2, -SAMPLE_RATE // 2)

    def snr_db(signal):
        error = signal[inner] - voice[inner]
        return 10 * np.log10(np.sum(voice[inner] ** 2) / np.sum(error**2))

    assert snr_db(enhanced) > snr_db(mixture) + 4


def test_strengths_restore_the_coherence_of_a_voice(voice, mixture):
    """On real frames: in every band, mixing with the strength gives the clean coherence."""
    hops = analyse(mixture)
    clean, periodic, correlation = clean_periodicity(voice)
    targets = targets_for(hops, voice)
    strengths = targets.strengths[..., None]

    def coherence(spectrum):
        """With the clean voice's periodic part; in every band of any spectra."""
        return band_coherence(
            band_correlation(spectrum, periodic), band_energy(spectrum), band_energy(periodic)
        )

    restored = np.empty_like(targets.strengths)
    for band in range(N_BANDS):
        mixed = (1 - strengths[:, band]) * hops.spectrum + strengths[:, band] * hops.pitch_spectrum
        restored[:, band] = coherence(mixed.astype(np.complex64))[:, band]
    wanted, reachable = coherence(clean), coherence(hops.pitch_spectrum)
    # Where the comb filter can do it, it is needed, and the band holds more than rounding
    noisy = coherence(hops.spectrum)  # below zero it counts as zero
    solved = (noisy > 0) & (noisy < wanted) & (wanted < reachable) & (wanted < 0.999)
    solved &= (targets.energy > 1) & (correlation[:, None] > 0.5)
    assert solved.sum() > 500
    np.testing.assert_allclose(restored[solved], wanted[solved], atol=0.005)
