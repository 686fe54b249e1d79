import numpy as np

from percepnet.constants import HOP_LENGTH, N_BINS, WINDOW_LENGTH
from percepnet.dsp.stft import WINDOW, Synthesis, overlap_add, spectrum_of


def test_window_is_power_complementary():
    squares = WINDOW.astype(float) ** 2
    np.testing.assert_allclose(squares[:HOP_LENGTH] + squares[HOP_LENGTH:], 1, atol=1e-6)


def test_synthesis_of_analysis_is_the_signal_one_hop_late(rng):
    signal = rng.uniform(-1, 1, 50 * HOP_LENGTH).astype(np.float32)
    padded = np.concatenate([np.zeros(HOP_LENGTH, np.float32), signal])
    synthesis = Synthesis()
    hops = [
        synthesis.process(spectrum_of(padded[start : start + WINDOW_LENGTH]))
        for start in range(0, len(signal), HOP_LENGTH)
    ]
    np.testing.assert_allclose(np.concatenate(hops[1:]), signal[:-HOP_LENGTH], atol=1e-6)


def test_whole_signals_are_put_together_as_hops_are(rng):
    spectra = spectrum_of(rng.standard_normal((9, WINDOW_LENGTH)))
    synthesis = Synthesis()
    hops = [synthesis.process(spectrum) for spectrum in spectra]
    np.testing.assert_allclose(overlap_add(spectra), np.concatenate(hops), atol=1e-6)


def test_a_spectrum_has_single_precision(rng):
    spectrum = spectrum_of(rng.standard_normal((3, WINDOW_LENGTH)))
    assert spectrum.shape == (3, N_BINS)
    assert spectrum.dtype == np.complex64
