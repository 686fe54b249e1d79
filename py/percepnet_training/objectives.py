"""What a network is trained for: windows of shards and the loss on them.

``BandObjective`` compares gains and strengths with the oracle's: cheap, for most of the training.
``SignalObjective`` runs them through the enhancer and compares its spectrum with the clean one.
"""

import numpy as np
import torch

from percepnet.constants import N_BANDS
from percepnet_training.augmentation import recoloured
from percepnet_training.enhancement import enhanced_spectra, interpolated
from percepnet_training.features import Batch
from percepnet_training.loss import training_loss
from percepnet_training.opinion import Listeners, mean_opinion
from percepnet_training.perceptual_loss import perceptual_losses
from percepnet_training.spectral_loss import spectral_loss
from percepnet_training.windows import SpectralWindows, Windows

BAND_WEIGHT = 0.1  # beside the distance of spectra: it knows silence and the voice


class BandObjective:
    """Distance of gains, strengths and voice probability from their targets.

    Parameters
    ----------
    folder : Path
        Of the shards.
    weights : percepnet_training.recipe.Stage
    device : str
    """

    def __init__(self, folder, weights, device):
        self._weights, self._device = weights, device
        self._windows = {
            split: Windows(folder, split, weights.n_frames) for split in ("train", "dev")
        }

    def statistics(self):
        """Mean and standard deviation of the features, (N_FEATURES,) float32."""
        return self._windows["train"].statistics()

    def refresh(self):
        """Look for new shards."""
        self._windows["train"].refresh()

    def loss(self, network, rng, n_windows, quantised, is_training):
        """Loss of a network and its parts, on windows drawn by ``rng``."""
        batch = self._windows["train" if is_training else "dev"].draw(rng, n_windows)
        batch = _on_device(batch, rng, self._weights, self._device, is_training)
        return _band_loss(_outputs(network, batch, quantised, self._weights), batch, self._weights)


class SignalObjective:
    """Distance of the enhanced spectrum from the clean one, and what listeners would say of it.

    Parameters
    ----------
    folder : Path
        Of the shards.
    weights : percepnet_training.recipe.Tuning
    device : str
    """

    def __init__(self, folder, weights, device):
        self._weights, self._device = weights, device
        self._listeners = Listeners(device) if weights.opinion_weight else None
        self._windows = {
            split: SpectralWindows(folder, split, weights.n_frames) for split in ("tune", "tunedev")
        }

    def refresh(self):
        """Look for new shards."""
        self._windows["tune"].refresh()

    def loss(self, network, rng, n_windows, quantised, is_training):
        """Loss of a network and its parts, on windows drawn by ``rng``."""
        drawn, spectra = self._windows["tune" if is_training else "tunedev"].draw(rng, n_windows)
        batch = _on_device(drawn, rng, self._weights, self._device, is_training)
        outputs = _outputs(network, batch, quantised, self._weights)
        # [3, 2, n_windows, n_frames, n_bins]: noisy, periodic, clean; real, imaginary
        spectra = torch.from_numpy(spectra).to(self._device).permute(2, 3, 0, 1, 4).float()
        noisy, periodic, clean = spectra
        gains, strengths = outputs
        enhanced = enhanced_spectra(
            noisy, periodic, torch.sigmoid(gains[..., :N_BANDS]), torch.sigmoid(strengths)
        )
        skip = self._weights.n_warmup_frames
        mask = (interpolated(batch.mask) > 0.999).float()[:, skip:]
        compared = *(spectrum[:, :, skip:] for spectrum in (enhanced, clean, noisy)), mask
        signal, parts = spectral_loss(*compared)
        loudness, envelope = perceptual_losses(*compared)
        band, band_parts = _band_loss(outputs, batch, self._weights)
        loss = (
            signal
            + self._weights.loudness_weight * loudness
            + self._weights.envelope_weight * envelope
            + BAND_WEIGHT * band
        )
        parts |= {"loudness": loudness.item(), "envelope": envelope.item()}
        if self._listeners:
            with _autocast(self._weights, self._device):
                opinion = mean_opinion(self._listeners, *compared[:3], rng)
            loss = loss - self._weights.opinion_weight * opinion
            parts["opinion"] = opinion.item()
        return loss, parts | band_parts


def _on_device(batch, rng, weights, device, is_training):
    """Tensors of a batch; in training, as if recorded by other microphones."""
    if is_training:
        features = recoloured(rng, batch.features, weights.colour_db)
        batch = batch._replace(features=features)
    return Batch(*(torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in batch))


def _outputs(network, batch, quantised, weights):
    with _autocast(weights, batch.features.device.type):
        return network(batch.features, quantised)


def _autocast(weights, device):
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=weights.bfloat16)


def _band_loss(outputs, batch, weights):
    skip = weights.n_warmup_frames
    gains, strengths = (values[:, skip:] for values in outputs)
    return training_loss(gains, strengths, Batch(*(part[:, skip:] for part in batch)), weights)
