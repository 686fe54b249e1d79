import math
import sys

import numpy as np
import pytest

from conftest import glide
from percepnet import SAMPLE_RATE
from percepnet.scores import (
    Dnsmos,
    harmonics_to_noise_db,
    pesq_wb,
    si_sdr_db,
    stoi_score,
    voiced_periods,
)


@pytest.fixture
def steady():
    return 0.1 * glide(np.full(3 * SAMPLE_RATE, 150.0))


@pytest.mark.parametrize("ratio_db", [-10.0, 0.0, 20.0])
def test_si_sdr_is_the_ratio_of_voice_to_noise(ratio_db, steady, rng):
    noise = rng.standard_normal(len(steady)) * np.sqrt(np.mean(steady**2))
    noisy = steady + noise * 10 ** (-ratio_db / 20)
    assert si_sdr_db(3 * noisy, steady) == pytest.approx(ratio_db, abs=0.2)


def test_si_sdr_of_the_signal_itself_is_infinite(steady):
    assert si_sdr_db(steady, steady) == math.inf


@pytest.mark.parametrize("ratio_db", [0.0, 10.0, 20.0])
def test_harmonics_to_noise_is_the_ratio_of_voice_to_noise(ratio_db, steady, rng):
    noise = rng.standard_normal(len(steady)) * np.sqrt(np.mean(steady**2))
    noisy = steady + noise * 10 ** (-ratio_db / 20)
    assert harmonics_to_noise_db(noisy, *voiced_periods(steady)) == pytest.approx(ratio_db, abs=1)


def test_without_voice_there_are_no_harmonics(rng):
    silence = np.zeros(SAMPLE_RATE)
    assert math.isnan(harmonics_to_noise_db(silence, *voiced_periods(silence)))


def test_noise_costs_every_score(voice, noisy):
    dnsmos = Dnsmos()
    assert pesq_wb(voice, voice) == pytest.approx(4.64, abs=0.01)
    assert pesq_wb(noisy, voice) < 2
    assert stoi_score(voice, voice) == pytest.approx(1)
    assert stoi_score(noisy, voice) < 0.95
    before, after = dnsmos(voice), dnsmos(noisy)
    assert before.keys() == {"SIG", "BAK", "OVRL", "P808"}
    assert after["BAK"] < before["BAK"]
    assert all(1 <= score <= 5 for score in (*before.values(), *after.values()))


def test_dnsmos_names_the_package_it_needs(monkeypatch):
    monkeypatch.setattr("percepnet.scores.find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError) as raised:
        Dnsmos()
    assert raised.value.name == "speechmos"


def test_pesq_needs_its_package(voice, monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    with pytest.raises(ModuleNotFoundError):
        pesq_wb(voice, voice)
