"""The engine's arithmetic in torch: int8 products and a rational tanh, with gradients.

The forward pass gives what the engine gives (integers exactly, floats to rounding); gradients
pass straight through the rounding.
"""

import torch

from percepnet.nn.int8 import ACTIVATION_SCALE, WEIGHT_MAX
from percepnet_training.products import product

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


class _Tanh(torch.autograd.Function):
    """tanh in place of its argument."""

    @staticmethod
    def forward(ctx, values):
        ctx.mark_dirty(values)
        ctx.save_for_backward(tanh_(values))
        return values

    @staticmethod
    def backward(ctx, gradient):
        (result,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(gradient, result)


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
        return torch.ops.aten.tanh_backward(gradient, result)


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


def linear(inputs, weight, bias, quantised, kernel=1):
    """Affine map of signals; where ``quantised``, of their integers, as the engine's int8 layers.

    Parameters
    ----------
    inputs, weight, kernel
        As `percepnet_training.products.product` takes them; inputs in -1...1 where ``quantised``.
    bias : float32 [n_out] or [n_rows, n_out]
    quantised : bool

    Returns
    -------
    float32 [..., n_rows, n_out]
        Nobody else's: may be changed in place.
    """
    if not quantised:
        return product(inputs, weight, kernel).add_(bias)
    integers, scale = quantised_weight(weight)
    rounded = [_Round.apply(values * ACTIVATION_SCALE) for values in inputs]
    return product(rounded, integers, kernel).mul_(scale / ACTIVATION_SCALE).add_(bias)


def tanh(values, quantised):
    """tanh, the engine's where ``quantised``; any shape. The values may be overwritten."""
    return _RationalTanh.apply(values) if quantised else _Tanh.apply(values)


def tanh_(values):
    """tanh in place, by way of the sigmoid, of which torch has the faster one on CPUs."""
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)
