"""What listeners would say of enhanced speech: DNSMOS P.835, differentiable.

A small network that learned the opinions of many listeners (Reddy et al. 2022); ours computes what
the file in the package ``speechmos`` does, and lets gradients pass.
"""

import onnx
import torch
from torch.nn import functional as F

from percepnet.scores import DNSMOS_POLYNOMIALS, P835_FILE, WIDE_BAND_RATE, dnsmos_file
from percepnet_training.perceptual_loss import windows_with_speech
from percepnet_training.wide_band import wide_band_signals

N_RATED = 4  # windows of an update: each costs more than the rest of its loss
# Points per relative change of a bin, and of a window's bins together, that count. Near silence
# the logarithm of the listeners makes slopes a hundred times as steep: without these limits one
# window in twenty outweighed all others.
MAX_BIN_SLOPE, MAX_WINDOW_SLOPE = 0.4, 2.4
LEVELS_DB = (-32.0, -20.0)  # of full scale, of the clean speech: the model hears levels, too

# Inside of the file: convolutions, those before which the picture is halved, and dense layers
_CONVOLUTIONS = ("conv2d", *(f"conv2d_{number}" for number in range(1, 7)))
_HALVED = ("conv2d_4", "conv2d_5", "conv2d_6")
_DENSE = ("dense", "dense_1", "dense_3")
_HOP = 160  # its frames are two of these


class Listeners:
    """The network of DNSMOS P.835.

    Parameters
    ----------
    device : str
    """

    def __init__(self, device):
        model = onnx.load(dnsmos_file(P835_FILE))
        self._weights = {
            item.name.removeprefix("mos_estimator_logpow/"): torch.from_numpy(
                onnx.numpy_helper.to_array(item).copy()
            ).to(device)
            for item in model.graph.initializer
        }
        polynomials = torch.tensor(list(DNSMOS_POLYNOMIALS.values()), device=device)
        self._square, self._slope, self._offset = polynomials.T

    def __call__(self, signals):
        """SIG, BAK and OVRL, (n_signals, 3), of (n_signals, n_samples) at 16 kHz, -1...1."""
        with torch.autocast(signals.device.type, enabled=False):
            levels = self._levels(signals)
        shapes = self._shapes(levels)
        with torch.autocast(signals.device.type, enabled=False):
            answers = self._answers(shapes.float())
        return (self._square * answers + self._slope) * answers + self._offset

    def _levels(self, signals):
        """Spectrogram in Bel, (n_signals, n_frames, n_bins)."""
        hops = signals[:, : signals.shape[1] // _HOP * _HOP].unflatten(1, (-1, _HOP))
        frames = torch.cat((hops[:, :-1], hops[:, 1:]), 2)
        real, imaginary = (
            frames @ self._weights[f"time2freq/stft-{part}/kernel:0"][..., 0].T
            for part in ("real", "imag")
        )
        power = real.square() + imaginary.square()
        return torch.log10(power.clamp_min(self._weights["Maximum/x:0"]))

    def _shapes(self, levels):
        """The strongest sight of each of its shapes, (n_signals, n_shapes)."""
        picture = levels[:, None].contiguous(memory_format=torch.channels_last)
        for name in _CONVOLUTIONS:
            if name in _HALVED:
                picture = F.max_pool2d(picture, 2)
            kernel, bias = (self._weights[f"{name}/{part}:0"] for part in ("kernel", "bias"))
            picture = F.relu(F.conv2d(picture, kernel, bias, padding=1))
        return picture.amax((2, 3))

    def _answers(self, values):
        for name in _DENSE:
            matrix, bias = (
                self._weights[f"{name}/{kind}/ReadVariableOp/resource:0"]
                for kind in ("MatMul", "BiasAdd")
            )
            values = values @ matrix + bias
            if name != _DENSE[-1]:
                values = F.relu(values)
        return values


def mean_opinion(listeners, enhanced, clean, noisy, known_hz, rng):
    """Overall opinion of enhanced speech, about 1...5, mean over a few windows drawn by ``rng``.

    Parameters
    ----------
    listeners : Listeners
    enhanced, clean, noisy : float32 [2, n_windows, n_frames, n_bins]
        Real and imaginary parts; bins up to 8 kHz at least.
    known_hz : float32 [n_windows, n_frames]
        Up to which the clean speech is known. Windows where that is below 8 kHz are not rated: what
        is missing there sounds bad, and is not to be made up for.
    rng : numpy.random.Generator

    Returns
    -------
    () float32
        0 if no window has speech up to 8 kHz.
    """
    clean_power, noisy_power = (part.square().sum(0) for part in (clean, noisy))
    is_wide = known_hz.amin(1) >= WIDE_BAND_RATE / 2
    rateable = torch.nonzero(windows_with_speech(clean_power, noisy_power) & is_wide)[:, 0]
    if not len(rateable):
        return 0 * enhanced.sum()
    drawn = rateable[torch.from_numpy(rng.permutation(len(rateable))[:N_RATED])]
    levels = torch.from_numpy(10 ** (rng.uniform(*LEVELS_DB, len(drawn)) / 20)).to(enhanced)
    speech = wide_band_signals(clean[:, drawn]).square().mean(1).sqrt()
    rated = enhanced[:, drawn]
    signals = wide_band_signals(rated) * (levels / speech)[:, None]
    opinion = listeners(signals.clamp(-1, 1))[:, 2].mean()
    if not rated.requires_grad:
        return opinion
    (slopes,) = torch.autograd.grad(opinion, rated)
    start = rated.detach()
    return opinion.detach() + ((rated - start) * _limited(slopes, start)).sum()


def _limited(slopes, spectra):
    """Slopes of a mean opinion on spectra, both [2, n_rated, n_frames, n_bins], none too steep."""
    steepness = slopes.norm(dim=0) * spectra.norm(dim=0) * spectra.shape[1]
    share = MAX_BIN_SLOPE / steepness.clamp_min(MAX_BIN_SLOPE)
    windows = (steepness * share).flatten(1).norm(dim=1)
    return slopes * share * (MAX_WINDOW_SLOPE / windows.clamp_min(MAX_WINDOW_SLOPE))[:, None, None]
