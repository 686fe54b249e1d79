"""What the network is trained to minimise: per frame and band, masked, weighted by voice."""

import torch
from torch.nn import functional as F

from percepnet.constants import N_BANDS

GAIN_EXPONENT = 0.6  # 2 x 0.3: loudness (sones) of a band, from its magnitude
GAIN_FLOOR = 4e-4  # keeps the power's slope finite at 0
LOUDNESS_FLOOR = 0.1  # of relative loudness: errors below count absolutely
FOURTH_POWER = 10.0  # weight of the squared distance: punishes outliers
STRENGTH_FLOOR = 1e-3  # keeps the square root's slope finite


def gain_distance(gains, targets):
    """Distance of band gains in relative loudness (2021 follow-up, Sec. 3), any shape.

    Parameters
    ----------
    gains, targets : float32, 0...1

    Returns
    -------
    float32, same shape, >= 0
        Symmetric in the two loudnesses, so that for the same error a gain that is too low (speech
        lost) costs more than one that is too high.
    """
    gains = (gains + GAIN_FLOOR) ** GAIN_EXPONENT
    targets = (targets + GAIN_FLOOR) ** GAIN_EXPONENT
    distance = (targets - gains) ** 2 / (torch.maximum(targets, gains) + LOUDNESS_FLOOR)
    return distance + FOURTH_POWER * distance**2


def strength_distance(strengths, targets):
    """Squared distance of (1 - strength)^0.5, the share of noise that is left; any shape."""
    left = torch.sqrt(1 - strengths + STRENGTH_FLOOR)
    wanted = torch.sqrt(1 - targets + STRENGTH_FLOOR)
    return (wanted - left) ** 2


def training_loss(gain_logits, strength_logits, batch, weights):
    """Loss of a batch and its parts.

    Parameters
    ----------
    gain_logits : (n_batch, n_frames, N_BANDS + 1) float32
    strength_logits : (n_batch, n_frames, N_BANDS) float32
    batch : Batch
        Targets of the same frames.
    weights : percepnet_training.recipe.Stage
        ``strength_weight``, ``voice_weight``, ``detection_weight``.

    Returns
    -------
    loss : () float32
    parts : dict of str to float
        ``gain``, ``strength``, ``detection``: unweighted.
    """
    frame_weight = (1 + weights.voice_weight * batch.voice)[..., None] * batch.mask
    # Per frame of average weight, summed over bands: comparable whatever is masked.
    normaliser = frame_weight.sum().clamp_min(1) / N_BANDS
    gain = gain_distance(torch.sigmoid(gain_logits[..., :N_BANDS]), batch.gains)
    strength = strength_distance(torch.sigmoid(strength_logits), batch.strengths)
    gain = (gain * frame_weight).sum() / normaliser
    strength = (strength * frame_weight).sum() / normaliser
    detection = F.binary_cross_entropy_with_logits(gain_logits[..., N_BANDS], batch.voice)
    loss = gain + weights.strength_weight * strength + weights.detection_weight * detection
    parts = {"gain": gain.item(), "strength": strength.item(), "detection": detection.item()}
    return loss, parts
