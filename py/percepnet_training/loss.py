"""How far band gains are from where they should be: per frame and band, masked, by voice."""

import torch

EAR_BANDS = 34  # an ERB wide, the paper's: losses sum over as many, whatever bands there are
GAIN_EXPONENT = 0.6  # 2 x 0.3: loudness (sones) of a band, from its magnitude
GAIN_FLOOR = 4e-4  # keeps the power's slope finite at 0
LOUDNESS_FLOOR = 0.1  # of relative loudness: errors below count absolutely
FOURTH_POWER = 10.0  # weight of the squared distance: punishes outliers
ENERGY_FLOOR = 1e-3  # of a band: silence wants no gain


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


def band_loss(gains, noisy_energy, clean_energy, mask, frame_weight):
    """Distance of gains from those that alone would give every band its clean level.

    Not from those after the comb filter: such targets move as the strengths do, and training with
    them did not settle.

    Parameters
    ----------
    gains, noisy_energy, clean_energy : float32 [n_windows, n_frames, N_BANDS]
    mask : float32 [n_windows, n_frames, N_BANDS]
        1 where the clean energy is known.
    frame_weight : float32 [n_windows, n_frames]

    Returns
    -------
    () float32
        Per frame of average weight, summed over the ear's bands: comparable whatever is masked.
    """
    targets = torch.sqrt((clean_energy + ENERGY_FLOOR) / (noisy_energy + ENERGY_FLOOR)).clamp(0, 1)
    weight = frame_weight[..., None] * mask
    normaliser = weight.sum().clamp_min(1) / EAR_BANDS
    return (gain_distance(gains, targets) * weight).sum() / normaliser
