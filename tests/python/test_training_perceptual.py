"""The loudness and envelope losses beside the scores that they stand for."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from conftest import glide
from percepnet import SAMPLE_RATE
from percepnet.scores import pesq_wb, stoi_score
from percepnet.whole_file import analyse
from percepnet_training.perceptual_loss import perceptual_losses
from torch_spectra import packed


@pytest.fixture(scope="module")
def speech():
    """Two seconds of syllables whose pitch glides."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3 * time) + 0.5, 0, 1)
    return (0.1 * syllables * glide(150 + 60 * time)).astype(np.float32)


def packed_spectra(signal):
    return packed(analyse(signal.astype(np.float32)).spectrum)


def losses(signal, clean, noisy=None):
    noisy = clean if noisy is None else noisy
    return losses_of_spectra(packed_spectra(signal), packed_spectra(clean), packed_spectra(noisy))


def losses_of_spectra(enhanced, clean, noisy):
    return perceptual_losses(enhanced, clean, noisy, torch.ones_like(clean[0]))


def test_they_follow_pesq_and_stoi_over_noises_and_levels(speech, rng):
    white = rng.standard_normal(len(speech))
    slow = np.convolve(white, np.ones(40) / 6, "same")
    rows = []
    for noise in (white, slow):
        for deviation in (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1):
            noisy = (speech + deviation * noise).astype(np.float32)
            ours = losses(noisy, speech)
            rows.append((pesq_wb(noisy, speech), stoi_score(noisy, speech), *map(float, ours)))
    pesq, stoi, loudness, envelope = np.transpose(rows)
    assert spearmanr(pesq, -loudness).statistic > 0.9
    assert spearmanr(stoi, -envelope).statistic > 0.9


def test_the_clean_signal_costs_nothing_at_any_level(speech):
    for level in (1, 0.1, 3):
        loudness, envelope = losses(level * speech, speech)
        assert loudness == pytest.approx(0, abs=0.02)
        assert envelope == pytest.approx(0, abs=0.01)


def test_added_sound_weighs_more_than_missing_sound(speech):
    clean = packed_spectra(speech)
    louder, softer = clean.clone(), clean.clone()
    louder[..., 15:18] *= 6
    softer[..., 15:18] /= 6
    added, missing = (losses_of_spectra(other, clean, clean)[0] for other in (louder, softer))
    assert added > 1.5 * missing


def test_windows_without_speech_do_not_count(speech, rng):
    silence = np.zeros_like(speech)
    noise = 0.01 * rng.standard_normal(len(speech))
    assert [float(loss) for loss in losses(noise, silence, noise)] == [0, 0]


@pytest.mark.parametrize("level", [0.0, 1e-7, 1.0])
def test_gradients_are_finite_even_if_nothing_is_left(speech, level):
    clean = packed_spectra(speech)
    enhanced = (level * clean).requires_grad_()
    sum(losses_of_spectra(enhanced, clean, clean)).backward()
    assert torch.isfinite(enhanced.grad).all()
