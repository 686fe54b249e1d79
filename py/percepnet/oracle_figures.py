"""The oracle's two pictures: spectrograms of the stages; the bands and the comb filter."""

import numpy as np
from matplotlib.figure import Figure

from percepnet.constants import (
    BANDS_PER_ERB,
    HOP_LENGTH,
    LOOKAHEAD,
    N_BANDS,
    N_BINS,
    SAMPLE_RATE,
)
from percepnet.dsp.comb import PAST, noise_gain, response, tap_shifts
from percepnet.dsp.erb import BAND_WEIGHTS

# Spectrograms: 43 ms windows, so that harmonics of any voice stand apart
_WINDOW = 2048
_HOP = 400
_SHOWN_S = 2.0
_LOWEST_HZ, _HIGHEST_HZ = 80, 12_000
_RANGE_DB = 60
_FREQUENCIES_HZ = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
_SHOWN_BINS = (_FREQUENCIES_HZ > _LOWEST_HZ / 2) & (_FREQUENCIES_HZ < _HIGHEST_HZ)

_EXAMPLE_F0_HZ = 120


def draw_stages(path, signals, centres):
    """Spectrograms of the stages side by side, as PNG.

    Parameters
    ----------
    path : Path
    signals : dict of str to ndarray [shape=(n,)]
        By heading; at most eight.
    centres : ndarray
        Middles of the voiced frames: the two seconds with most of them are shown.
    """
    n = len(next(iter(signals.values())))
    start = _most_voiced(n, centres)
    shown = slice(start, start + int(_SHOWN_S * SAMPLE_RATE))
    spectrograms = {name: _spectrogram_db(signal[shown]) for name, signal in signals.items()}
    loudest = max(spectrogram.max() for spectrogram in spectrograms.values())

    figure = Figure(figsize=(16, 8.5), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for axis, (name, spectrogram) in zip(axes.flat, spectrograms.items(), strict=False):
        time = (start + np.arange(spectrogram.shape[1]) * _HOP) / SAMPLE_RATE
        mesh = axis.pcolormesh(
            time, _FREQUENCIES_HZ[_SHOWN_BINS], spectrogram, shading="nearest", cmap="magma",
            vmin=loudest - _RANGE_DB, vmax=loudest,
        )  # fmt: skip
        axis.set(title=name, yscale="log", ylim=(_LOWEST_HZ, _HIGHEST_HZ))
    for axis in axes.flat[len(signals) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel("Hz")
        axis.set_yticks([100, 200, 500, 1000, 2000, 5000, 10_000])
        axis.set_yticklabels(["100", "200", "500", "1 k", "2 k", "5 k", "10 k"])
    for axis in axes[-1]:
        axis.set_xlabel("s")
    figure.colorbar(mesh, ax=axes, label="dB", shrink=0.6)
    figure.savefig(path, dpi=100)


def _most_voiced(n, centres):
    """First sample of the stretch that holds most voiced frames."""
    shown = int(_SHOWN_S * SAMPLE_RATE)
    starts = np.arange(0, max(n - shown, 0) + 1, HOP_LENGTH)
    held = np.searchsorted(centres, starts + shown) - np.searchsorted(centres, starts)
    return int(starts[np.argmax(held)])


def _spectrogram_db(signal):
    padded = np.pad(signal, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))).T
    return 20 * np.log10(magnitudes[_SHOWN_BINS] + 1e-6)


def draw_filters(path):
    """The bands, and the comb filter with all taps and with those that are known, as PNG."""
    figure = Figure(figsize=(12, 7.5), layout="constrained")
    bands, comb = figure.subplots(2, 1)
    frequency_hz = np.arange(N_BINS) * SAMPLE_RATE / 2 / (N_BINS - 1)
    bands.plot(frequency_hz, BAND_WEIGHTS.T)
    bands.set(
        title=f"{N_BANDS} bands, {BANDS_PER_ERB} to the ERB", xlabel="Hz", xscale="log",
        xlim=(50, 22_000), ylabel="share of the bin",
    )  # fmt: skip

    period = SAMPLE_RATE / _EXAMPLE_F0_HZ
    frequency_hz = np.linspace(0, 8 * _EXAMPLE_F0_HZ, 4001)
    for lookahead, heading in ((PAST, "five periods on each side"), (LOOKAHEAD, "20 ms ahead")):
        gain = response(period, frequency_hz, lookahead)
        noise_db = 10 * np.log10(noise_gain(period, lookahead))
        n_taps = len(tap_shifts(period, lookahead))
        label = f"{heading}: {n_taps} taps, white noise {noise_db:.1f} dB"
        comb.plot(frequency_hz, 20 * np.log10(gain + 1e-4), label=label)
    comb.set(
        title=f"comb filter of a voice at {_EXAMPLE_F0_HZ} Hz", xlabel="Hz", ylabel="dB",
        ylim=(-50, 3), xlim=(0, frequency_hz[-1]),
    )  # fmt: skip
    comb.legend(loc="lower right")
    figure.savefig(path, dpi=100)
