"""Memory that the C library keeps, in place of asking the system for it again at every step."""

import ctypes
import sys

# glibc's malloc.h
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_MOST, _PAD = 2**31 - 1, 2**28


def keep_freed_memory():
    """Where the C library is glibc: halves the time of a training's step on a CPU.

    A step frees and asks for hundreds of arrays of megabytes. By itself, glibc gives such back to
    the system, which then has to clear every page that is asked for again.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _MOST)
        mallopt(_TOP_PAD, _PAD)
