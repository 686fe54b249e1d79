"""Spectra as the training's losses take them."""

import numpy as np
import torch

from percepnet.constants import ENERGY_SCALE
from percepnet_training.enhancement import N_PASSED


def packed(spectra):
    """Complex (n_frames, N_BINS) as a float32 tensor [2, 1, n_frames, N_PASSED]."""
    scaled = spectra[None, :, :N_PASSED] * np.float32(np.sqrt(ENERGY_SCALE))
    return torch.from_numpy(np.stack((scaled.real, scaled.imag)))
