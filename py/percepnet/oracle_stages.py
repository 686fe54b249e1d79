"""The method step by step with an oracle in place of the network, as its article tells it.

How the clean voice would be brought back by magnitudes alone, by band gains alone, and by each
of the steps after them. Every step is the enhancer's own code.
"""

from dataclasses import dataclass

import numpy as np

from percepnet.constants import HOP_LENGTH, LATENCY, N_BANDS
from percepnet.dsp.gains import filter_gains, mix_pitch, scale_bands
from percepnet.dsp.stft import overlap_add
from percepnet.oracle import Targets, targets_for
from percepnet.whole_file import Hops, analyse


@dataclass(frozen=True)
class Stages:
    """Signals of equal length, float32, aligned with the clean one."""

    noisy: np.ndarray
    magnitude: np.ndarray  # the clean magnitude in all 481 bins, with the noisy phase
    gains: np.ndarray  # the clean level in every band
    comb: np.ndarray  # and the periodic part mixed in before
    postfilter: np.ndarray  # and the envelope post-filter and decay limiter


def filtered_gains(gains, energy):
    """Gains after post-filter and decay limiter, hop by hop as in the enhancer.

    Parameters
    ----------
    gains, energy : ndarray [shape=(n_hops, N_BANDS), dtype=float32]
        Energy of the noisy frames.

    Returns
    -------
    ndarray [shape=(n_hops, N_BANDS), dtype=float32]
    """
    filtered = np.empty_like(gains)
    least = np.zeros(N_BANDS, np.float32)
    next_energy = np.concatenate([energy[1:], energy[-1:]])
    for hop, row in enumerate(gains):
        filtered[hop], least = filter_gains(row, least, energy[hop], next_energy[hop])
    return filtered


def enhanced_spectra(hops: Hops, gains, strengths):
    """Spectra (n_hops, N_BINS) after mix and scaling."""
    mixed = mix_pitch(hops.spectrum, hops.pitch_spectrum, strengths)
    return scale_bands(mixed, gains)


def hops_and_targets(noisy, clean) -> tuple[Hops, Targets]:
    """Analysis of the noisy signal, and the oracle's answers, until its last sample is enhanced.

    Parameters
    ----------
    noisy, clean : ndarray [shape=(n,), dtype=float32]
        ±1 at 48 kHz, sample-aligned.

    Returns
    -------
    Hops
    Targets
    """
    n_after = -len(noisy) % HOP_LENGTH + LATENCY
    noisy, clean = (np.pad(signal, (0, n_after)) for signal in (noisy, clean))
    hops = analyse(noisy)
    return hops, targets_for(hops, clean)


def stages_from(noisy, hops, targets):
    """Play the oracle.

    Parameters
    ----------
    noisy : ndarray [shape=(n,), dtype=float32]
    hops : Hops
    targets : Targets
        From `hops_and_targets`.

    Returns
    -------
    Stages
    """
    no_comb = np.zeros_like(targets.strengths)
    gains, strengths = targets.gains, targets.strengths

    def signal(spectra):
        return overlap_add(spectra)[LATENCY:][: len(noisy)]

    return Stages(
        noisy=noisy,
        magnitude=signal(np.abs(targets.spectrum) * _phase(hops.spectrum)),
        gains=signal(enhanced_spectra(hops, targets.level_ratios, no_comb)),
        comb=signal(enhanced_spectra(hops, gains, strengths)),
        postfilter=signal(enhanced_spectra(hops, filtered_gains(gains, hops.energy), strengths)),
    )


def oracle_stages(noisy, clean):
    """Analyse and play the oracle: `stages_from` of `hops_and_targets`."""
    return stages_from(noisy, *hops_and_targets(noisy, clean))


def _phase(spectrum):
    """The spectrum with all magnitudes one; zero where there is none."""
    magnitude = np.abs(spectrum)
    return spectrum / np.where(magnitude > 0, magnitude, 1)
