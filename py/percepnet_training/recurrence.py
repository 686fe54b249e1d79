"""The GRU, with its own back-propagation through time."""

import torch
from torch import nn

from percepnet.nn.int8 import ACTIVATION_SCALE
from percepnet_training.rounding import (
    int8_linear,
    quantised_weight,
    rational_sigmoid,
    rational_tanh,
)


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
        products = torch.empty_like(drive)  # of the recurrent matrix
        gates = drive.new_empty(n_frames, n_batch, 2 * n_units)  # reset, update
        candidates = drive.new_empty(n_frames, n_batch, n_units)
        transposed = weight.t().contiguous()
        per_frame = zip(
            states[:-1], states[1:], entering, products, gates, candidates,
            drive[..., : 2 * n_units], drive[..., 2 * n_units :], strict=True,
        )  # fmt: skip
        # Small products: casting them down would cost more than it saves, and lose the integers.
        with torch.autocast(device, enabled=False):
            for (
                state,
                following,
                seen,
                product,
                gate,
                candidate,
                to_gate,
                to_candidate,
            ) in per_frame:
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
