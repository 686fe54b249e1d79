"""The sound of one channel in five calls of channel.c."""

import ctypes

import numpy as np

from percepnet.constants import (
    BAND_CENTRES,
    ENERGY_SCALE,
    HOP_LENGTH,
    LOOKAHEAD,
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_BINS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    N_GROUP_FEATURES,
    N_GROUPS,
    PASSBAND_EDGE,
    WINDOW_LENGTH,
)
from percepnet.dsp.comb import PAST, WEIGHT_TABLE
from percepnet.dsp.erb import FRACTIONS, PASSBAND
from percepnet.dsp.features import compress_levels
from percepnet.dsp.stft import WINDOW

_FLOAT, _DOUBLE, _INT = ctypes.c_float, ctypes.c_double, ctypes.c_int32
_N_KEPT = LOOKAHEAD_HOPS + 1
_SPECTRUM, _BANDS = _FLOAT * (2 * N_BINS), _FLOAT * N_BANDS


class _Tables(ctypes.Structure):
    """``struct tables``."""

    _fields_ = [
        ("window", _DOUBLE * WINDOW_LENGTH),
        ("tap_weights", _DOUBLE * WEIGHT_TABLE.size),
        ("roots", _DOUBLE * (2 * WINDOW_LENGTH)),
        ("ends", _INT * N_BANDS),
        ("fraction", _FLOAT * N_BINS),
        ("passband", _FLOAT * N_BINS),
        ("energy_scale", _FLOAT),
    ]


class _Channel(ctypes.Structure):
    """``struct channel``."""

    _fields_ = [
        ("history", _DOUBLE * (PAST + WINDOW_LENGTH + LOOKAHEAD)),
        ("private", _DOUBLE * (HOP_LENGTH + 2)),
        ("hop", _FLOAT * HOP_LENGTH),
        ("strengths", _BANDS),
        ("gains", _BANDS),
        ("filter_weights", _FLOAT * (2 * N_FILTER_BANDS * N_FILTER_FRAMES)),
        ("least_gains", _BANDS),
        ("energies", _BANDS * _N_KEPT),
        ("pitch_energy", _BANDS),
        ("levels", _BANDS * _N_KEPT),
        ("pitch_level", _BANDS),
        ("features", _FLOAT * (N_GROUPS * N_GROUP_FEATURES)),
        ("spectra", _SPECTRUM * N_FILTER_FRAMES),
        ("pitch_spectrum", _SPECTRUM),
        ("shaped", _SPECTRUM),
    ]


def _array(structure, field, dtype):
    return np.frombuffer(getattr(structure, field), dtype)


def _tables():
    tables = _Tables(energy_scale=ENERGY_SCALE)
    roots = np.exp(-2j * np.pi / WINDOW_LENGTH * np.arange(WINDOW_LENGTH))
    _array(tables, "window", np.float64)[:] = WINDOW
    _array(tables, "tap_weights", np.float64)[:] = WEIGHT_TABLE.reshape(-1)
    _array(tables, "roots", np.complex128)[:] = roots
    _array(tables, "ends", np.int32)[:] = *BAND_CENTRES[1:], PASSBAND_EDGE + 1
    _array(tables, "fraction", np.float32)[:] = FRACTIONS
    _array(tables, "passband", np.float32)[:] = PASSBAND
    return tables


_TABLES = _tables()


class CompiledChannel:
    """As `Channel`, to 1e-5 of the level in each band.

    Parameters
    ----------
    library : ctypes.CDLL
        From `load_library`.

    Attributes
    ----------
    shaped : ndarray [shape=(N_BINS,), dtype=complex64]
        The spectrum that `enhance` made last.
    history, spectra, energies, pitch_spectrum, pitch_energy
        As those of `Channel`, but overwritten by the next hop.
    """

    def __init__(self, library):
        self._library = library
        channel = _Channel()
        self._channel, self._tables = ctypes.byref(channel), ctypes.byref(_TABLES)

        self.history = _array(channel, "history", np.float64)
        self.spectra = _array(channel, "spectra", np.complex64).reshape(N_FILTER_FRAMES, N_BINS)
        self.pitch_spectrum = _array(channel, "pitch_spectrum", np.complex64)
        self.shaped = _array(channel, "shaped", np.complex64)
        self.energies = _array(channel, "energies", np.float32).reshape(_N_KEPT, N_BANDS)
        self.pitch_energy = _array(channel, "pitch_energy", np.float32)
        self._hop, features, levels, self._strengths, self._gains = (
            _array(channel, field, np.float32)
            for field in ("hop", "features", "levels", "strengths", "gains")
        )
        filter_weights = _array(channel, "filter_weights", np.complex64)
        self._filter_weights = filter_weights.reshape(N_FILTER_BANDS, N_FILTER_FRAMES)
        self._features = features.reshape(N_GROUPS, N_GROUP_FEATURES)
        levels[:] = compress_levels(np.zeros(1, np.float32))

    def push(self, hop):
        """As `Channel.push`."""
        self._hop[:] = hop
        self._library.percepnet_channel_push(self._channel)

    def analyse(self, period):
        """As `Channel.analyse`."""
        self._library.percepnet_channel_analyse(self._channel, self._tables, period)

    def features(self, period, correlation):
        """As `Channel.features`; the next call overwrites what is returned."""
        self._library.percepnet_channel_describe(self._channel, self._tables, period, correlation)
        return self._features

    def filter_gains(self, gains):
        """As `Channel.filter_gains`; it and `enhance` overwrite what was returned."""
        self._gains[:] = gains
        self._library.percepnet_channel_filter(self._channel)
        return self._gains

    def enhance(self, strengths, filter_weights, gains):
        """As `Channel.enhance`."""
        self._strengths[:] = strengths
        self._filter_weights[:] = filter_weights
        self._gains[:] = gains
        self._library.percepnet_channel_enhance(self._channel, self._tables)
        return self._hop.copy()
