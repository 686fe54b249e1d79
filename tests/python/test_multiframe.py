import numpy as np
import pytest

from percepnet.constants import (
    BAND_CENTRES,
    FILTER_PAST,
    HOP_LENGTH,
    N_BANDS,
    N_BINS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    WINDOW_LENGTH,
)
from percepnet.dsp.multiframe import add_filtered, filter_bins, gated
from percepnet.dsp.stft import spectrum_of

BIN = 20
OWN_BINS = slice(BAND_CENTRES[0], BAND_CENTRES[N_FILTER_BANDS])


@pytest.fixture
def spectra(rng):
    parts = rng.standard_normal((2, N_FILTER_FRAMES, N_BINS))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def constant_weights(frame, weight):
    weights = np.zeros((N_FILTER_BANDS, N_FILTER_FRAMES), np.complex64)
    weights[:, frame] = weight
    return weights


@pytest.mark.parametrize("frame", range(N_FILTER_FRAMES))
def test_so_much_of_a_frame_is_added_to_the_lowest_bins(frame, spectra):
    mixed = spectra[FILTER_PAST] / 2
    filtered = mixed.copy()
    add_filtered(filtered, spectra, constant_weights(frame, 0.5 - 0.3j))
    added = np.zeros(N_BINS, np.complex64)
    added[OWN_BINS] = (0.5 - 0.3j) * spectra[frame, OWN_BINS]
    np.testing.assert_allclose(filtered - mixed, added, atol=1e-6)


def test_bins_are_those_of_the_lowest_bands():
    assert filter_bins(np.arange(N_BINS)).tolist() == list(BAND_CENTRES[:N_FILTER_BANDS])


def test_the_more_of_a_band_is_kept_the_less_is_filtered(rng):
    weights = constant_weights(1, 1.0)
    gains = rng.uniform(0, 1, N_BANDS).astype(np.float32)
    np.testing.assert_allclose(gated(weights, gains)[:, 1], 1 - gains[:N_FILTER_BANDS])
    assert not gated(weights, np.ones(N_BANDS, np.float32)).any()


def test_frames_in_phase_with_a_tone_keep_it_and_lose_noise(rng):
    """What one frame cannot do: both lie in the same bin."""
    time = np.arange(N_FILTER_FRAMES * HOP_LENGTH + HOP_LENGTH)
    frequency = (BIN + 0.3) / WINDOW_LENGTH
    turns = frequency * HOP_LENGTH * (np.arange(N_FILTER_FRAMES) - FILTER_PAST)
    weights = np.tile(np.exp(-2j * np.pi * turns) / N_FILTER_FRAMES, (N_FILTER_BANDS, 1))

    def filtered_bin(signal):
        frames = [signal[n * HOP_LENGTH :][:WINDOW_LENGTH] for n in range(N_FILTER_FRAMES)]
        spectra = spectrum_of(np.stack(frames))
        mixed = np.zeros(N_BINS, np.complex64)
        add_filtered(mixed, spectra, weights.astype(np.complex64))
        return mixed[BIN], spectra[FILTER_PAST, BIN]

    tone, plain = filtered_bin(np.sin(2 * np.pi * frequency * time))
    assert tone == pytest.approx(plain, rel=0.01)
    noise = np.array([filtered_bin(rng.standard_normal(len(time))) for _ in range(500)])
    power, plain_power = np.mean(np.abs(noise) ** 2, axis=0)
    assert 10 * np.log10(plain_power / power) > 5  # of five frames, each half in the next
