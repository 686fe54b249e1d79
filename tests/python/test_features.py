import numpy as np
import pytest

from percepnet.constants import MAX_PERIOD, MIN_PERIOD, N_BANDS, N_FEATURES
from percepnet.dsp.features import band_coherence, compress_levels, network_features


def test_ten_times_the_level_is_one_more(rng):
    energy = rng.uniform(1e3, 1e4, N_BANDS).astype(np.float32)
    np.testing.assert_allclose(
        compress_levels(100 * energy) - compress_levels(energy), 1, atol=1e-5
    )


def test_levels_have_a_floor_that_follows_the_bands_below():
    energy = np.zeros(N_BANDS, np.float32)
    energy[5] = 1e8
    levels = compress_levels(energy) * 2 + 3
    assert levels[5] == pytest.approx(8, abs=1e-5)
    assert levels[6] == pytest.approx(6.5, abs=1e-5)  # 1.5 decades per band
    assert levels[20] == pytest.approx(1, abs=1e-5)  # but never 7 below the loudest
    assert levels[4] == pytest.approx(-2, abs=1e-5)  # nothing looks down from above


def test_coherence_of_silence_is_zero():
    silence = np.zeros(N_BANDS, np.float32)
    assert not band_coherence(silence, silence, silence).any()


def test_features_fill_their_places():
    energy = np.full(N_BANDS, 1e3, np.float32)
    coherence = np.linspace(0, 1, N_BANDS, dtype=np.float32)
    features = network_features(energy, coherence, MIN_PERIOD, 0.75)
    assert features.shape == (N_FEATURES,)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:N_BANDS], 0, atol=1e-5)
    np.testing.assert_allclose(features[N_BANDS : 2 * N_BANDS], 2 * coherence - 1)
    assert features[-2:].tolist() == [-1, 1]
    assert network_features(energy, coherence, MAX_PERIOD, 0)[-2] == pytest.approx(1)
