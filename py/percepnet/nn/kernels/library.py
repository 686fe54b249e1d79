"""The compiled int8.c as Python sees it."""

import ctypes
from functools import cache
from pathlib import Path

DENSE_TANH, DENSE_SIGMOID, CONV, GRU = range(4)


class Copy(ctypes.Structure):
    """``struct copy``."""

    _fields_ = [(name, ctypes.c_int32) for name in ("from_hop_before", "from_", "to", "n_bytes")]


class Linear(ctypes.Structure):
    """``struct linear``."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weight", "offset", "step", "bias")),
        *((name, ctypes.c_int32) for name in ("n_in", "n_out")),
    ]


class Layer(ctypes.Structure):
    """``struct layer``."""

    _fields_ = [
        ("input", Linear),
        ("recurrent", Linear),
        ("copies", ctypes.POINTER(Copy)),
        *((name, ctypes.c_int32) for name in ("n_copies", "kind", "from_", "value", "quantized")),
    ]


@cache
def load_library(path: Path) -> ctypes.CDLL | None:
    """Load a compiled int8.c; None if this processor lacks what it was compiled for.

    Raises
    ------
    OSError
        The file is not there or not for this machine.
    """
    library = ctypes.CDLL(str(path))
    if not library.percepnet_is_supported():
        return None
    library.percepnet_run.restype = None
    return library
