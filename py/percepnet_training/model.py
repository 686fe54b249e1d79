"""The torch twin of ``percepnet.network``: same layers, trainable, with the engine's rounding.

With ``quantised`` on, the forward pass computes what the int8 engine computes (integers exactly,
floats to rounding), and gradients pass straight through the rounding.
"""

import torch
from torch import nn
from torch.nn import functional as F

from percepnet.constants import N_BANDS, N_FEATURES
from percepnet.topology import CONV1_KERNEL, CONV2_KERNEL
from percepnet.nn.int8 import ACTIVATION_SCALE, WEIGHT_MAX

# tanh as a rational function, the engine's; error below 1e-4.
NUMERATOR = (952.52801514, 96.39235687, 0.60863042)
DENOMINATOR = (952.72399902, 413.36801147, 11.88600922)


class _Round(torch.autograd.Function):
    """To the nearest integer; gradients pass."""

    @staticmethod
    def forward(ctx, values):
        return values.round()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class _RationalTanh(torch.autograd.Function):
    """The engine's tanh; the gradient is the true one."""

    @staticmethod
    def forward(ctx, values):
        result = rational_tanh(values)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, gradient):
        (result,) = ctx.saved_tensors
        return gradient * (1 - result * result)


def rational_tanh(values):
    """tanh as the engine computes it, any shape."""
    squared = values * values
    top = values * (NUMERATOR[0] + squared * (NUMERATOR[1] + squared * NUMERATOR[2]))
    bottom = DENOMINATOR[0] + squared * (DENOMINATOR[1] + squared * DENOMINATOR[2])
    return (top / bottom).clamp(-1, 1)


def rational_sigmoid(values):
    """Sigmoid as the engine computes it, any shape."""
    return 0.5 + 0.5 * rational_tanh(0.5 * values)


def quantised_weight(weight):
    """Integers (n_out, n_in) of a weight matrix and scale (n_out,) per row; gradients pass."""
    scale = weight.detach().abs().amax(1) / WEIGHT_MAX
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return _Round.apply(weight / scale[:, None]), scale


def int8_linear(values, weight, bias, quantised):
    """``values @ weight.T + bias`` of a layer that the engine holds as int8.

    Parameters
    ----------
    values : (..., n_in)
        In -1...1.
    weight, bias : (n_out, n_in), (n_out,) float32
    quantised : bool

    Returns
    -------
    (..., n_out)
    """
    if not quantised:
        return F.linear(values, weight, bias)
    integers, scale = quantised_weight(weight)
    sums = F.linear(_Round.apply(values * ACTIVATION_SCALE), integers)
    return sums.float() * (scale / ACTIVATION_SCALE) + bias


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
        return _tanh(int8_linear(history, matrix, self.bias, quantised), quantised)


class GRU(nn.Module):
    """Gated recurrent unit, torch's equations: reset applied after the matrix product.

    Attributes
    ----------
    weight_ih, weight_hh : (3 * n_units, n_in), (3 * n_units, n_units) float32
        Rows: reset, update, candidate.
    bias_ih, bias_hh : (3 * n_units,) float32
    """

    def __init__(self, n_in, n_units):
        super().__init__()
        bound = n_units**-0.5
        self.weight_ih = nn.Parameter(torch.empty(3 * n_units, n_in).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(3 * n_units).uniform_(-bound, bound))
        # Orthogonal: keeps memories alive from the start.
        gates = [nn.init.orthogonal_(torch.empty(n_units, n_units)) for _ in range(3)]
        self.weight_hh = nn.Parameter(torch.cat(gates))
        self.bias_hh = nn.Parameter(torch.empty(3 * n_units).uniform_(-bound, bound))

    def forward(self, frames, quantised):
        """(n_batch, n_frames, n_in) in -1...1 to states (n_batch, n_frames, n_units); from zero."""
        drive = int8_linear(frames, self.weight_ih, self.bias_ih, quantised)
        drive = drive.float().transpose(0, 1).contiguous()
        weight = self.weight_hh
        if quantised:
            integers, scale = quantised_weight(weight)
            weight = integers * (scale / ACTIVATION_SCALE)[:, None]
        return _Recurrence.apply(drive, weight, self.bias_hh, quantised).transpose(0, 1)


class _Recurrence(torch.autograd.Function):
    """All steps of a GRU with its own back-propagation through time.

    Against autograd's tape it halves the work per step: the weight's gradient is one large product
    at the end, and rounding the state costs nothing but the rounding.
    """

    @staticmethod
    def forward(ctx, drive, weight, bias, quantised):
        device = drive.device.type
        ctx.quantised = quantised
        ctx.product_type = (
            torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else drive.dtype
        )
        n_frames, n_batch, n_units = drive.shape[0], drive.shape[1], drive.shape[2] // 3
        states = drive.new_zeros(n_frames + 1, n_batch, n_units)
        entering = torch.zeros_like(states[1:]) if quantised else states[:-1]
        products = torch.empty_like(drive)                              # of the recurrent matrix
        gates = drive.new_empty(n_frames, n_batch, 2 * n_units)         # reset, update
        candidates = drive.new_empty(n_frames, n_batch, n_units)
        transposed = weight.t().contiguous()
        per_frame = zip(
            states[:-1], states[1:], entering, products, gates, candidates,
            drive[..., : 2 * n_units], drive[..., 2 * n_units :], strict=True,
        )  # fmt: skip
        # Small products: casting them down would cost more than it saves, and lose the integers.
        with torch.autocast(device, enabled=False):
            for state, following, seen, product, gate, candidate, to_gate, to_candidate in per_frame:
                if quantised:
                    torch.mul(state, ACTIVATION_SCALE, out=seen).round_()
                torch.addmm(bias, seen, transposed, out=product)
                torch.add(to_gate, product[:, : 2 * n_units], out=gate)
                gate.copy_(rational_sigmoid(gate)) if quantised else gate.sigmoid_()
                reset, update = gate[:, :n_units], gate[:, n_units:]
                torch.addcmul(to_candidate, reset, product[:, 2 * n_units :], out=candidate)
                candidate.copy_(rational_tanh(candidate)) if quantised else candidate.tanh_()
                torch.lerp(candidate, state, update, out=following)
        ctx.save_for_backward(states, entering, gates, candidates, products, weight)
        return states[1:]

    @staticmethod
    def backward(ctx, gradient):
        states, entering, gates, candidates, products, weight = ctx.saved_tensors
        n_frames, n_batch, n_units = candidates.shape
        to_state = weight * ACTIVATION_SCALE if ctx.quantised else weight
        reset, update = gates.split(n_units, 2)
        # Everything that does not need the later steps' gradient, for all frames at once.
        to_update = (states[:-1] - candidates) * update * (1 - update)
        to_candidate = (1 - update) * (1 - candidates * candidates)
        to_reset = products[..., 2 * n_units :] * reset * (1 - reset)
        # What reaches the recurrent product, and the candidate's input beside it.
        product = torch.empty_like(products)
        candidate = torch.empty_like(candidates)
        carried = gradient.new_zeros(n_batch, n_units)
        for t in range(n_frames - 1, -1, -1):
            carried += gradient[t]
            torch.mul(carried, to_candidate[t], out=candidate[t])
            torch.mul(candidate[t], to_reset[t], out=product[t, :, :n_units])
            torch.mul(carried, to_update[t], out=product[t, :, n_units : 2 * n_units])
            torch.mul(candidate[t], reset[t], out=product[t, :, 2 * n_units :])
            carried = torch.addmm(carried * update[t], product[t], to_state)
        rows = product.flatten(0, 1)
        seen = entering.flatten(0, 1).to(ctx.product_type)
        to_weight = (rows.to(ctx.product_type).t() @ seen).to(weight.dtype)
        to_drive = torch.cat((product[..., : 2 * n_units], candidate), 2)
        return to_drive, to_weight, rows.sum(0), None


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
        hidden = _tanh(self.dense((features - self.mean) / self.deviation), quantised)
        conv1 = self.conv1(hidden, quantised)
        conv2 = self.conv2(conv1, quantised)
        gru1 = self.gru1(conv2, quantised)
        gru2 = self.gru2(gru1, quantised)
        gru3 = self.gru3(gru2, quantised)
        gain_state = self.gain_gru(gru3, quantised)
        gain_logits = self.gain_head(torch.cat((conv2.float(), gru1, gru2, gru3, gain_state), 2))
        strength_state = self.strength_gru(torch.cat((gru3, conv2.float()), 2), quantised)
        return gain_logits.float(), self.strength_head(strength_state).float()


def _tanh(values, quantised):
    return _RationalTanh.apply(values) if quantised else torch.tanh(values)
