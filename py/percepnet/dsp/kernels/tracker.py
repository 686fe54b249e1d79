"""The pitch tracker in one call of pitch.c."""

import ctypes

import numpy as np

from percepnet.constants import HOP_LENGTH, LOOKAHEAD, MAX_PERIOD, WINDOW_LENGTH
from percepnet.dsp.pitch import LOW_PASS
from percepnet.dsp.pitch_path import LAG_FACTORS, STEP_COSTS

_N_HISTORY = MAX_PERIOD + WINDOW_LENGTH + LOOKAHEAD
_TABLES = np.concatenate([table.reshape(-1) for table in (LOW_PASS, LAG_FACTORS, STEP_COSTS)])


class _StateStart(ctypes.Structure):
    """What Python reads and writes of ``struct state``."""

    _fields_ = [("correlation", ctypes.c_double), ("history", ctypes.c_double * _N_HISTORY)]


class CompiledTracker:
    """As `PitchTracker`, but for the order of long sums: periods to 1e-9, correlations to 1e-12.

    Parameters
    ----------
    library : ctypes.CDLL
        From `load_library`.
    """

    def __init__(self, library):
        self._library = library
        self._memory = (ctypes.c_uint8 * library.percepnet_pitch_state_size())()
        self._state = _StateStart.from_buffer(self._memory)
        self._newest = np.frombuffer(self._state.history)[-HOP_LENGTH:]
        self._arguments = self._memory, ctypes.c_void_p(_TABLES.ctypes.data)
        self.reset()

    def reset(self):
        """Forget the past: the signal before now was silent."""
        self._library.percepnet_pitch_reset(self._memory)

    def process(self, history):
        """As `PitchTracker.process`; of the history, only the newest hop is looked at."""
        self._newest[:] = history[-HOP_LENGTH:]
        period = self._library.percepnet_pitch_process(*self._arguments)
        return period, self._state.correlation
