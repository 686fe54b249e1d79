from itertools import pairwise

import numpy as np
import pytest

from percepnet.constants import (
    BAND_CENTRES,
    BANDS_PER_ERB,
    ENERGY_SCALE,
    N_BANDS,
    N_BINS,
    PASSBAND_EDGE,
)
from percepnet.dsp.erb import (
    BAND_WEIGHTS,
    PASSBAND,
    band_correlation,
    band_energy,
    interpolate_bands,
)


@pytest.fixture
def spectrum(rng):
    return (rng.standard_normal(N_BINS) + 1j * rng.standard_normal(N_BINS)).astype(np.complex64)


def test_centres_lie_a_quarter_of_an_erb_apart():
    assert (BAND_CENTRES[0], BAND_CENTRES[-1], N_BANDS) == (1, PASSBAND_EDGE, 128)
    for lower, centre in pairwise(BAND_CENTRES):
        erb = 24.7 * (4.37 * centre * 50 / 1000 + 1) / 50
        assert centre - lower == max(1, round(erb / BANDS_PER_ERB))


def test_bands_where_harmonics_lie_are_single_bins():
    singles = PASSBAND_EDGE // 8  # 2.5 kHz
    assert BAND_CENTRES[:singles] == tuple(range(1, singles + 1))


def test_bands_share_out_every_bin_up_to_20_khz():
    np.testing.assert_allclose(BAND_WEIGHTS.sum(axis=0)[: PASSBAND_EDGE + 1], 1, atol=1e-6)
    assert not BAND_WEIGHTS[:, PASSBAND_EDGE + 1 :].any()
    assert (BAND_WEIGHTS >= 0).all()


def test_each_centre_belongs_to_its_band_alone():
    np.testing.assert_array_equal(BAND_WEIGHTS[:, list(BAND_CENTRES)], np.eye(N_BANDS))


def test_energy_is_kept(spectrum):
    total = np.sum(np.abs(spectrum[: PASSBAND_EDGE + 1]) ** 2) * ENERGY_SCALE
    assert band_energy(spectrum).sum() == pytest.approx(total, rel=1e-5)


def test_correlation_of_a_spectrum_with_itself_is_its_energy(spectrum):
    np.testing.assert_array_equal(band_correlation(spectrum, spectrum), band_energy(spectrum))
    np.testing.assert_allclose(band_correlation(spectrum, 1j * spectrum), 0, atol=1e-2)


def test_energies_are_those_of_the_weights(spectrum):
    expected = BAND_WEIGHTS @ np.abs(spectrum) ** 2 * ENERGY_SCALE
    np.testing.assert_allclose(band_energy(spectrum), expected, rtol=1e-5)


def test_a_curve_through_ones_is_one():
    np.testing.assert_array_equal(interpolate_bands(np.ones(N_BANDS, np.float32)), 1)


def test_curves_are_those_of_the_weights(rng):
    values = rng.uniform(0, 1, N_BANDS).astype(np.float32)
    curve = interpolate_bands(values)
    expected = values @ BAND_WEIGHTS[:, : PASSBAND_EDGE + 1]
    np.testing.assert_allclose(curve[: PASSBAND_EDGE + 1], expected, atol=1e-6)


def test_passband_ends_at_20_khz():
    assert (PASSBAND[: PASSBAND_EDGE - 3] == 1).all()
    assert (np.diff(PASSBAND[PASSBAND_EDGE - 4 :]) <= 0).all()
    assert not PASSBAND[PASSBAND_EDGE + 1 :].any()


def test_a_curve_passes_through_its_values(rng):
    values = rng.uniform(0, 1, N_BANDS).astype(np.float32)
    curve = interpolate_bands(values)
    np.testing.assert_allclose(curve[list(BAND_CENTRES)], values, atol=1e-6)


def test_many_spectra_give_what_each_gives_alone(rng):
    spectra = (rng.standard_normal((5, N_BINS)) * (1 + 1j)).astype(np.complex64)
    together = band_energy(spectra)
    np.testing.assert_allclose(together, [band_energy(s) for s in spectra], rtol=1e-6)
