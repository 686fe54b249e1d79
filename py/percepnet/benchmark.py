"""What a hop costs, and where the time goes: `percepnet bench`."""

import platform
from collections import Counter
from contextlib import ExitStack
from time import perf_counter_ns
from unittest.mock import patch

import numpy as np

from percepnet import enhancer as chain
from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet.dsp import kernels
from percepnet.dsp.kernels.shaper import CompiledShaper
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import PitchTracker
from percepnet.network import PercepNet

# Per stage the functions of the chain that it consists of: (where the chain finds it, its name).
STAGES = {
    "high-pass": [(chain.HighPass, "process")],
    "analysis": [(chain, "spectrum_of"), (chain, "band_energy")],
    "pitch": [(CompiledTracker, "process"), (PitchTracker, "process")],
    "comb": [(chain, "periodic_frame")],
    "features": [
        (chain, "band_correlation"),
        (chain, "band_coherence"),
        (chain, "network_features"),
    ],
    "network": [(PercepNet, "step")],
    "gains": [
        (chain, "postfilter"),
        (chain, "limit_decay"),
        (chain, "least_next_gains"),
        (CompiledShaper, "__call__"),
        (kernels, "shape_spectrum"),
    ],
    "synthesis": [(chain.Synthesis, "process")],
}

N_WARM_UP_HOPS = 50  # caches fill, the processor's clock rises
HOP_MS = 1000 * HOP_LENGTH / SAMPLE_RATE


def bench(model: PercepNet, seconds: float) -> dict:
    """Time the enhancer hop by hop on a synthetic noisy voice.

    The figures of the whole hop come from an undisturbed run; a second run, with a clock around
    every stage, tells how its time divides.

    Returns
    -------
    dict
        ``hop_ms`` (median, p99, max), ``real_time_factor`` (mean hop over 10 ms), ``stages_ms``
        (mean per hop), ``ns_per_weight`` (of the network), and what was measured on what; all
        of it fit for JSON.
    """
    hops = noisy_voice(seconds).reshape(-1, HOP_LENGTH)
    hop_ms = run(model, hops)
    spent_ns = Counter()
    with ExitStack() as patches:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                clocked_function = clocked(getattr(owner, name), stage, spent_ns)
                patches.enter_context(patch.object(owner, name, clocked_function))
        run(model, hops)
    stages_ms = {
        stage: spent_ns[stage] / (len(hops) + N_WARM_UP_HOPS) / 1e6 for stage in STAGES
    }
    return {
        "n_weights": model.n_weights,
        "kernel": model.kernel,
        "n_hops": len(hops),
        "hop_ms": {
            "median": float(np.median(hop_ms)),
            "p99": float(np.percentile(hop_ms, 99)),
            "max": float(hop_ms.max()),
        },
        "real_time_factor": float(hop_ms.mean() / HOP_MS),
        "stages_ms": stages_ms,
        "ns_per_weight": 1e6 * stages_ms["network"] / model.n_weights,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def run(model, hops):
    """Milliseconds that each hop takes, (n_hops,)."""
    enhancer = chain.Enhancer(model)
    for hop in np.resize(hops, (N_WARM_UP_HOPS, HOP_LENGTH)):
        enhancer.process(hop)
    marks = [perf_counter_ns()]
    for hop in hops:
        enhancer.process(hop)
        marks.append(perf_counter_ns())
    return np.diff(marks) / 1e6


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
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * voice * syllables + 0.02 * noise).astype(np.float32)
