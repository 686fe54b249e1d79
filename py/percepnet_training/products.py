"""Products of signals and weights, the larger part of a training's work.

Under ``torch.autocast`` the factors are bfloat16, which processors that know it multiply several
times as fast as float32; what comes in and goes out is float32, as are all sums and activations.
Inputs are rounded, put side by side and shifted to their neighbours in one pass over memory.
"""

import torch


def product(inputs, weight, kernel=1):
    """``inputs @ weight.T`` of signals side by side and, row by row, of a row's neighbours.

    Parameters
    ----------
    inputs : sequence of float32 [..., n_rows, n]
    weight : float32 [n_out, n_in]
        n_in is kernel times the sum of the n; first of the row below.
    kernel : int
        Rows seen per row, an odd number; zeros lie beyond both ends.

    Returns
    -------
    float32 [..., n_rows, n_out]
    """
    return _Product.apply(weight, kernel, *inputs)


def product_type(device):
    """Type of the factors on a kind of device: float32, or what autocast says."""
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, kernel, *inputs):
        dtype = product_type(weight.device.type)
        joined = _joined(inputs, kernel, dtype)
        matrix = weight.to(dtype)
        ctx.kernel, ctx.sizes = kernel, [values.shape[-1] for values in inputs]
        ctx.save_for_backward(joined, matrix)
        with torch.autocast(weight.device.type, enabled=False):
            return (joined @ matrix.t()).float()

    @staticmethod
    def backward(ctx, gradient):
        joined, matrix = ctx.saved_tensors
        gradient = gradient.to(joined.dtype)
        to_weight = (gradient.flatten(0, -2).t() @ joined.flatten(0, -2)).float()
        if not any(ctx.needs_input_grad[2:]):
            return to_weight, None, *(None for _ in ctx.sizes)
        return to_weight, None, *_parted(gradient @ matrix, ctx.sizes, ctx.kernel)


def _joined(inputs, kernel, dtype):
    """Inputs side by side, once for each row that a row sees, [..., n_rows, n_in]."""
    if len(inputs) == kernel == 1:
        return inputs[0].to(dtype).contiguous()
    n_in = kernel * sum(values.shape[-1] for values in inputs)
    joined = inputs[0].new_empty(*inputs[0].shape[:-1], n_in, dtype=dtype)
    start = 0
    for shift in _shifts(kernel):
        for values in inputs:
            columns = joined[..., start : start + values.shape[-1]]
            to, of, beyond = _overlap(shift)
            columns[..., to, :] = values[..., of, :]
            columns[..., beyond, :] = 0
            start += values.shape[-1]
    return joined


def _parted(gradient, sizes, kernel):
    """Each input's gradient, float32, from that of `_joined`."""
    parts = gradient.split(sizes * kernel, -1)
    if kernel == 1:
        return [part.float() for part in parts]
    totals = [parts[n].new_zeros(parts[n].shape, dtype=torch.float32) for n in range(len(sizes))]
    for number, part in enumerate(parts):
        to, of, _ = _overlap(_shifts(kernel)[number // len(sizes)])
        totals[number % len(sizes)][..., of, :] += part[..., to, :]
    return totals


def _shifts(kernel):
    return range(-(kernel // 2), kernel // 2 + 1)


def _overlap(shift):
    """Slices of rows that see a row `shift` above, of the rows seen, and of those that see none."""
    if shift < 0:
        return slice(-shift, None), slice(None, shift), slice(None, -shift)
    if shift > 0:
        return slice(None, -shift), slice(shift, None), slice(-shift, None)
    return slice(None), slice(None), slice(0, 0)
