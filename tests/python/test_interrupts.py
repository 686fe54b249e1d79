"""Signals wait where their exceptions would be lost, and are heard right after."""

import signal
import threading

import pytest

from percepnet.interrupts import INTERRUPTS, interrupts_held_back


class Told(Exception):
    pass


@pytest.fixture(params=INTERRUPTS, ids=lambda number: number.name)
def number(request):
    """A signal whose handler raises Told."""

    def tell(*_):
        raise Told

    before = signal.signal(request.param, tell)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_waits_for_the_end(number):
    handler, steps = signal.getsignal(number), []

    def work():
        with interrupts_held_back():
            signal.raise_signal(number)
            steps.append("after the signal")

    with pytest.raises(Told):
        work()
    assert steps == ["after the signal"]
    assert signal.getsignal(number) is handler


def test_handlers_come_back_after_an_error(number):
    handler = signal.getsignal(number)
    with pytest.raises(OSError, match="full"), interrupts_held_back():
        raise OSError("full")
    assert signal.getsignal(number) is handler


def test_what_ends_the_process_or_is_ignored_stays_so(number):
    for handler in (signal.SIG_DFL, signal.SIG_IGN):
        signal.signal(number, handler)
        with interrupts_held_back():
            assert signal.getsignal(number) is handler


def test_other_threads_hear_no_signals_and_go_on():
    steps = []

    def step():
        with interrupts_held_back():
            steps.append("done")

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert steps == ["done"]
