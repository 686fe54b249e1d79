"""Another microphone for every window: its response moves band levels and nothing else."""

import numpy as np

from percepnet.constants import N_BANDS

LEVEL_DB = 10.0  # louder or softer by up to this
FEATURE_PER_DB = 1 / 20  # of a level feature: half the decimal logarithm of the energy
SMOOTH_BANDS = 7  # a response's bumps are about this wide


def recoloured(rng, features, colour_db):
    """Features as if each window had been recorded at another level, with another response.

    Gains, strengths and coherences are ratios within a band: they stay as they are.

    Parameters
    ----------
    rng : numpy.random.Generator
    features : (n_windows, n_frames, N_FEATURES) float32
    colour_db : float
        Standard deviation of the tilt over all bands and of the bumps of the response, dB.

    Returns
    -------
    (n_windows, n_frames, N_FEATURES) float32
    """
    n_windows = len(features)
    response_db = rng.uniform(-LEVEL_DB, LEVEL_DB, (n_windows, 1))
    response_db = response_db + rng.normal(0, colour_db, (n_windows, 1)) * np.linspace(
        -1, 1, N_BANDS
    )
    bumps = rng.normal(0, colour_db, (n_windows, N_BANDS + SMOOTH_BANDS - 1))
    kernel = np.hanning(SMOOTH_BANDS + 2)[1:-1]
    kernel /= np.sqrt(np.sum(kernel**2))
    response_db += np.stack([np.convolve(row, kernel, "valid") for row in bumps])
    moved = features.copy()
    moved[..., :N_BANDS] += (response_db * FEATURE_PER_DB)[:, np.newaxis].astype(np.float32)
    return moved
