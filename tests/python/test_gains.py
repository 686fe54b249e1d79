import numpy as np
import pytest

from percepnet.constants import (
    BAND_CENTRES,
    MAX_DECAY,
    MAX_LEVEL_CORRECTION,
    N_BANDS,
    N_BINS,
    OVERSHOOT,
    PASSBAND_EDGE,
)
from percepnet.dsp.erb import band_energy, interpolate_bands
from percepnet.dsp.gains import (
    least_next_gains,
    limit_decay,
    mix_pitch,
    postfilter,
    scale_bands,
)

_PASSBAND = slice(0, PASSBAND_EDGE - 3)
_N_SINGLE = int(np.argmax(np.diff(BAND_CENTRES) > 1))
SINGLE, WIDE = slice(0, _N_SINGLE), slice(_N_SINGLE + 1, None)
"""Bands of one bin, and those of more, without the one at the border."""


def spectrum(rng, level=1.0):
    noise = rng.standard_normal(N_BINS) + 1j * rng.standard_normal(N_BINS)
    return (level * noise).astype(np.complex64)


def levels_db(spectrum):
    """Of the bands below the fade to 20 kHz."""
    return 10 * np.log10(band_energy(spectrum))[:-2]


def level_errors_db(mixed, gains):
    """Band levels after scaling relative to the wanted ones."""
    return levels_db(scale_bands(mixed, gains)) - levels_db(mixed) - 20 * np.log10(gains[:-2])


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def constant(value):
    return np.full(N_BANDS, value, np.float32)


def test_mix_goes_from_one_spectrum_to_the_other(rng):
    noisy, periodic = spectrum(rng), spectrum(rng)
    np.testing.assert_array_equal(mix_pitch(noisy, periodic, constant(0)), noisy)
    full = mix_pitch(noisy, periodic, constant(1))
    np.testing.assert_allclose(full[_PASSBAND], periodic[_PASSBAND], atol=1e-6)


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.0])
def test_equal_gains_are_that_gain(gain, rng):
    mixed = spectrum(rng)
    scaled = scale_bands(mixed, constant(gain))
    np.testing.assert_allclose(scaled[_PASSBAND], np.float32(gain) * mixed[_PASSBAND], rtol=1e-3)


@pytest.mark.parametrize(("slope_db", "rms_db"), [(1, 0.2), (3, 0.5), (6, 1.0)])
def test_bands_keep_their_levels_next_to_louder_ones(slope_db, rms_db, rng):
    """A bin belongs to two bands, and a curve cannot give each of them any level it likes.

    With gains that go up or down by 6 dB from band to band, the curve alone is off by 1.6 dB.
    """
    errors_db = []
    for _ in range(30):
        gains_db = [0.0]
        while len(gains_db) < N_BANDS:
            next_db = gains_db[-1] + rng.choice([-slope_db, slope_db])
            gains_db.append(np.clip(next_db, -40 + slope_db, -slope_db))
        gains = (10 ** (np.array(gains_db) / 20)).astype(np.float32)
        noisy = spectrum(rng, 100)
        errors_db.append(level_errors_db(noisy, gains))
    assert rms(np.array(errors_db)[:, WIDE]) < rms_db
    assert np.abs(np.array(errors_db)[:, SINGLE]).max() < 1e-3


def test_no_correction_goes_beyond_the_limit(rng):
    """Beside bands that are let through, bands of several bins that are not."""
    mixed = spectrum(rng)
    gains = constant(1)
    gains[WIDE][::2] = 1e-4
    limit = 1.01 * MAX_LEVEL_CORRECTION**OVERSHOOT
    steep = np.abs(scale_bands(mixed, gains)) / np.abs(mixed)
    within = slice(BAND_CENTRES[WIDE][0], PASSBAND_EDGE - 3)
    curve = np.exp(interpolate_bands(np.log(gains)))[within]
    assert (steep[within] >= curve / limit).all()
    assert (steep[within] <= curve * limit).all()
    assert (steep[within] < 0.5 * curve).any()


def test_postfilter_leaves_ones_and_zeros():
    energy = constant(100)
    np.testing.assert_allclose(postfilter(constant(1), energy), 1, rtol=1e-6)
    assert not postfilter(constant(0), energy).any()


def test_postfilter_lowers_low_gains_relative_to_high_ones(rng):
    gains = np.sort(rng.uniform(0, 1, N_BANDS)).astype(np.float32)
    filtered = postfilter(gains, constant(100))
    ratio = filtered / gains
    assert (np.diff(ratio) >= -1e-6).all()


def test_postfilter_never_adds_more_than_5_6_db(rng):
    for _ in range(200):
        gains = rng.uniform(0, 1, N_BANDS).astype(np.float32) ** 3
        energy = (10 ** rng.uniform(-3, 9, N_BANDS)).astype(np.float32)
        warped = gains * np.sin(np.pi / 2 * gains)
        common_db = 20 * np.log10(postfilter(gains, energy).sum() / warped.sum())
        assert -0.01 <= common_db <= 5.6


def test_gains_fall_no_faster_than_the_limit():
    energy = constant(100)
    gains, heard = constant(0), []
    least = least_next_gains(constant(1), energy, energy)
    for _ in range(5):
        gains = limit_decay(constant(0), least)
        heard.append(float(gains[0]))
        least = least_next_gains(gains, energy, energy)
    np.testing.assert_allclose(heard, MAX_DECAY ** np.arange(1, 6), rtol=1e-4)


def test_an_onset_of_noise_is_not_held_up_by_the_limit():
    least = least_next_gains(constant(1), constant(1), constant(1e6))
    assert least.max() < 1e-5


@pytest.mark.parametrize("level", [0.0, 1e-30, 1e4])
def test_no_level_gives_nan(level, rng):
    noisy = spectrum(rng, level)
    energy = band_energy(noisy)
    gains = postfilter(constant(0.5), energy)
    least = least_next_gains(gains, energy, energy)
    assert np.isfinite(limit_decay(gains, least)).all()
    assert np.isfinite(scale_bands(noisy, gains)).all()
