"""Another microphone for every window: its response is on all that it records."""

import numpy as np
import torch

from percepnet.constants import N_BINS, SAMPLE_RATE
from percepnet_training.enhancement import N_PASSED

LEVEL_DB = 10.0  # louder or softer by up to this
SMOOTH_KNOTS = 7  # a response's bumps are about this wide
KNOT_HZ, KNOT_SHARE = 100.0, 0.108  # between knots: an ERB (of the frequency), but 100 Hz below

BIN_HZ = SAMPLE_RATE / 2 / (N_BINS - 1)
_PLACES = np.log1p(BIN_HZ * np.arange(N_PASSED) * KNOT_SHARE / KNOT_HZ) / KNOT_SHARE
_KNOTS = np.arange(np.ceil(_PLACES[-1]) + 1)


def recoloured(rng, spectra, colour_db):
    """Spectra as if each window had been recorded at another level, with another response.

    Parameters
    ----------
    rng : numpy.random.Generator
    spectra : float32 [3, 2, n_windows, n_frames, N_PASSED]
    colour_db : float
        Standard deviation of the tilt over all frequencies and of the bumps of the response, dB.

    Returns
    -------
    float32, same shape
        Gains, strengths and coherences stay as they are: they are ratios at one frequency.
    """
    n_windows = spectra.shape[2]
    level_db, tilt_db = rng.uniform(-LEVEL_DB, LEVEL_DB, n_windows), rng.normal(0, 1, n_windows)
    bumps = rng.normal(0, 1, (n_windows, len(_KNOTS) + SMOOTH_KNOTS - 1))
    kernel = np.hanning(SMOOTH_KNOTS + 2)[1:-1]
    kernel /= np.sqrt(np.sum(kernel**2))
    tilt = np.linspace(-1, 1, len(_KNOTS))
    responses = [
        np.interp(_PLACES, _KNOTS, colour_db * (tilt * share + np.convolve(row, kernel, "valid")))
        for share, row in zip(tilt_db, bumps, strict=True)
    ]
    factors = 10 ** ((np.stack(responses) + level_db[:, np.newaxis]) / 20)
    factors = torch.from_numpy(factors.astype(np.float32)).to(spectra.device)
    return spectra * factors[:, np.newaxis]
