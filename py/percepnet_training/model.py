"""The torch twin of ``percepnet.network``: the same layers, trainable.

With ``quantised`` on, it computes what the int8 engine computes.
"""

import torch
from torch import nn
from torch.nn import functional as F

from percepnet.constants import N_BANDS, N_FEATURES
from percepnet.topology import CONV1_KERNEL, CONV2_KERNEL
from percepnet_training.recurrence import GRU
from percepnet_training.rounding import int8_linear, tanh


class CausalConv(nn.Module):
    """Convolution over time that looks back only.

    Attributes
    ----------
    weight : (n_out, n_in, kernel) float32
        Oldest frame first.
    bias : (n_out,) float32
    """

    def __init__(self, n_in, n_out, kernel):
        super().__init__()
        bound = (n_in * kernel) ** -0.5
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_out).uniform_(-bound, bound))

    def forward(self, frames, quantised):
        """(n_batch, n_frames, n_in) in -1...1 to (n_batch, n_frames, n_out); zeros come before."""
        n_frames, kernel = frames.shape[1], self.weight.shape[2]
        padded = F.pad(frames, (0, 0, kernel - 1, 0))
        history = torch.cat([padded[:, k : k + n_frames] for k in range(kernel)], 2)
        matrix = self.weight.transpose(1, 2).flatten(1)
        return tanh(int8_linear(history, matrix, self.bias, quantised), quantised)


class TwinNetwork(nn.Module):
    """PercepNet's network with trainable weights.

    Parameters
    ----------
    topology : dict of str to int
        ``dense``, ``conv``, ``gru``, ``strength_gru``: units.
    mean, deviation : (N_FEATURES,) float32
        Of the features in training data; folded into the first layer on export.
    """

    def __init__(self, topology, mean, deviation):
        super().__init__()
        self.topology = topology
        n_dense, n_conv, n_gru = topology["dense"], topology["conv"], topology["gru"]
        n_strength = topology["strength_gru"]
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("deviation", torch.as_tensor(deviation))
        self.dense = nn.Linear(N_FEATURES, n_dense)
        self.conv1 = CausalConv(n_dense, n_conv, CONV1_KERNEL)
        self.conv2 = CausalConv(n_conv, n_conv, CONV2_KERNEL)
        self.gru1 = GRU(n_conv, n_gru)
        self.gru2 = GRU(n_gru, n_gru)
        self.gru3 = GRU(n_gru, n_gru)
        self.gain_gru = GRU(n_gru, n_gru)
        self.gain_head = nn.Linear(n_conv + 4 * n_gru, N_BANDS + 1)
        self.strength_gru = GRU(n_gru + n_conv, n_strength)
        self.strength_head = nn.Linear(n_strength, N_BANDS)

    def forward(self, features, quantised):
        """Gains and voice probability, and strengths, of whole sequences.

        Parameters
        ----------
        features : (n_batch, n_frames, N_FEATURES) float32
        quantised : bool
            Compute as the int8 engine does.

        Returns
        -------
        gain_logits : (n_batch, n_frames, N_BANDS + 1) float32
            Before the sigmoid; the last is the voice's.
        strength_logits : (n_batch, n_frames, N_BANDS) float32
        """
        hidden = tanh(self.dense((features - self.mean) / self.deviation), quantised)
        conv1 = self.conv1(hidden, quantised)
        conv2 = self.conv2(conv1, quantised)
        gru1 = self.gru1(conv2, quantised)
        gru2 = self.gru2(gru1, quantised)
        gru3 = self.gru3(gru2, quantised)
        gain_state = self.gain_gru(gru3, quantised)
        gain_logits = self.gain_head(torch.cat((conv2.float(), gru1, gru2, gru3, gain_state), 2))
        strength_state = self.strength_gru(torch.cat((gru3, conv2.float()), 2), quantised)
        return gain_logits.float(), self.strength_head(strength_state).float()
