"""What the package makes of a take: of what a denoiser's node received and emitted."""

import numpy as np

from percepnet import HOP_LENGTH, SAMPLE_RATE, Enhancer

# Two nodes of a context need not begin with the same frame: in Chromium, now and then, one does a
# quantum or a whole burst after the other.
MAX_HOPS_APART = 3
GRID = 32  # what hops of 480 samples and quanta of 128 have in common

# Judged by so much of it, a quarter of which has to be in time and in its place: the delay may grow
# after 0.6 s, and some tests let the engine stall after a second.
START = 3 * SAMPLE_RATE // 2
JUDGED_SHARE = 0.25


def enhanced_as_emitted(received, emitted, cushion, model):
    """What a node with the package in it emits, always in time; as long as the whole hops.

    How much silence the engine had heard when the recording begins, and so where its hops lie, the
    recording does not tell: as much as fits what was emitted best.
    """
    start = received[:START]
    assert start.any(), "the recording is silent"

    def error(n_before):
        enhanced = enhance_after(n_before, start, model)
        n_samples = min(len(enhanced), len(emitted) - cushion)
        difference = np.abs(enhanced[:n_samples] - emitted[cushion:][:n_samples])
        return np.quantile(difference, JUDGED_SHARE)

    part_of_hop = min(range(0, HOP_LENGTH, GRID), key=error)
    n_silent = np.flatnonzero(start)[0]
    n_hops_silent = min((n_silent + part_of_hop) // HOP_LENGTH, MAX_HOPS_APART)
    hops_before = range(-n_hops_silent, MAX_HOPS_APART + 1)
    n_before = min((part_of_hop + HOP_LENGTH * n for n in hops_before), key=error)
    enhanced = enhance_after(n_before, received, model)
    return np.concatenate([np.zeros(cushion, np.float32), enhanced])[: len(emitted)]


def enhance_after(n_before, samples, model):
    """What the package makes of them after so much silence, or without so many of the first."""
    n_left_out = max(0, -n_before)
    heard = np.concatenate([np.zeros(max(0, n_before), np.float32), samples[n_left_out:]])
    hops = heard[: len(heard) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    enhancer = Enhancer(model)
    enhanced = np.concatenate([enhancer.process(hop) for hop in hops])
    return np.concatenate([np.zeros(n_left_out, np.float32), enhanced])[max(0, n_before) :]
