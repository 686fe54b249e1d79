"""The torch twin of the enhancer's gains and the loss on its spectra."""

import numpy as np
import pytest
import torch

from percepnet.constants import (
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    SAMPLE_RATE,
)
from percepnet.dsp.gains import shape_spectrum
from percepnet.dsp.multiframe import gated
from percepnet.oracle_stages import filtered_gains
from percepnet.whole_file import analyse
from percepnet_training.enhancement import (
    N_PASSED,
    band_sums,
    enhanced_spectra,
    frames_around,
)
from percepnet_training.features import network_features
from percepnet_training.spectral_loss import (
    ERROR_FLOOR,
    GAP_WEIGHT,
    error_level_db,
    spectral_loss,
)
from torch_spectra import packed
from training_folders import voice_like


@pytest.fixture
def hops(rng):
    noisy = voice_like(150, 2.0, 1) + 0.02 * rng.standard_normal(2 * SAMPLE_RATE)
    noisy[: SAMPLE_RATE // 2] = 0
    return analyse(noisy.astype(np.float32))


def test_the_network_sees_in_training_what_it_sees_live(hops):
    n_frames = len(hops.features) - LOOKAHEAD_HOPS
    spectrum, periodic = packed(hops.spectrum), packed(hops.pitch_spectrum)[:, :, :n_frames]
    energy, periodic_energy = (band_sums(part.square().sum(0)) for part in (spectrum, periodic))
    correlation = band_sums((spectrum[:, :, :n_frames] * periodic).sum(0))
    pitch = torch.from_numpy(hops.features[None, :n_frames, 0, -2:].copy())
    frames = frames_around(spectrum, n_frames)
    ours = network_features(frames, energy, periodic_energy, correlation, pitch)[:, 0]
    np.testing.assert_allclose(ours, hops.features[:n_frames], atol=1e-4)


def random_answers(rng, n_frames):
    strengths = rng.random((n_frames, N_BANDS), np.float32)
    parts = rng.uniform(-1, 1, (n_frames, N_FILTER_BANDS, 2 * N_FILTER_FRAMES))
    gains = np.clip(rng.normal(0.5, 0.5, (n_frames, N_BANDS)), 0, 1).astype(np.float32)
    return strengths, parts.astype(np.float32).view(np.complex64), gains


def test_the_twin_enhances_as_the_enhancer_does(rng, hops):
    strengths, weights, gains = random_answers(rng, len(hops.energy))
    answers = strengths, gated(weights, gains), filtered_gains(gains, hops.energy)
    expected = packed(shape_spectrum(hops.spectra, hops.pitch_spectrum, *answers))
    answers = (torch.from_numpy(values)[None] for values in (strengths, weights, gains))
    spectra = [packed(spectrum) for spectrum in hops.spectra], packed(hops.pitch_spectrum)
    ours = enhanced_spectra(*spectra, *answers, torch.from_numpy(hops.energy)[None])
    error = (ours - expected).square().sum().sqrt() / expected.square().sum().sqrt()
    assert error < 1e-5


def test_gradients_are_finite_even_in_silence(rng, hops):
    answers = [
        torch.from_numpy(values)[None].requires_grad_()
        for values in random_answers(rng, len(hops.energy))
    ]
    frames, periodic = [packed(part) for part in hops.spectra], packed(hops.pitch_spectrum)
    noisy, energy = packed(hops.spectrum), torch.from_numpy(hops.energy)[None]
    enhanced = enhanced_spectra(frames, periodic, *answers, energy)
    loss, _ = spectral_loss(enhanced, 0.5 * noisy, noisy, torch.ones_like(noisy[0]))
    loss.mean().backward()
    for answer in answers:
        assert torch.isfinite(answer.grad).all()
        assert answer.grad[:, 60:].abs().max() > 0  # after the silence


def test_the_loss_is_zero_for_the_clean_signal_and_grows_with_the_error(rng):
    clean = torch.from_numpy(rng.standard_normal((2, 2, 20, N_PASSED), np.float32))
    mask = torch.ones_like(clean[0])

    def loss(enhanced):
        return spectral_loss(enhanced, clean, clean, mask)[0].mean().item()

    assert loss(clean) == 0
    losses = [loss(clean + share * torch.roll(clean, 1, 2)) for share in (0.1, 0.3, 1.0)]
    assert losses == sorted(losses)
    assert losses[0] > 0
    louder = spectral_loss(40 * clean * 1.5, 40 * clean, 40 * clean, mask)[0].mean().item()
    assert louder == pytest.approx(loss(1.5 * clean), rel=1e-3)  # levels do not matter


def test_masked_bins_do_not_count(rng):
    clean = torch.from_numpy(rng.standard_normal((2, 1, 20, N_PASSED), np.float32))
    mask = torch.ones_like(clean[0])
    mask[..., 200:] = 0
    enhanced = clean.clone()
    enhanced[..., 200:] = 0
    shared = spectral_loss(enhanced, clean, clean, mask)[0]
    assert shared == 0


def test_the_level_of_the_error_is_in_decibels_and_that_of_windows_with_speech(rng):
    clean = torch.from_numpy(rng.normal(0, 100, (2, 3, 20, N_PASSED)).astype(np.float32))
    noise = torch.from_numpy(rng.normal(0, 100, clean.shape).astype(np.float32))
    clean[:, 0] = 0  # one without speech
    mask = torch.ones(clean.shape[1:])

    def level_db(enhanced, clean=clean):
        return error_level_db(enhanced, clean, clean + noise, mask).item()

    floor_db = 10 * np.log10(ERROR_FLOOR)
    assert level_db(clean) == pytest.approx(floor_db)
    assert level_db(clean + noise) == pytest.approx(0, abs=0.1)
    assert level_db(clean + 0.1 * noise) == pytest.approx(
        10 * np.log10(0.01 + ERROR_FLOOR), abs=0.1
    )
    assert level_db(noise, torch.zeros_like(clean)) == 0


def test_noise_in_gaps_weighs_more_than_under_speech(rng, monkeypatch):
    clean = torch.from_numpy(rng.standard_normal((2, 1, 40, N_PASSED), np.float32))
    clean[:, :, 20:] = 0
    mask = torch.ones_like(clean[0])
    under, between = clean.clone(), clean.clone()
    under[:, :, :20] += 0.1
    between[:, :, 20:] += 0.1

    def losses():
        return [spectral_loss(signal, clean, clean, mask)[0].item() for signal in (under, between)]

    weighted = losses()
    monkeypatch.setattr("percepnet_training.spectral_loss.GAP_WEIGHT", 1)
    plain = losses()
    assert weighted[0] == pytest.approx(plain[0])
    assert weighted[1] == pytest.approx(GAP_WEIGHT * plain[1])
    assert GAP_WEIGHT > 1
