"""A network that says what it is told, for tests of everything around it."""

import numpy as np

from percepnet.constants import N_BANDS, N_FILTER_BANDS, N_FILTER_FRAMES

NO_FILTER = np.zeros((N_FILTER_BANDS, N_FILTER_FRAMES), np.complex64)


class ConstantNetwork:
    """Always the same gain, strength and filter; keeps the features it was shown."""

    kernel = "numpy"

    def __init__(self, gain=1.0, strength=0.0, filter_weight=0.0):
        self.gains = np.full(N_BANDS, gain, np.float32)
        self.strengths = np.full(N_BANDS, strength, np.float32)
        self.filter_weights = np.full_like(NO_FILTER, filter_weight)
        self.seen = []

    def initial_state(self):
        return None

    def step(self, features, state):
        self.seen.append(features)
        return self.gains, self.strengths, self.filter_weights, 0.5, state


class ScriptedNetwork:
    """Row n of given gains and strengths at hop n."""

    kernel = "numpy"

    def __init__(self, gains, strengths):
        self.rows = list(zip(gains, strengths, strict=True))

    def initial_state(self):
        return 0

    def step(self, features, state):
        gains, strengths = self.rows[state]
        return gains, strengths, NO_FILTER, 0.5, state + 1
