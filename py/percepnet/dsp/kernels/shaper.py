"""Comb mix and band gains in one call of shape.c."""

import ctypes

import numpy as np

from percepnet.constants import ENERGY_SCALE, N_BANDS, N_BINS
from percepnet.dsp.erb import FRACTIONS, LOWER_BANDS, PASSBAND

_TABLES = np.concatenate([LOWER_BANDS, FRACTIONS, PASSBAND, [ENERGY_SCALE]]).astype(np.float32)
_SPECTRUM, _BANDS = ctypes.c_float * (2 * N_BINS), ctypes.c_float * N_BANDS


class _Work(ctypes.Structure):
    """``struct work``."""

    _fields_ = [
        *((name, _SPECTRUM) for name in ("shaped", "spectrum", "pitch_spectrum")),
        *((name, _BANDS) for name in ("strengths", "gains", "energy")),
    ]


class CompiledShaper:
    """As `shape_spectrum`, to 1e-5 of the level in each band.

    Parameters
    ----------
    library : ctypes.CDLL
        From `load_library`.
    """

    def __init__(self, library):
        self._shape = library.percepnet_shape
        work = _Work()
        self._arguments = ctypes.byref(work), ctypes.c_void_p(_TABLES.ctypes.data)
        spectra = (work.shaped, work.spectrum, work.pitch_spectrum)
        self._shaped, self._spectrum, self._pitch_spectrum = (
            np.frombuffer(field, np.complex64) for field in spectra
        )
        bands = (work.strengths, work.gains, work.energy)
        self._strengths, self._gains, self._energy = (
            np.frombuffer(field, np.float32) for field in bands
        )

    def __call__(self, spectrum, pitch_spectrum, strengths, gains, energy):
        """As `shape_spectrum` of one spectrum; the next call overwrites what is returned."""
        self._spectrum[:] = spectrum
        self._pitch_spectrum[:] = pitch_spectrum
        self._strengths[:] = strengths
        self._gains[:] = gains
        self._energy[:] = energy
        self._shape(*self._arguments)
        return self._shaped
