"""The compiled C files as Python sees them."""

import ctypes
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def load_library() -> ctypes.CDLL | None:
    """Load what pitch.c and shape.c were compiled to; None where that is not for this machine."""
    file = next(_FOLDER.glob("dsp-*"), None)
    try:
        library = ctypes.CDLL(str(file)) if file else None
    except OSError:
        return None
    if library:
        library.percepnet_pitch_process.restype = ctypes.c_double
        library.percepnet_pitch_reset.restype = None
        library.percepnet_shape.restype = None
    return library
