"""How good a signal is: the scores of the oracle's table.

Every score but DNSMOS compares with the clean signal. A score whose package is missing raises
ModuleNotFoundError: it is imported where it is used.
"""

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet.dsp.pitch import HISTORY_BEFORE, track_whole

WIDE_BAND_RATE = 16_000                     # PESQ-WB, STOI and DNSMOS hear no more

_VOICED = 0.5                               # clean correlation from which harmonics are heard
_MIN_WINDOW = HOP_LENGTH
_MAX_SHIFT = 2                              # samples to look on each side of the clean period

_TINY = 1e-30
_EQUAL = 1e12                               # power ratio from which two signals are the same

# DNSMOS P.835: clip length of the model, and the polynomials from its answers to opinion scores
_DNSMOS_LENGTH = int(9.01 * WIDE_BAND_RATE)
_DNSMOS_POLYNOMIALS = {
    "SIG": (-0.08397278, 1.22083953, 0.0052439),
    "BAK": (-0.13166888, 1.60915514, -0.39604546),
    "OVRL": (-0.06766283, 1.11546468, 0.04602535),
}


def to_wide_band(signal):
    """A 48 kHz signal at 16 kHz."""
    from scipy.signal import resample_poly

    divisor = math.gcd(SAMPLE_RATE, WIDE_BAND_RATE)
    up, down = WIDE_BAND_RATE // divisor, SAMPLE_RATE // divisor
    return resample_poly(signal, up, down).astype(np.float32)


def si_sdr_db(signal, clean):
    """Scale-invariant signal-to-distortion ratio; infinite for the clean signal itself."""
    signal, clean = signal.astype(float), clean.astype(float)
    target = (signal @ clean) / (clean @ clean) * clean
    distortion = signal - target
    ratio = (target @ target) / max(distortion @ distortion, _TINY)
    return float(10 * np.log10(ratio)) if ratio < _EQUAL else math.inf


def pesq_wb(signal, clean):
    """PESQ, wide band, 1 to 4.64; NaN where it finds no utterance."""
    from pesq import NoUtterancesError, pesq

    try:
        return float(pesq(WIDE_BAND_RATE, to_wide_band(clean), to_wide_band(signal), "wb"))
    except NoUtterancesError:
        return math.nan


def stoi_score(signal, clean):
    """Short-time objective intelligibility, 0 to 1."""
    from pystoi import stoi

    return float(stoi(to_wide_band(clean), to_wide_band(signal), WIDE_BAND_RATE))


class Dnsmos:
    """DNSMOS P.835, with the model that the package `speechmos` brings.

    The package itself is not imported: it would want librosa.
    """

    def __init__(self):
        from onnxruntime import InferenceSession, SessionOptions

        package = find_spec("speechmos")
        if package is None:
            raise ModuleNotFoundError("No module named 'speechmos'", name="speechmos")
        model = Path(package.origin).parent / "dnsmos_models" / "sig_bak_ovr.onnx"
        options = SessionOptions()
        options.intra_op_num_threads = 1
        self._session = InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, signal):
        """SIG, BAK and OVRL, 1 to 5, as a dict: means over clips of 9 s, one second apart.

        Shorter signals are repeated.
        """
        signal = np.clip(to_wide_band(signal), -1, 1)
        while len(signal) < _DNSMOS_LENGTH:
            signal = np.concatenate([signal, signal])
        starts = range(0, len(signal) - _DNSMOS_LENGTH + 1, WIDE_BAND_RATE)
        clips = [signal[start : start + _DNSMOS_LENGTH] for start in starts]
        answers = [self._session.run(None, {"input_1": clip[None]})[0][0] for clip in clips]
        columns = zip(_DNSMOS_POLYNOMIALS.items(), np.transpose(answers), strict=True)
        return {
            name: float(np.mean(np.polyval(polynomial, column)))
            for (name, polynomial), column in columns
        }


def voiced_periods(clean):
    """Where the clean voice has harmonics, and their period.

    Parameters
    ----------
    clean : ndarray [shape=(n,)]

    Returns
    -------
    centres : ndarray [dtype=int]
        Middle of each voiced frame, in samples.
    periods : ndarray
        In samples.
    """
    whole = clean[: len(clean) // HOP_LENGTH * HOP_LENGTH]
    periods, correlations = track_whole(np.concatenate([np.zeros(HISTORY_BEFORE), whole]))
    frames = np.flatnonzero(correlations > _VOICED)
    return frames * HOP_LENGTH, periods[frames]


def harmonics_to_noise_db(signal, centres, periods):
    """Harmonics-to-noise ratio in voiced frames, from what neighbouring periods have in common.

    Parameters
    ----------
    signal : ndarray [shape=(n,)]
    centres, periods : ndarray
        From `voiced_periods` of the clean signal.

    Returns
    -------
    float
        Mean over the frames; NaN without any.
    """
    ratios = []
    for centre, period in zip(centres, periods, strict=True):
        length = int(max(period, _MIN_WINDOW))
        start = centre - int(length + period) // 2
        if start < 0 or start + length + period + _MAX_SHIFT + 1 > len(signal):
            continue
        here = signal[start : start + length]
        common = 0.0
        for shift in range(-_MAX_SHIFT, _MAX_SHIFT + 1):
            there = signal[start + round(period) + shift :][:length]
            energy = float(here @ here + there @ there)
            common = max(common, 2 * float(here @ there) / (energy + 1e-12))
        common = min(max(common, 1e-2), 1 - 1e-4)           # -20 to 40 dB
        ratios.append(10 * np.log10(common / (1 - common)))
    return float(np.mean(ratios)) if ratios else math.nan
