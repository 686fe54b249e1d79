"""The GRU, with its own back-propagation through time."""

import torch
from torch import nn

from percepnet.nn.int8 import ACTIVATION_SCALE
from percepnet_training.products import product_type
from percepnet_training.rounding import (
    linear,
    quantised_weight,
    rational_sigmoid,
    rational_tanh,
    tanh_,
)

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


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

    def forward(self, inputs, quantised):
        """Signals [n_frames, ..., n] in -1...1 side by side to states [n_frames, ..., n_units].

        Every row of a frame is a sequence of its own, from zero.
        """
        drive = linear(inputs, self.weight_ih, self.bias_ih, quantised)
        weight = self.weight_hh
        if quantised:
            integers, scale = quantised_weight(weight)
            weight = integers * (scale / ACTIVATION_SCALE)[:, None]
        rows = drive.flatten(1, -2)
        states = _Recurrence.apply(rows, weight, self.bias_hh, quantised)
        return states.view(*drive.shape[:-1], -1)


class _Recurrence(torch.autograd.Function):
    """All steps of a GRU with its own back-propagation through time.

    Against autograd's tape it halves the work per step: the weight's gradient is one large product
    at the end, rounding the state costs nothing but the rounding, and what a step makes is used
    again before it leaves the cache.
    """

    @staticmethod
    def forward(ctx, drive, weight, bias, quantised):
        device = drive.device.type
        ctx.quantised, ctx.product_type = quantised, product_type(device)
        n_frames, n_rows, n_units = drive.shape[0], drive.shape[1], drive.shape[2] // 3
        states = drive.new_empty(n_frames + 1, n_rows, n_units)
        states[0] = 0
        gates = torch.empty_like(drive)  # reset, update; what the reset lets into the candidate
        candidates = torch.empty_like(states[1:])
        transposed = weight.t().contiguous()
        # Small products: casting them down would cost more than it saves, and lose the integers.
        with torch.autocast(device, enabled=False):
            for state, following, given, gate, candidate in zip(
                states[:-1], states[1:], drive, gates, candidates, strict=True
            ):
                seen = (state * ACTIVATION_SCALE).round_() if quantised else state
                torch.addmm(bias, seen, transposed, out=gate)
                opened, gated = gate[:, : 2 * n_units], gate[:, 2 * n_units :]
                opened += given[:, : 2 * n_units]
                opened.copy_(rational_sigmoid(opened)) if quantised else opened.sigmoid_()
                reset, update = opened[:, :n_units], opened[:, n_units:]
                torch.addcmul(given[:, 2 * n_units :], reset, gated, out=candidate)
                candidate.copy_(rational_tanh(candidate)) if quantised else tanh_(candidate)
                torch.lerp(candidate, state, update, out=following)
        ctx.save_for_backward(states, gates, candidates, weight)
        return states[1:]

    @staticmethod
    def backward(ctx, gradient):
        states, gates, candidates, weight = ctx.saved_tensors
        n_units = candidates.shape[2]
        to_state = weight * ACTIVATION_SCALE if ctx.quantised else weight
        to_drive = torch.empty_like(gates)
        to_products = torch.empty_like(gates, dtype=ctx.product_type)
        to_product = torch.empty_like(gates[0])
        carried, kept, work = (torch.zeros_like(candidates[0]) for _ in range(3))
        for t in range(len(gates) - 1, -1, -1):
            reset, update, gated = gates[t].split(n_units, 1)
            to_reset, to_update, to_candidate = to_drive[t].split(n_units, 1)
            carried += gradient[t]
            torch.mul(carried, update, out=kept)
            torch.sub(states[t], candidates[t], out=work).mul_(carried)
            _sigmoid_backward(work, update, grad_input=to_update)
            carried -= kept
            _tanh_backward(carried, candidates[t], grad_input=to_candidate)
            torch.mul(to_candidate, gated, out=work)
            _sigmoid_backward(work, reset, grad_input=to_reset)
            to_product.copy_(to_drive[t])
            to_product[:, 2 * n_units :] *= reset
            to_products[t] = to_product
            torch.addmm(kept, to_product, to_state, out=carried)
        entering = states[:-1]
        if ctx.quantised:
            entering = (entering * ACTIVATION_SCALE).round_()
        rows = to_products.flatten(0, 1)
        to_weight = (rows.t() @ entering.to(rows.dtype).flatten(0, 1)).float()
        return to_drive, to_weight, rows.sum(0, dtype=torch.float32), None
