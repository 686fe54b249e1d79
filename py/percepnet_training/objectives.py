"""What a network is trained for: windows of shards and the loss on them.

Its gains and strengths go through the enhancer, whose spectrum is compared with the clean one. The
gains have targets of their own beside; the strengths learn from the enhanced signal alone.
"""

import numpy as np
import torch
from torch.nn import functional as F

from percepnet.constants import BAND_CENTRES, LOOKAHEAD_HOPS
from percepnet.dsp.erb import LOWER_BANDS
from percepnet_training.augmentation import BIN_HZ, recoloured
from percepnet_training.enhancement import N_PASSED, band_sums, enhanced_spectra
from percepnet_training.features import network_features
from percepnet_training.loss import band_loss
from percepnet_training.opinion import Listeners, mean_opinion
from percepnet_training.perceptual_loss import perceptual_losses
from percepnet_training.spectral_loss import error_level_db, spectral_loss
from percepnet_training.windows import Batch, Windows

AUDIBLE = 5e-2  # band energy that counts
KNOWN_SHARE = 0.95  # of the bandwidth: its edge is an estimate
MAX_SIGNAL_LOSS = 100.0  # of a window: hopeless ones shall not drown out the rest
N_STATISTICS = 48  # windows whose features are measured
DEVIATION_FLOOR = 1e-2  # of a feature that hardly changes

_LOWER = torch.from_numpy(LOWER_BANDS[:N_PASSED].copy())
_UPPER = (_LOWER + 1).clamp_max(len(BAND_CENTRES) - 1)
_BINS_HZ = BIN_HZ * torch.arange(N_PASSED)
_CENTRES = torch.tensor(BAND_CENTRES)


class Objective:
    """Distance of the enhanced spectrum from the clean one, as the ear weighs it.

    Parameters
    ----------
    folder : Path
        Of the shards.
    weights : percepnet_training.recipe.Stage
    device : str
    """

    def __init__(self, folder, weights, device):
        self._weights, self._device = weights, device
        self._listeners = Listeners(device) if weights.opinion_weight else None
        self._windows = {
            split: Windows(folder, split, weights.n_frames) for split in ("train", "dev")
        }

    def statistics(self, seed):
        """Mean of the features by group and kind, deviation by kind, float32."""
        batch = self._windows["train"].draw(np.random.default_rng(seed), N_STATISTICS)
        features = _features(batch, _energies(batch)).flatten(0, 1).double()
        mean = features.mean(0)
        deviation = (features - mean).square().mean((0, 1)).sqrt().clamp_min(DEVIATION_FLOOR)
        return mean.float(), deviation.float()

    def refresh(self):
        """Look for new shards."""
        self._windows["train"].refresh()

    def loss(self, network, rng, n_windows, quantised, is_training):
        """Loss of a network and its parts, on windows drawn by ``rng``.

        In training as if recorded by other microphones, and with products as the recipe wants them.
        """
        weights = self._weights
        batch = self._windows["train" if is_training else "dev"].draw(rng, n_windows)
        batch = Batch(*(part.to(self._device) for part in batch))
        if is_training:
            batch = batch._replace(spectra=recoloured(rng, batch.spectra, weights.colour_db))
        energies = _energies(batch)
        with self._autocast(is_training):
            answers = network(_features(batch, energies), quantised)
        gains, strengths, voice = (values.contiguous() for values in answers)
        gains, strengths = torch.sigmoid(gains), torch.sigmoid(strengths)

        n_frames, skip = weights.n_frames, weights.n_warmup_frames
        noisy, periodic, clean = batch.spectra[..., :n_frames, :]
        noisy_energy, _, clean_energy, _ = (part[:, :n_frames] for part in energies)
        enhanced = enhanced_spectra(noisy, periodic, strengths, gains, noisy_energy)

        mask = _mask(noisy_energy, clean_energy, batch.known_hz)[:, skip:]
        compared = [spectrum[:, :, skip:] for spectrum in (enhanced, clean, noisy)]
        signal, parts = spectral_loss(*compared, mask)
        loudness, envelope = perceptual_losses(*compared, mask)
        spoken = batch.voice[:, skip:]
        parts |= {
            "loudness": loudness,
            "envelope": envelope,
            "error": error_level_db(*compared, mask),
            "band": band_loss(
                *(part[:, skip:] for part in (gains, noisy_energy, clean_energy)),
                mask[..., _CENTRES.to(mask.device)],
                1 + weights.voice_weight * spoken,
            ),
            "detection": F.binary_cross_entropy_with_logits(voice[:, skip:], spoken),
        }
        loss = weights.signal_weight * (signal / (1 + signal.detach() / MAX_SIGNAL_LOSS)).mean()
        for name in ("loudness", "envelope", "error", "band", "detection"):
            loss = loss + getattr(weights, f"{name}_weight") * parts[name]
            parts[name] = parts[name].item()
        if self._listeners:
            with self._autocast(is_training):
                opinion = mean_opinion(self._listeners, *compared, batch.known_hz[:, skip:], rng)
            loss = loss - weights.opinion_weight * opinion
            parts["opinion"] = opinion.item()
        return loss, parts

    def _autocast(self, is_training):
        is_on = self._weights.bfloat16 and is_training
        return torch.autocast(torch.device(self._device).type, torch.bfloat16, enabled=is_on)


def _energies(batch):
    """Band energies of a batch: noisy (with the look-ahead), periodic, clean; correlation."""
    noisy, periodic, clean = batch.spectra
    periodic, clean, enhanced_frames = (
        part[:, :, :-LOOKAHEAD_HOPS] for part in (periodic, clean, noisy)
    )
    powers = [part.square().sum(0) for part in (noisy, periodic, clean)]
    return [band_sums(part) for part in (*powers, (enhanced_frames * periodic).sum(0))]


def _features(batch, energies):
    noisy, periodic, _, correlation = energies
    return network_features(noisy, periodic, correlation, batch.pitch)


def _mask(noisy_energy, clean_energy, known_hz):
    """1 where a bin's clean spectrum is known and its bands are heard, else 0; [..., N_PASSED]."""
    is_heard = (noisy_energy > AUDIBLE) | (clean_energy > AUDIBLE)
    lower, upper, bins_hz = (part.to(known_hz.device) for part in (_LOWER, _UPPER, _BINS_HZ))
    is_known = bins_hz <= KNOWN_SHARE * known_hz[..., None]
    return (is_heard[..., lower] & is_heard[..., upper] & is_known).float()
