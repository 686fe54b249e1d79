"""Composite scores of speech quality (Hu & Loizou 2008), as papers on enhancement report them.

Weighted sums of PESQ, here its wide-band form as is usual, and three distances on frames of 30 ms:
log-likelihood ratio, weighted spectral slope (Klatt 1982) and segmental signal-to-noise ratio.
"""

import numpy as np

RATE = 16_000
_FRAME = round(0.030 * RATE)
_STEP = _FRAME // 4
_KEPT_SHARE = 0.95  # of the frames, the worst left out, for LLR and WSS
_TINY = 1e-10

_LPC_ORDER = 16

# Centres and widths of the critical bands, Hz
_CENTRES_HZ = np.array([
    50, 120, 190, 260, 330, 400, 470, 540, 617.372, 703.378, 798.717, 904.128, 1020.38, 1148.30,
    1288.72, 1442.54, 1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97, 2978.04, 3276.17,
    3597.63,
])  # fmt: skip
_WIDTHS_HZ = np.array([
    70, 70, 70, 70, 70, 70, 70, 77.3724, 86.0056, 95.3398, 105.411, 116.256, 127.914, 140.423,
    153.823, 168.154, 183.457, 199.776, 217.153, 235.631, 255.255, 276.072, 298.126, 321.465,
    346.136,
])  # fmt: skip
_FILTER_FLOOR = np.exp(-30 / (2 * 2.303))  # -30 dB: where a filter ends
_GLOBAL_PEAK_DB, _LOCAL_PEAK_DB = 20.0, 1.0

_SEGMENTAL_RANGE_DB = (-10, 35)


def composite_scores(signal, clean, pesq):
    """CSIG, CBAK and COVL: signal, background and overall quality, each 1 to 5.

    Parameters
    ----------
    signal, clean : ndarray [shape=(n,)]
        At 16 kHz, aligned.
    pesq : float
        Of the same signals, wide band.

    Returns
    -------
    dict of str to float
    """
    signal, clean = (_frames(x.astype(float) + np.finfo(float).eps) for x in (signal, clean))
    likelihood = _without_worst(likelihood_ratios(signal, clean))
    slope = _without_worst(slope_distances(signal, clean))
    noise = segmental_snr_db(signal, clean).mean()
    scores = {
        "CSIG": 3.093 - 1.029 * likelihood + 0.603 * pesq - 0.009 * slope,
        "CBAK": 1.634 + 0.478 * pesq - 0.007 * slope + 0.063 * noise,
        "COVL": 1.594 + 0.805 * pesq - 0.512 * likelihood - 0.007 * slope,
    }
    return {name: float(np.clip(score, 1, 5)) for name, score in scores.items()}


def likelihood_ratios(signal, clean):
    """How much worse the signal's prediction filter predicts the clean frame, (n_frames,), log.

    Both arguments are frames (n_frames, n) after the window.
    """
    correlation = _autocorrelation(clean)
    matrices = correlation[:, np.abs(np.subtract.outer(*[np.arange(_LPC_ORDER + 1)] * 2))]
    errors = [
        np.einsum("fi,fij,fj->f", filters, matrices, filters)
        for filters in (_prediction_filters(_autocorrelation(signal)),
                        _prediction_filters(correlation))
    ]  # fmt: skip
    return np.log(np.maximum(errors[0], 1e-20) / np.maximum(errors[1], 1e-20))


def slope_distances(signal, clean):
    """Weighted spectral slope distance of frames (n_frames, n), (n_frames,)."""
    levels_db = [10 * np.log10(np.maximum(_band_powers(x), _TINY)) for x in (signal, clean)]
    slopes = [np.diff(level, axis=1) for level in levels_db]
    weight = sum(map(_slope_weights, levels_db, slopes)) / 2
    return (weight * (slopes[1] - slopes[0]) ** 2).sum(1) / weight.sum(1)


def segmental_snr_db(signal, clean):
    """Signal-to-noise ratio of each frame, limited to what is heard, (n_frames,)."""
    noise = ((clean - signal) ** 2).sum(1)
    return np.clip(10 * np.log10((clean**2).sum(1) / (noise + _TINY) + _TINY), *_SEGMENTAL_RANGE_DB)


def _frames(signal):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, _FRAME + 1) / (_FRAME + 1))
    frames = np.lib.stride_tricks.sliding_window_view(signal, _FRAME)[::_STEP]
    return frames * window


def _without_worst(distances):
    kept = np.sort(distances)[: max(1, round(len(distances) * _KEPT_SHARE))]
    return kept.mean()


def _autocorrelation(frames):
    power = np.abs(np.fft.rfft(frames, 2 * _FRAME)) ** 2
    return np.fft.irfft(power)[:, : _LPC_ORDER + 1]


def _prediction_filters(correlation):
    """Levinson-Durbin over all frames at once, (n_frames, _LPC_ORDER + 1), first 1."""
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1
    error = np.maximum(correlation[:, 0], 1e-20)
    for order in range(1, _LPC_ORDER + 1):
        missed = (filters[:, :order] * correlation[:, order:0:-1]).sum(1)
        reflection = (-missed / error)[:, None]
        filters[:, : order + 1] += reflection * filters[:, order::-1]
        error = np.maximum(error * (1 - reflection[:, 0] ** 2), 1e-20)
    return filters


def _band_powers(frames):
    n_fft = 2 ** int(np.ceil(np.log2(2 * _FRAME)))
    n_bins = n_fft // 2
    power = np.abs(np.fft.rfft(frames, n_fft)[:, :n_bins]) ** 2
    centres, widths = (values / (RATE / 2) * n_bins for values in (_CENTRES_HZ, _WIDTHS_HZ))
    distance = (np.arange(n_bins) - np.floor(centres)[:, None]) / widths[:, None]
    filters = np.exp(-11 * distance**2) * (_WIDTHS_HZ[0] / _WIDTHS_HZ)[:, None]
    return power @ (filters * (filters > _FILTER_FLOOR)).T


def _slope_weights(levels_db, slopes):
    """Larger near the frame's peak and near each slope's own peak."""
    n_frames, n_slopes = slopes.shape
    peaks = np.empty_like(slopes)
    # The first band from which it no longer rises, to the right; falls, to the left.
    right, left = np.full(n_frames, n_slopes), np.full(n_frames, -1)
    rows = np.arange(n_frames)
    for band in range(n_slopes):
        left = np.where(slopes[:, band] > 0, band, left)
        peaks[:, band] = levels_db[rows, left + 1]
    for band in reversed(range(n_slopes)):
        rises = slopes[:, band] > 0
        right = np.where(rises, right, band)
        peaks[rises, band] = levels_db[rows[rises], right[rises] - 1]
    below_global = levels_db.max(1, keepdims=True) - levels_db[:, :-1]
    below_local = peaks - levels_db[:, :-1]
    return (
        _GLOBAL_PEAK_DB / (_GLOBAL_PEAK_DB + below_global)
        * _LOCAL_PEAK_DB / (_LOCAL_PEAK_DB + below_local)
    )  # fmt: skip
