"""The torch twin of ``percepnet.network``: the same layers, trainable.

With ``quantised`` on, it computes what the int8 engine computes.
"""

import torch
from torch import nn

from percepnet.constants import N_BANDS, N_FILTER_BANDS, N_FILTER_FRAMES
from percepnet.topology import CONV_KERNELS, GRUS, LAYER_INPUTS
from percepnet_training.recurrence import GRU
from percepnet_training.rounding import linear, tanh

# So much of what its layer gives is the filter's: its weights learn the slower. Training loss after
# 400 updates, by this scale: 1: 37.6, 0.25: 36.3, 0.1: 35.6 (without a filter 37.2). A power of
# two, which changes no digit.
FILTER_SCALE = 0.125


class Rows(nn.Module):
    """Affine map of rows and their neighbours: one matrix for all, a bias for each.

    Attributes
    ----------
    weight : (n_out, kernel * n_in) float32
        First of the row below.
    bias : (n_rows, n_out) float32
    """

    def __init__(self, n_in, n_out, n_rows, kernel=1):
        super().__init__()
        self.kernel = kernel
        bound = (kernel * n_in) ** -0.5
        self.weight = nn.Parameter(torch.empty(n_out, kernel * n_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(n_rows, n_out))


class Dense(Rows):
    """In float32, as in the engine, without its activation."""

    def forward(self, inputs):
        """Signals [..., n_rows, n] side by side to [..., n_rows, n_out]."""
        return linear(inputs, self.weight, self.bias, quantised=False)


class Conv(Rows):
    """Of integers in the engine, with tanh."""

    def forward(self, inputs, quantised):
        """Signals [..., n_rows, n] in -1...1 side by side to [..., n_rows, n_out]."""
        return tanh(linear(inputs, self.weight, self.bias, quantised, self.kernel), quantised)


class TwinNetwork(nn.Module):
    """PercepNet's network with trainable weights; layers and parameters have the engine's names.

    Parameters
    ----------
    topology : percepnet.topology.Topology
    mean, deviation : (N_GROUPS, N_GROUP_FEATURES), (N_GROUP_FEATURES,) float32
        Of the features in training data; folded into the layers that hear them on export. All
        groups share the weights, hence the deviations.
    """

    def __init__(self, topology, mean, deviation):
        super().__init__()
        self.topology = topology
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("deviation", torch.as_tensor(deviation))
        for name, n_in in topology.input_sizes.items():
            n_rows, n_out = topology.signal_shapes[name]
            if name in GRUS:
                layer = GRU(n_in, n_out)
            elif name in CONV_KERNELS:
                layer = Conv(n_in, n_out, n_rows, CONV_KERNELS[name])
            else:
                layer = Dense(n_in, n_out, n_rows)
            self.add_module(name, layer)

    def forward(self, features, quantised):
        """Answers for whole sequences: the filter's weights, all else before the sigmoid.

        Parameters
        ----------
        features : [n_frames, n_windows, N_GROUPS, N_GROUP_FEATURES] float32
        quantised : bool
            Compute as the int8 engine does.

        Returns
        -------
        gain_logits, strength_logits : [n_windows, n_frames, N_BANDS] float32
        filter_weights : [n_windows, n_frames, N_FILTER_BANDS, N_FILTER_FRAMES] complex64
        voice_logits : [n_windows, n_frames] float32
        """
        signals = {"features": (features - self.mean) / self.deviation}

        def heard(name):
            """What a layer hears, cut into its rows."""
            n_rows, _ = self.topology.signal_shapes[name]
            shape = *features.shape[:2], self.topology.input_rows[name], -1
            sources = (signals[source] for source in LAYER_INPUTS[name])
            return [values.reshape(shape)[:, :, :n_rows] for values in sources]

        signals["embed"] = tanh(self.embed(heard("embed")), quantised)
        for name in LAYER_INPUTS:
            if name in CONV_KERNELS or name in GRUS:
                signals[name] = getattr(self, name)(heard(name), quantised)
        head = self.head(heard("head")).reshape(*features.shape[:2], N_BANDS, 2)
        gains, strengths = head.transpose(0, 1).unbind(-1)
        filter_ = self.filter(heard("filter")).transpose(0, 1)
        filter_ = tanh(FILTER_SCALE * filter_.float(), quantised=False)
        filter_ = filter_.reshape(*gains.shape[:2], N_FILTER_BANDS, N_FILTER_FRAMES, 2)
        voice = self.voice(heard("voice")).reshape(features.shape[:2]).t()
        return gains, strengths, torch.view_as_complex(filter_), voice
