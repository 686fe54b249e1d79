import numpy as np
import pytest

from percepnet.constants import (
    BAND_CENTRES,
    FILTER_PAST,
    GROUP_BANDS,
    MAX_PERIOD,
    MIN_PERIOD,
    N_BANDS,
    N_BINS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    N_FILTER_GROUPS,
    N_GROUP_FEATURES,
    N_GROUPS,
)
from percepnet.dsp.features import (
    band_coherence,
    compress_levels,
    network_features,
    phase_advances,
)

N_ADVANCES = 2 * (N_FILTER_FRAMES - 1)


def test_ten_times_the_level_is_one_more(rng):
    energy = rng.uniform(1e3, 1e4, N_BANDS).astype(np.float32)
    np.testing.assert_allclose(
        compress_levels(100 * energy) - compress_levels(energy), 1, atol=1e-5
    )


def test_a_band_s_level_is_its_own_affair():
    energy = np.zeros(N_BANDS, np.float32)
    energy[5] = 1e8
    levels = compress_levels(energy) * 2 + 3
    assert levels[5] == pytest.approx(8, abs=1e-5)
    np.testing.assert_allclose(np.delete(levels, 5), -2, atol=1e-5)  # neither up nor down


def test_coherence_of_silence_is_zero():
    silence = np.zeros(N_BANDS, np.float32)
    assert not band_coherence(silence, silence, silence).any()


def test_features_fill_their_places():
    by_band = np.arange(5 * N_BANDS, dtype=np.float32).reshape(5, N_BANDS)
    *levels, coherence, periodic_level = by_band
    advances = -np.arange(N_ADVANCES * N_FILTER_BANDS, dtype=np.float32).reshape(N_ADVANCES, -1)
    known = levels, coherence, periodic_level, advances
    features = network_features(*known, MIN_PERIOD, 0.75)
    assert features.shape == (N_GROUPS, N_GROUP_FEATURES)
    assert features.dtype == np.float32
    assert (features[:, -2:] == [-1, 1]).all()
    by_band[3] = 2 * by_band[3] - 1
    for group in range(N_GROUPS):
        bands = slice(group * GROUP_BANDS, (group + 1) * GROUP_BANDS)
        of_bands, of_phases = np.split(features[group, :-2], [by_band[:, bands].size])
        np.testing.assert_array_equal(of_bands, by_band[:, bands].reshape(-1))
        if group < N_FILTER_GROUPS:
            np.testing.assert_array_equal(of_phases, advances[:, bands].reshape(-1))
        else:
            assert not of_phases.any()
    longest = network_features(*known, MAX_PERIOD, 0)
    assert longest[0, -2] == pytest.approx(1)


def test_features_of_many_frames_are_those_of_each(rng):
    by_band = rng.normal(0, 1, (5, 7, N_BANDS)).astype(np.float32)
    advances = rng.normal(0, 1, (N_ADVANCES, 7, N_FILTER_BANDS)).astype(np.float32)
    period, correlation = rng.uniform(MIN_PERIOD, MAX_PERIOD, 7), rng.uniform(-1, 1, 7)

    def features(frame):
        *levels, coherence, periodic_level = by_band[:, frame]
        pitch = period[frame], correlation[frame]
        return network_features(levels, coherence, periodic_level, advances[:, frame], *pitch)

    alone = [features(frame) for frame in range(7)]
    np.testing.assert_array_equal(features(slice(None)), alone)


def test_phases_advance_as_they_do(rng):
    turns = rng.uniform(0, 1, (N_FILTER_FRAMES, N_BINS))
    levels = 10 ** rng.uniform(-2, 2, (N_FILTER_FRAMES, 1))  # no matter
    spectra = (levels * np.exp(2j * np.pi * turns)).astype(np.complex64)
    advances = np.array(phase_advances(spectra)).reshape(-1, 2, N_FILTER_BANDS)
    others = np.delete(turns, FILTER_PAST, axis=0)
    bins = slice(BAND_CENTRES[0], BAND_CENTRES[N_FILTER_BANDS])
    expected = 2 * np.pi * (others - turns[FILTER_PAST])[:, bins]
    np.testing.assert_allclose(advances[:, 0], np.cos(expected), atol=2e-3)
    np.testing.assert_allclose(advances[:, 1], np.sin(expected), atol=2e-3)
    assert not np.any(phase_advances(0 * spectra))


def test_the_filters_bands_are_single_bins():
    assert np.ptp(np.diff(BAND_CENTRES[: N_FILTER_BANDS + 1])) == 0
