"""One recording taken apart: what the method sees in every frame, and what each step sounds like.

For the page that shows how it works. All arrays have one row per frame; frame n is the 20 ms
around 10 ms times n.
"""

from dataclasses import dataclass

import numpy as np

from percepnet.constants import HOP_LENGTH, LOOKAHEAD_HOPS, SAMPLE_RATE, WINDOW_LENGTH
from percepnet.dsp.comb import response
from percepnet.dsp.highpass import highpass
from percepnet.dsp.pitch import correlogram
from percepnet.mixture import mix
from percepnet.oracle_stages import Stages, hops_and_targets, stages_from
from percepnet.stream import enhance

FINE_LENGTH = 4 * WINDOW_LENGTH
"""Frames are padded to this length for the comb filter's picture: a bin every 12.5 Hz, so that
the harmonics of deep voices stand apart too."""

HIGHEST_HARMONIC_HZ = 2000
_FINE_STEP_HZ = SAMPLE_RATE / FINE_LENGTH
FINE_HZ = np.arange(0, HIGHEST_HARMONIC_HZ + _FINE_STEP_HZ, _FINE_STEP_HZ)
"""Frequencies of the comb filter's picture, (161,)."""

_FLOOR_DB = -140.0


@dataclass(frozen=True)
class Frames:
    """What the pictures show; float32."""

    noisy_db: np.ndarray  # (n, N_BINS), 0 dB: a sine of full scale
    clean_db: np.ndarray  # (n, N_BINS)
    gains: np.ndarray  # (n, N_BANDS), the oracle's
    correlations: np.ndarray  # (n, 177), at the lags of `pitch_path.LAGS`
    periods: np.ndarray  # (n,) samples
    strengths: np.ndarray  # (n, N_BANDS) of the comb filter, the oracle's
    fine_noisy_db: np.ndarray  # (n, 161), at FINE_HZ
    fine_comb_db: np.ndarray  # (n, 161), of the comb filter's output
    comb_response_db: np.ndarray  # (n, 161)


@dataclass(frozen=True)
class Experiment:
    """A mixture, seen and heard step by step."""

    clean: np.ndarray  # (n_samples,) float32, as loud as in the mixture
    stages: Stages
    network: np.ndarray  # (n_samples,) float32
    frames: Frames


def experiment(clean, noise, snr_db, model):
    """Mix, play the oracle and the network.

    Parameters
    ----------
    clean, noise : ndarray [shape=(n,), (m,), dtype=float32]
        ±1 at 48 kHz.
    snr_db : float
        Level of the speech where there is speech, to that of the noise.
    model : PercepNet

    Returns
    -------
    Experiment

    Raises
    ------
    AudioError
        Of a signal that is silent.
    """
    noisy, clean, _ = mix(clean, noise, snr_db)
    hops, targets = hops_and_targets(noisy, clean)
    return Experiment(
        clean=clean,
        stages=stages_from(noisy, hops, targets),
        network=enhance(noisy, model),
        frames=_frames(noisy, hops, targets),
    )


def _frames(noisy, hops, targets):
    n_frames = len(noisy) // HOP_LENGTH
    known = slice(LOOKAHEAD_HOPS, LOOKAHEAD_HOPS + n_frames)  # row n is frame n - LOOKAHEAD_HOPS
    periods = hops.period[known]
    correlations, _ = correlogram(highpass(noisy[: n_frames * HOP_LENGTH]))
    responses = np.stack([response(period, FINE_HZ) for period in periods.tolist()])
    frames = Frames(
        noisy_db=_level_db(hops.spectrum[known]),
        clean_db=_level_db(targets.spectrum[known]),
        gains=targets.level_ratios[known],
        correlations=correlations,
        periods=periods,
        strengths=targets.strengths[known],
        fine_noisy_db=_level_db(_fine(hops.spectrum[known])),
        fine_comb_db=_level_db(_fine(hops.pitch_spectrum[known])),
        comb_response_db=20 * np.log10(responses + 1e-4),
    )
    return Frames(
        **{name: np.ascontiguousarray(rows, np.float32) for name, rows in vars(frames).items()}
    )


def _fine(spectra):
    """Spectra at FINE_HZ: the same frames with silence after them."""
    return np.fft.rfft(np.fft.irfft(spectra), FINE_LENGTH)[:, : len(FINE_HZ)]


def _level_db(spectra):
    return 20 * np.log10(np.abs(spectra) * (2 / WINDOW_LENGTH) + 10 ** (_FLOOR_DB / 20))
