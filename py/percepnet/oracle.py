"""What the network should say, from known clean speech (paper, Secs. 2.2 and 3).

Strengths make the mixture of spectrum and periodic part exactly as coherent with the clean
voice's periodic part as the clean voice is; gains then give every band its clean level. The
paper's extra attenuation of bands that the comb filter cannot clean is left out: it cost 0.14 in
DNSMOS SIG.
"""

from dataclasses import dataclass

import numpy as np

from percepnet.constants import HOP_LENGTH, LOOKAHEAD_HOPS, MIN_PERIOD
from percepnet.dsp.comb import PAST
from percepnet.dsp.erb import band_correlation, band_energy
from percepnet.dsp.features import band_coherence
from percepnet.dsp.gains import mix_pitch
from percepnet.dsp.pitch import HISTORY_BEFORE, track_whole
from percepnet.whole_file import frames_of, periodic_frames_of, with_history

_VOICED = 0.2  # clean correlation from which a frame has a pitch
_TINY = 1e-12
_MUCH = 1e6  # comb filter over noisy signal: as good as alone


def strengths_for_coherence(clean, noisy, comb, noisy_comb, comb_scale):
    """Comb-filter strengths that restore the coherence of the clean voice, where any can.

    The mixture y + a p̂ shall have the clean coherence: ⟨y + a p̂, p⟩² = q_x² |y + a p̂|², a
    quadratic in a, solved exactly. Where no mixture is as coherent as that, the most coherent
    one is taken: the paper's full filter would smear noise bursts over the voice.

    Parameters
    ----------
    clean, noisy, comb : ndarray [shape=(..., N_BANDS)]
        Coherence of the clean frame, the noisy frame and the comb filter's output with the clean
        voice's periodic part.
    noisy_comb : ndarray [shape=(..., N_BANDS)]
        Coherence of the noisy frame with the comb filter's output.
    comb_scale : ndarray [shape=(..., N_BANDS)]
        Level of the comb filter's output relative to the noisy frame.

    Returns
    -------
    ndarray [shape=(..., N_BANDS)]
        0 to 1.
    """
    q_x, q_y, q_p = (np.clip(q, 0, 0.9999) for q in (clean, noisy, comb))
    # Of y + b p̂ / |p̂|, the most coherent one: never that of a comb filter that does harm alone
    gain, loss = q_p - noisy_comb * q_y, q_y - noisy_comb * q_p
    best = np.where(gain > 0, gain / np.maximum(loss, gain / _MUCH + _TINY), 0)

    a = q_p**2 - q_x**2
    b = q_p * q_y - q_x**2 * noisy_comb
    c = q_x**2 - q_y**2  # a β² + 2 b β = c
    root = c / np.maximum(b + np.sqrt(np.maximum(b * b + a * c, 0)), _TINY)
    ratio = np.minimum(root, best) / np.maximum(comb_scale, _TINY)
    strengths = ratio / (1 + ratio)
    return np.where(q_y >= q_x, 0, strengths)


def clean_periodicity(clean):
    """Spectrum, periodic part (all taps, whole-signal pitch) and correlation of each frame.

    Parameters
    ----------
    clean : ndarray [shape=(n,)]

    Returns
    -------
    spectrum, pitch_spectrum : ndarray [shape=(n_hops, N_BINS), dtype=complex64]
    correlation : ndarray [shape=(n_hops,)]
        Row n is frame n - 2, the one being enhanced at hop n.
    """
    n_hops = len(clean) // HOP_LENGTH
    history = with_history(clean, n_after=PAST)
    before = len(history) - PAST - n_hops * HOP_LENGTH
    spectrum = frames_of(history, n_hops, lag=LOOKAHEAD_HOPS)
    periods, correlations = track_whole(history[before - HISTORY_BEFORE : -PAST])
    # Before the signal all is silent, and any period is as good
    periods = np.pad(periods, (LOOKAHEAD_HOPS, 0), constant_values=MIN_PERIOD)[:n_hops]
    correlations = np.pad(correlations, (LOOKAHEAD_HOPS, 0))[:n_hops]
    pitch_spectrum = periodic_frames_of(history, n_hops, periods, LOOKAHEAD_HOPS, lookahead=PAST)
    return spectrum, pitch_spectrum, correlations


@dataclass(frozen=True)
class Targets:
    """The oracle's answer at each hop, for the frame that it enhances."""

    spectrum: np.ndarray  # (n_hops, N_BINS) complex64, of the clean frame
    energy: np.ndarray  # (n_hops, N_BANDS) of the clean frame
    level_ratios: np.ndarray  # (n_hops, N_BANDS), clean to noisy level, 0 to 1
    gains: np.ndarray  # (n_hops, N_BANDS), clean level to that after the comb filter, 0 to 1
    strengths: np.ndarray  # (n_hops, N_BANDS), 0 to 1


def targets_for(hops, clean):
    """What the network should answer at each hop.

    Parameters
    ----------
    hops : Hops
        Of the noisy signal, from `analyse`.
    clean : ndarray [shape=(n,)]
        ±1, aligned with the noisy signal and as long.

    Returns
    -------
    Targets
    """
    spectrum, pitch_spectrum, correlation = clean_periodicity(clean)
    energy = band_energy(spectrum)
    periodic_energy = band_energy(pitch_spectrum)

    def coherence(other, other_energy):
        return band_coherence(
            band_correlation(other, pitch_spectrum), other_energy, periodic_energy
        )

    strengths = strengths_for_coherence(
        clean=coherence(spectrum, energy),
        noisy=coherence(hops.spectrum, hops.energy),
        comb=coherence(hops.pitch_spectrum, hops.pitch_energy),
        noisy_comb=band_coherence(hops.correlation, hops.energy, hops.pitch_energy),
        comb_scale=np.sqrt((hops.pitch_energy + _TINY) / (hops.energy + _TINY)),
    )
    voiced = correlation[:, None] >= _VOICED
    strengths = np.where(voiced, strengths, 0).astype(np.float32)
    mixed = mix_pitch(hops.spectrum, hops.pitch_spectrum, strengths)

    def level_ratios(before):
        return np.clip(np.sqrt((energy + _TINY) / (before + _TINY)), 0, 1).astype(np.float32)

    return Targets(
        spectrum=spectrum,
        energy=energy,
        level_ratios=level_ratios(hops.energy),
        gains=level_ratios(band_energy(mixed)),
        strengths=strengths,
    )
