"""How good a signal is: the scores of every table.

Every score but DNSMOS compares with the clean signal. A score whose package is missing raises
ModuleNotFoundError: it is imported where it is used.
"""

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE, WINDOW_LENGTH
from percepnet.dsp.pitch import HISTORY_BEFORE, track_whole

WIDE_BAND_RATE = 16_000  # PESQ-WB, STOI and DNSMOS hear no more

_VOICED = 0.5  # clean correlation from which harmonics are heard
_MIN_WINDOW = HOP_LENGTH
_MAX_SHIFT = 2  # samples to look on each side of the clean period

_TINY = 1e-30
_EQUAL = 1e12  # power ratio from which two signals are the same

# DNSMOS P.835: clip length of the model, and the polynomials from its answers to opinion scores
P835_FILE, P808_FILE = "sig_bak_ovr.onnx", "model_v8.onnx"
_DNSMOS_LENGTH = int(9.01 * WIDE_BAND_RATE)
DNSMOS_POLYNOMIALS = {
    "SIG": (-0.08397278, 1.22083953, 0.0052439),
    "BAK": (-0.13166888, 1.60915514, -0.39604546),
    "OVRL": (-0.06766283, 1.11546468, 0.04602535),
}


# HF-LSD: bands of 1 kHz from 8 to 20 kHz, in frames whose highs lie within 40 dB of the loudest
_HF_BINS = slice(160, 400)
_HF_BANDS = 12
_HF_RANGE = 1e-4
_HF_LEAST = 1e-7

# DNSMOS P.808: levels of 120 mel bands in windows of 321 samples, over the last 40 dB
_P808_WINDOW = 321
_P808_STEP = 160
_P808_BANDS = 120


def to_wide_band(signal):
    """A 48 kHz signal at 16 kHz."""
    from scipy.signal import resample_poly

    divisor = math.gcd(SAMPLE_RATE, WIDE_BAND_RATE)
    up, down = WIDE_BAND_RATE // divisor, SAMPLE_RATE // divisor
    return resample_poly(signal, up, down).astype(np.float32)


def si_sdr_db(signal, clean):
    """Scale-invariant signal-to-distortion ratio; infinite if nothing differs, NaN in silence."""
    signal, clean = signal.astype(float), clean.astype(float)
    if not clean.any():
        return math.nan
    target = (signal @ clean) / (clean @ clean) * clean
    distortion = signal - target
    ratio = (target @ target) / max(distortion @ distortion, _TINY)
    return float(10 * np.log10(ratio)) if ratio < _EQUAL else math.inf


def pesq_wb(signal, clean):
    """PESQ, wide band, 1 to 4.64; NaN where it finds no utterance or not a quarter second."""
    from pesq import BufferTooShortError, NoUtterancesError, pesq

    try:
        return float(pesq(WIDE_BAND_RATE, to_wide_band(clean), to_wide_band(signal), "wb"))
    except (NoUtterancesError, BufferTooShortError):
        return math.nan


def stoi_score(signal, clean):
    """Short-time objective intelligibility, 0 to 1."""
    from pystoi import stoi

    return float(stoi(to_wide_band(clean), to_wide_band(signal), WIDE_BAND_RATE))


def hf_lsd_db(signal, clean):
    """Log-spectral distance from 8 to 20 kHz while the clean signal is heard there; NaN if never.

    The other scores hear nothing above 8 kHz.
    """
    n = min(len(signal), len(clean))
    if n < WINDOW_LENGTH:
        return math.nan
    powers = [_high_band_powers(x[:n].astype(float)) for x in (signal, clean)]
    level = powers[1].sum(1)
    heard = level > max(_HF_RANGE * level.max(initial=0), _HF_LEAST)
    if not heard.any():
        return math.nan
    levels_db = [10 * np.log10(power[heard] + 1e-6) for power in powers]
    return float(np.sqrt(((levels_db[0] - levels_db[1]) ** 2).mean(1)).mean())


def _high_band_powers(signal):
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW_LENGTH)[::HOP_LENGTH]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW_LENGTH))[:, _HF_BINS]) ** 2
    return power.reshape(len(power), _HF_BANDS, -1).sum(2)


def dnsmos_file(name):
    """Path of one of the models of DNSMOS in the package `speechmos`.

    The package itself is not imported: it would want librosa.
    """
    package = find_spec("speechmos")
    if package is None:
        raise ModuleNotFoundError("No module named 'speechmos'", name="speechmos")
    return Path(package.origin).parent / "dnsmos_models" / name


class Dnsmos:
    """DNSMOS P.835 and P.808, with the models that the package `speechmos` brings."""

    def __init__(self):
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1
        self._p835, self._p808 = (
            InferenceSession(dnsmos_file(name), options, providers=["CPUExecutionProvider"])
            for name in (P835_FILE, P808_FILE)
        )

    def __call__(self, signal):
        """SIG, BAK, OVRL and P.808, 1 to 5, as a dict: means over clips of 9 s, one second apart.

        Shorter signals are repeated.
        """
        signal = np.clip(to_wide_band(signal), -1, 1)
        while len(signal) < _DNSMOS_LENGTH:
            signal = np.concatenate([signal, signal])
        starts = range(0, len(signal) - _DNSMOS_LENGTH + 1, WIDE_BAND_RATE)
        clips = [signal[start : start + _DNSMOS_LENGTH] for start in starts]
        answers = [self._p835.run(None, {"input_1": clip[None]})[0][0] for clip in clips]
        columns = zip(DNSMOS_POLYNOMIALS.items(), np.transpose(answers), strict=True)
        scores = {
            name: float(np.mean(np.polyval(polynomial, column)))
            for (name, polynomial), column in columns
        }
        inputs = [mel_levels(clip[:-_P808_STEP])[None] for clip in clips]
        answers = [self._p808.run(None, {"input_1": levels})[0][0, 0] for levels in inputs]
        return scores | {"P808": float(np.mean(answers))}


def mel_levels(signal):
    """Levels of mel bands relative to the loudest, -40 dB to 0 dB as 0 to 1, less below.

    (n_frames, 120) float32; what P.808 was trained on: the mel spectrogram of librosa, with zeros
    around the signal.
    """
    padded = np.pad(signal.astype(float), _P808_WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _P808_WINDOW)[::_P808_STEP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_P808_WINDOW) / _P808_WINDOW)
    power = np.abs(np.fft.rfft(frames * window)) ** 2 @ _mel_filters().T
    level_db = 10 * np.log10(np.maximum(power, 1e-10))
    level_db = np.maximum(level_db - level_db.max(), -80)
    return ((level_db + 40) / 40).astype(np.float32)


def _mel_filters():
    """Triangles of equal area on Slaney's scale, linear to 1 kHz, (n_bands, n_bins)."""
    per_mel_hz, break_hz, step = 200 / 3, 1000.0, np.log(6.4) / 27
    top = break_hz / per_mel_hz + np.log(WIDE_BAND_RATE / 2 / break_hz) / step
    mels = np.linspace(0, top, _P808_BANDS + 2)
    above = np.maximum(mels - break_hz / per_mel_hz, 0)
    edges_hz = np.minimum(mels * per_mel_hz, break_hz) * np.exp(step * above)
    bins_hz = np.fft.rfftfreq(_P808_WINDOW, 1 / WIDE_BAND_RATE)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising, falling = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)


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
        common = min(max(common, 1e-2), 1 - 1e-4)  # -20 to 40 dB
        ratios.append(10 * np.log10(common / (1 - common)))
    return float(np.mean(ratios)) if ratios else math.nan
