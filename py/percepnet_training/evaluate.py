"""How good a network is on mixtures of the dev split, which no fit has seen."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tqdm import tqdm

from percepnet import enhance
from percepnet.scores import si_sdr_db

CLASS_EDGES_DB = (-np.inf, 0, 5, 10, np.inf)  # of the noisy signal's SI-SDR


@dataclass(frozen=True)
class Score:
    """Mean SI-SDR of mixtures whose noisy signal lies in low_db...high_db."""

    low_db: float
    high_db: float
    n_mixtures: int
    noisy_db: float
    enhanced_db: float


def score_mixtures(network, mixer, n_mixtures):
    """SI-SDR before and after, per class of SI-SDR before.

    Parameters
    ----------
    network : PercepNet
    mixer : Mixer
        Of the dev split.
    n_mixtures : int

    Returns
    -------
    list of Score
        Classes that hold no mixture are left out.
    """
    pairs = []
    for index in tqdm(range(n_mixtures), "mixtures"):
        mixture = mixer.mixture(index)
        # Without noise or without speech the ratio says nothing.
        if np.array_equal(mixture.noisy, mixture.clean) or not mixture.clean.any():
            continue
        enhanced = enhance(mixture.noisy, network)
        pairs.append([si_sdr_db(signal, mixture.clean) for signal in (mixture.noisy, enhanced)])
    scores = []
    for low_db, high_db in pairwise(CLASS_EDGES_DB):
        inside = np.array([pair for pair in pairs if low_db <= pair[0] < high_db])
        if len(inside):
            scores.append(Score(low_db, high_db, len(inside), *inside.mean(0)))
    return scores
