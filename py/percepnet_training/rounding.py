"""The engine's arithmetic in torch: int8 products and a rational tanh, with gradients.

The forward pass gives what the engine gives (integers exactly, floats to rounding); gradients
pass straight through the rounding.
"""

import torch
from torch.nn import functional as F

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


def tanh(values, quantised):
    """tanh, the engine's where ``quantised``; any shape."""
    return _RationalTanh.apply(values) if quantised else torch.tanh(values)
