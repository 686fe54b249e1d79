"""The stages of sound, faster: C files, compiled for this machine or for browsers.

What numpy does stays the reference: whole files are analysed by it, and where nothing was
compiled, all is.
"""

from functools import cache

import numpy as np

from percepnet.constants import (
    HOP_LENGTH,
    MAX_PERIOD,
    N_BANDS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    WINDOW_LENGTH,
)
from percepnet.dsp.channel import Channel
from percepnet.dsp.kernels.channel import CompiledChannel
from percepnet.dsp.kernels.library import load_library
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import PitchTracker

_N_TRIAL_HOPS = 6


def make_tracker(compiled):
    """The pitch tracker: `CompiledTracker` if wanted and possible, else `PitchTracker`."""
    return CompiledTracker(load_library()) if compiled and _works() else PitchTracker()


def make_channel(compiled):
    """A channel: `CompiledChannel` if wanted and possible, else `Channel`."""
    return CompiledChannel(load_library()) if compiled and _works() else Channel()


@cache
def _works():
    """Whether the compiled stages are there, run, and compute what numpy does."""
    library = load_library()
    return library is not None and _tracks(library) and _enhances(library)


def _spread(n):
    """Numbers in -1...1 in no order; numpy.random is not in the page's bundle."""
    return np.sin(np.arange(1, n + 1) ** 1.7)


def _tracks(library):
    past = MAX_PERIOD + 3 * WINDOW_LENGTH
    history = np.concatenate([np.zeros(past), _spread(_N_TRIAL_HOPS * HOP_LENGTH)])
    ends = range(past + HOP_LENGTH, len(history) + 1, HOP_LENGTH)
    trackers = CompiledTracker(library), PitchTracker()
    tracks = [[tracker.process(history[:end]) for end in ends] for tracker in trackers]
    return np.allclose(*tracks, rtol=1e-9, atol=1e-12)


def _enhances(library):
    compiled, channel = CompiledChannel(library), Channel()
    noise = _spread(_N_TRIAL_HOPS // 2 * HOP_LENGTH)
    sound = np.concatenate([noise, np.sin(np.arange(len(noise)) / 9)])  # steep, and not
    hops = sound.astype(np.float32).reshape(-1, HOP_LENGTH)
    strengths, gains = _spread(2 * N_BANDS).astype(np.float32).reshape(2, N_BANDS) ** 4
    weights = _spread(2 * N_FILTER_BANDS * N_FILTER_FRAMES).astype(np.float32).view(np.complex64)
    answers = strengths, weights.reshape(N_FILTER_BANDS, N_FILTER_FRAMES), gains
    for period, hop in enumerate(hops, start=MAX_PERIOD // 4):
        results = [_through(each, hop, 1.1 * period, answers) for each in (compiled, channel)]
        if not np.allclose(*results, rtol=1e-4, atol=1e-6):
            return False
    return True


def _through(channel, hop, period, answers):
    channel.push(hop)
    channel.analyse(period)
    features, gains = channel.features(period, 0.5), channel.filter_gains(answers[-1]).copy()
    return np.concatenate([features.reshape(-1), gains, channel.enhance(*answers)])
