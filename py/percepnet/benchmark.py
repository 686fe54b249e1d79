"""What a hop costs, and where the time goes: `percepnet bench`."""

import platform
import zlib
from collections import Counter
from contextlib import contextmanager
from math import prod
from time import perf_counter_ns

import numpy as np

from percepnet import enhancer
from percepnet.constants import HOP_LENGTH, N_GROUP_FEATURES, N_GROUPS, SAMPLE_RATE
from percepnet.dsp.channel import Channel
from percepnet.dsp.kernels.channel import CompiledChannel
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import PitchTracker
from percepnet.network import PercepNet, quantize_network
from percepnet.topology import Topology, parameter_shapes


def _of_channels(method):
    return [(Channel, method), (CompiledChannel, method)]


# Per stage the functions of the chain that it consists of: (where the chain finds it, its name).
STAGES = {
    "high-pass": _of_channels("push"),
    "pitch": [(CompiledTracker, "process"), (PitchTracker, "process")],
    "analysis": _of_channels("analyse"),  # of the periodic part too: the comb filter
    "features": _of_channels("features"),
    "network": [(PercepNet, "step")],
    "gains": [*_of_channels("filter_gains"), (enhancer, "gated")],
    "synthesis": _of_channels("enhance"),  # and what is done to the spectrum before
}

N_WARM_UP_HOPS = 50  # caches fill, the processor's clock rises
N_CHECKED_HOPS = 50
HOP_MS = 1000 * HOP_LENGTH / SAMPLE_RATE

# As many weights as the paper's: eight million
PAPER = Topology(channels=48, squeeze=6, full=1024, expand=8)


def bench(model: PercepNet, seconds: float) -> dict:
    """Time the enhancer hop by hop on a synthetic noisy voice.

    The figures of the whole hop come from an undisturbed run; a second run, with a clock around
    every stage, tells how its time divides.

    Returns
    -------
    dict
        ``hop_ms`` (median, p99, max), ``real_time_factor`` (mean hop over 10 ms), ``stages_ms``
        (mean per hop), ``ns_per_weight`` (of the network), ``checksum`` (the same wherever the
        network computes the same bits), and what was measured on what; all of it fit for JSON.
    """
    hops = noisy_voice(seconds).reshape(-1, HOP_LENGTH)
    hop_ms = np.sort(run(model, hops))
    stages_ms = stage_times(model, hops)
    return {
        "n_weights": model.n_weights,
        "kernel": model.kernel,
        "n_hops": len(hops),
        "hop_ms": {
            "median": float(hop_ms[len(hop_ms) // 2]),
            "p99": float(hop_ms[99 * len(hop_ms) // 100]),
            "max": float(hop_ms[-1]),
        },
        "real_time_factor": float(hop_ms.mean() / HOP_MS),
        "stages_ms": stages_ms,
        "ns_per_weight": 1e6 * stages_ms["network"] / model.n_weights,
        "checksum": checksum(model),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def run(model, hops):
    """Milliseconds that each hop takes, (n_hops,)."""
    denoiser = enhancer.Enhancer(model)
    for hop in np.resize(hops, (N_WARM_UP_HOPS, HOP_LENGTH)):
        denoiser.process(hop)
    marks = [perf_counter_ns()]
    for hop in hops:
        denoiser.process(hop)
        marks.append(perf_counter_ns())
    return np.diff(marks) / 1e6


def stage_times(model, hops):
    """Milliseconds per hop that each stage takes, on average."""
    with clocks() as spent_ns:
        run(model, hops)
    return {stage: spent_ns[stage] / (len(hops) + N_WARM_UP_HOPS) / 1e6 for stage in STAGES}


@contextmanager
def clocks():
    """Around every stage; gives what they count, in nanoseconds by stage."""
    spent_ns = Counter()
    originals = [
        (stage, owner, name, getattr(owner, name))
        for stage, functions in STAGES.items()
        for owner, name in functions
    ]
    try:
        for stage, owner, name, function in originals:
            setattr(owner, name, clocked(function, stage, spent_ns))
        yield spent_ns
    finally:
        for _, owner, name, function in originals:
            setattr(owner, name, function)


def clocked(function, stage, spent_ns):
    """The same function; adds the time it takes to ``spent_ns[stage]``."""

    def call(*args, **kwargs):
        start = perf_counter_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent_ns[stage] += perf_counter_ns() - start

    return call


def noisy_voice(seconds):
    """Harmonics of a gliding pitch, four syllables a second, in white noise: whole hops."""
    time = np.arange(int(seconds * SAMPLE_RATE) // HOP_LENGTH * HOP_LENGTH) / SAMPLE_RATE
    phase = 2 * np.pi * (140 * time - 8 * np.cos(2 * np.pi * 0.5 * time))
    voice = sum(np.sin(n * phase) / n for n in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, None)
    return (0.1 * voice * syllables + 0.035 * noise(len(time))).astype(np.float32)


def noise(n, first=0):
    """White noise in -1...1, by mixing the bits of 0, 1, 2, ...: a page has no numpy.random."""
    bits = np.arange(first, first + n).astype(np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):  # Wellons's lowbias32
        bits ^= bits >> np.uint32(shift)
        bits *= np.uint32(factor)
    return bits * 2.0**-31 - 1


def random_network(topology, kernel=None):
    """A network of that size whose activations all move; its output means nothing."""
    parameters = {
        name: (2.5 / prod(shape[1:]) ** 0.5 * noise(prod(shape), prod(shape)))
        .astype(np.float32)
        .reshape(shape)
        for name, shape in parameter_shapes(topology).items()
    }
    network = quantize_network(topology, parameters)
    return PercepNet(network.topology, network.layers, kernel)


def checksum(model):
    """Of what the network makes of given features: equal sums, equal bits."""
    state, total = model.initial_state(), 0
    shape = N_CHECKED_HOPS, N_GROUPS, N_GROUP_FEATURES
    for features in 2 * noise(prod(shape)).reshape(shape):
        *answers, _, state = model.step(features.astype(np.float32), state)
        for values in answers:
            total = zlib.crc32(values.tobytes(), total)
    return total
