"""The compiled int8.c as Python sees it."""

import ctypes
from functools import cache
from pathlib import Path

DENSE_TANH, DENSE_SIGMOID, CONV, GRU = range(4)


class Copy(ctypes.Structure):
    """``struct copy``."""

    _fields_ = [
        (name, ctypes.c_int32)
        for name in (
            "from_hop_before", "from_", "to", "n_bytes", "n_rows", "from_stride", "to_stride",
        )
    ]  # fmt: skip


class Linear(ctypes.Structure):
    """``struct linear``."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("weight", "offset", "step", "bias")),
        *((name, ctypes.c_int32) for name in ("n_in", "n_out", "bias_stride")),
    ]


class Layer(ctypes.Structure):
    """``struct layer``."""

    _fields_ = [
        ("input", Linear),
        ("recurrent", Linear),
        ("copies", ctypes.POINTER(Copy)),
        *(
            (name, ctypes.c_int32)
            for name in (
                "n_copies", "kind", "n_rows", "from_", "from_stride", "value", "quantized",
                "n_values",
            )
        ),
    ]  # fmt: skip


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
