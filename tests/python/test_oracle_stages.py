from dataclasses import fields

import numpy as np
import pytest

from conftest import glide
from fakes import ScriptedNetwork
from percepnet import LATENCY, SAMPLE_RATE, enhance
from percepnet.constants import HOP_LENGTH
from percepnet.oracle import targets_for
from percepnet.oracle_stages import Stages, oracle_stages
from percepnet.scores import harmonics_to_noise_db, si_sdr_db, voiced_periods
from percepnet.whole_file import analyse


@pytest.fixture(scope="module")
def clean():
    """Voiced for two seconds in three, with a little breath; ±0.3."""
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    voice = glide(140 + 20 * np.sin(2 * np.pi * 0.4 * time))
    voice += 0.02 * np.random.default_rng(1).standard_normal(len(time))
    syllables = np.clip(2 * np.sin(2 * np.pi * 1.1 * time) + 0.6, 0, 1)
    return (0.1 * voice * syllables).astype(np.float32)


@pytest.fixture(scope="module")
def noisy(clean):
    noise = np.random.default_rng(2).standard_normal(len(clean))
    return clean + (np.sqrt(np.mean(clean**2)) * 10 ** (-5 / 20) * noise).astype(np.float32)


@pytest.fixture(scope="module")
def stages(noisy, clean):
    return oracle_stages(noisy, clean)


def test_the_stages_are_steps_of_the_enhancer(noisy, clean, stages):
    """The last one is what streaming gives with the oracle in place of the network."""
    n_after = LATENCY
    padded = [np.pad(signal, (0, n_after)) for signal in (noisy, clean)]
    targets = targets_for(analyse(padded[0]), padded[1])
    enhanced = enhance(noisy, ScriptedNetwork(targets.gains, targets.strengths))
    np.testing.assert_allclose(stages.postfilter, enhanced, atol=1e-4)


@pytest.mark.parametrize("n", [SAMPLE_RATE, SAMPLE_RATE + 1, SAMPLE_RATE + HOP_LENGTH - 1])
def test_stages_are_as_long_as_the_signal(n, noisy, clean):
    stages = oracle_stages(noisy[:n], clean[:n])
    for field in fields(Stages):
        signal = getattr(stages, field.name)
        assert signal.shape == (n,)
        assert signal.dtype == np.float32


def test_every_stage_is_nearer_to_the_voice_than_the_noisy_signal(clean, stages):
    before = si_sdr_db(stages.noisy, clean)
    for name in ("magnitude", "gains", "comb", "postfilter"):
        assert si_sdr_db(getattr(stages, name), clean) > before + 4, name


def test_band_gains_are_almost_magnitudes_and_the_comb_filter_mends_the_phases_too(clean, stages):
    """Harmonics lie in bands of their own; what is left in their bins has the noise's phase."""
    voiced = voiced_periods(clean)
    magnitude, gains, comb = (
        harmonics_to_noise_db(signal, *voiced)
        for signal in (stages.magnitude, stages.gains, stages.comb)
    )
    assert magnitude - 2 < gains < magnitude
    assert comb > magnitude + 2


@pytest.mark.parametrize("signal", [np.zeros, np.ones], ids=["silence", "constant"])
def test_no_signal_gives_nan(signal):
    samples = signal(SAMPLE_RATE).astype(np.float32)
    for noisy in (samples, np.zeros_like(samples)):
        stages = oracle_stages(noisy, samples)
        assert all(np.isfinite(getattr(stages, field.name)).all() for field in fields(Stages))
