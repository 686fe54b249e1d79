"""Signals at the right moment."""

import signal
import threading
from contextlib import contextmanager

INTERRUPTS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def interrupts_held_back():
    """Let signals wait until the ``with`` block ends.

    Where a library in C calls back, Python could only print what their handlers raise, and go on.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are not heard here
        yield
        return
    held = []
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in handlers:
            signal.signal(number, lambda number, _: held.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)
