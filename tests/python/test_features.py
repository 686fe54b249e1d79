import numpy as np
import pytest

from percepnet.constants import (
    GROUP_BANDS,
    HOP_LENGTH,
    MAX_PERIOD,
    MIN_PERIOD,
    N_BANDS,
    N_GROUP_FEATURES,
    N_GROUPS,
    SAMPLE_RATE,
    WINDOW_LENGTH,
)
from percepnet.dsp.erb import band_energy, band_turns
from percepnet.dsp.features import (
    band_advance,
    band_coherence,
    compress_levels,
    network_features,
)
from percepnet.dsp.stft import spectrum_of

N_BY_BAND = (N_GROUP_FEATURES - 2) // GROUP_BANDS


def advances_of(signal):
    """Complex advances from frame to frame, (n_frames - 1, N_BANDS)."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW_LENGTH)[::HOP_LENGTH]
    spectra = spectrum_of(frames)
    energies = band_energy(spectra)
    turns = band_turns(spectra[:-1], spectra[1:])
    real, imaginary = band_advance(turns, energies[:-1], energies[1:])
    return real + 1j * imaginary


def arranged(by_band, period, correlation):
    """Features of the parts of a frame or several, (9, ..., N_BANDS), in their order."""
    *levels, coherence, periodic_level = by_band[:5]
    advances = by_band[5:7], by_band[7:]
    return network_features(levels, coherence, periodic_level, advances, period, correlation)


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


@pytest.mark.parametrize("frequency_hz", [100, 510, 1234.5])
def test_a_tone_advances_alike_in_all_bins_that_it_reaches(frequency_hz):
    seconds = np.arange(20 * HOP_LENGTH) / SAMPLE_RATE
    advances = advances_of(np.sin(2 * np.pi * frequency_hz * seconds + 1))
    middle = round(frequency_hz / 50) - 1  # the band of that bin
    expected = np.exp(2j * np.pi * frequency_hz / 100)
    np.testing.assert_allclose(advances[:, middle - 1 : middle + 2], expected, atol=0.02)


def test_noise_advances_anyhow(rng):
    advances = advances_of(rng.standard_normal(500 * HOP_LENGTH))
    assert np.abs(advances).max() <= 1 + 1e-6
    # Bands of one bin: what the windows share makes 0.24
    assert np.abs(advances[:, :50].mean(0)).max() < 0.3


def test_silence_advances_nowhere():
    assert not advances_of(np.zeros(4 * HOP_LENGTH)).any()


def test_features_fill_their_places():
    by_band = np.arange(N_BY_BAND * N_BANDS, dtype=np.float32).reshape(N_BY_BAND, N_BANDS)
    features = arranged(by_band, MIN_PERIOD, 0.75)
    assert features.shape == (N_GROUPS, N_GROUP_FEATURES)
    assert features.dtype == np.float32
    assert (features[:, -2:] == [-1, 1]).all()
    by_band[3] = 2 * by_band[3] - 1
    for group in range(N_GROUPS):
        bands = slice(group * GROUP_BANDS, (group + 1) * GROUP_BANDS)
        np.testing.assert_array_equal(features[group, :-2], by_band[:, bands].reshape(-1))
    longest = arranged(by_band, MAX_PERIOD, 0)
    assert longest[0, -2] == pytest.approx(1)


def test_features_of_many_frames_are_those_of_each(rng):
    by_band = rng.normal(0, 1, (N_BY_BAND, 7, N_BANDS)).astype(np.float32)
    period, correlation = rng.uniform(MIN_PERIOD, MAX_PERIOD, 7), rng.uniform(-1, 1, 7)

    def features(frame):
        return arranged(by_band[:, frame], period[frame], correlation[frame])

    alone = [features(frame) for frame in range(7)]
    np.testing.assert_array_equal(features(slice(None)), alone)
