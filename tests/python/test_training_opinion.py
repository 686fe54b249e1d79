"""The differentiable listeners beside the model file that they stand for."""

import numpy as np
import pytest
import torch

from percepnet import SAMPLE_RATE
from percepnet.constants import ENERGY_SCALE
from percepnet.scores import Dnsmos, to_wide_band
from percepnet.whole_file import analyse
from percepnet_training.opinion import MAX_WINDOW_SLOPE, Listeners, mean_opinion
from percepnet_training.wide_band import wide_band_signals
from torch_spectra import packed
from training_folders import voice_like

CLIP = 144_160  # samples at 16 kHz that the file wants


@pytest.fixture(scope="module")
def listeners():
    return Listeners("cpu")


@pytest.fixture(scope="module")
def clean():
    return voice_like(150, 2.0, 1)


@pytest.fixture
def noisy(clean, rng):
    return (clean + 0.05 * rng.standard_normal(len(clean))).astype(np.float32)


def spectra(signal):
    return packed(analyse(signal).spectrum)


def opinion(listeners, enhanced, clean, noisy, seed=0):
    parts = (spectra(signal) for signal in (enhanced, clean, noisy))
    return mean_opinion(listeners, *parts, known(), np.random.default_rng(seed))


def known(hz=SAMPLE_RATE / 2):
    return torch.full((1, 200), hz)


def test_the_listeners_say_what_the_file_says(listeners, noisy):
    clip = np.tile(noisy, 5)[: 3 * CLIP]
    expected = Dnsmos()(clip)
    ours = listeners(torch.from_numpy(to_wide_band(clip))[None])[0].tolist()
    assert ours == pytest.approx([expected[name] for name in ("SIG", "BAK", "OVRL")], abs=1e-3)


def test_the_signal_of_a_spectrum_is_the_signal_at_16_khz(clean):
    unit = 3 * np.sqrt(ENERGY_SCALE)
    ours = wide_band_signals(spectra(clean))[0].numpy() / unit
    expected = to_wide_band(clean)
    # Frames end with the hop that the analysis looks ahead to: find the delay, then compare.
    delay = int(np.argmax(np.correlate(expected, ours[:16_000], "valid")))
    assert delay % 160 == 0
    middle = slice(1600, 16_000)
    error = ours[middle] - expected[delay:][middle]
    assert np.std(error) < 0.03 * np.std(expected)


def test_noise_costs_at_every_level(listeners, clean, noisy):
    for level in (1, 0.01):
        before = opinion(listeners, level * clean, level * clean, level * noisy)
        after = opinion(listeners, level * noisy, level * clean, level * noisy)
        assert after < before - 0.3
        assert 1 < after < before < 5


def test_the_slope_leads_to_less_noise(listeners, clean, noisy):
    target, start = spectra(clean), spectra(noisy)
    gain = torch.ones(1).requires_grad_()
    enhanced = target + gain * (start - target)
    mean_opinion(listeners, enhanced, target, start, known(), np.random.default_rng(0)).backward()
    assert gain.grad.item() < 0


def test_no_window_outweighs_the_others(listeners, clean, noisy):
    target, start = spectra(clean), spectra(noisy)
    slopes = []
    for level in (1, 1e-3, 1e-6):  # a network that turns all but everything off
        enhanced = (level * start).requires_grad_()
        rng = np.random.default_rng(0)
        mean_opinion(listeners, enhanced, target, start, known(), rng).backward()
        slopes.append((enhanced.grad * enhanced).detach().norm().item())
    assert 0 < max(slopes) <= MAX_WINDOW_SLOPE * 1.001


@pytest.mark.parametrize(("level", "hz"), [(0, SAMPLE_RATE / 2), (1, 3400)])
def test_windows_without_wide_band_speech_have_no_opinion(listeners, clean, noisy, level, hz):
    start = spectra(noisy).requires_grad_()
    target = level * spectra(clean)
    answer = mean_opinion(
        listeners, start, target, start.detach(), known(hz), np.random.default_rng(0)
    )
    answer.backward()
    assert answer == 0
    assert not start.grad.any()
