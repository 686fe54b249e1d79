"""The costliest stages, faster: pitch.c and shape.c, compiled for this machine or for browsers.

What numpy does stays the reference: whole files are analysed by it, and where nothing was
compiled, all is.
"""

from functools import cache

import numpy as np

from percepnet.constants import HOP_LENGTH, MAX_PERIOD, N_BANDS, N_BINS, WINDOW_LENGTH
from percepnet.dsp.gains import shape_spectrum
from percepnet.dsp.kernels.library import load_library
from percepnet.dsp.kernels.shaper import CompiledShaper
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import PitchTracker

_N_TRIAL_HOPS = 6


def make_tracker(compiled):
    """The pitch tracker: `CompiledTracker` if wanted and possible, else `PitchTracker`."""
    return CompiledTracker(load_library()) if compiled and _works() else PitchTracker()


def make_shaper(compiled):
    """What shapes spectra: `CompiledShaper` if wanted and possible, else `shape_spectrum`."""
    return CompiledShaper(load_library()) if compiled and _works() else shape_spectrum


@cache
def _works():
    """Whether the compiled stages are there, run, and compute what numpy does."""
    library = load_library()
    return library is not None and _tracks(library) and _shapes(library)


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


def _shapes(library):
    spectra = _spread(4 * N_BINS).astype(np.float32).view(np.complex64).reshape(2, N_BINS)
    bands = _spread(3 * N_BANDS).astype(np.float32).reshape(3, N_BANDS) ** 2
    shaped = [shape(*spectra, *bands) for shape in (CompiledShaper(library), shape_spectrum)]
    return np.allclose(*shaped, rtol=1e-4)
