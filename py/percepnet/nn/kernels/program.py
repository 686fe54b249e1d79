"""A network of layers as the table that int8.c runs: numbers packed once, places in memory."""

import ctypes

import numpy as np

from percepnet.nn.activations import tanh
from percepnet.nn.int8 import ACTIVATION_ZERO
from percepnet.nn.kernels import library as c
from percepnet.nn.layers import GRU, Conv, Dense, Layer, Linear

BLOCK = 16  # as in int8.c
GROUP = 4  # inputs of one output that lie side by side


class Program:
    """The table, what it points to, and where each signal lies in the memory of a step.

    Parameters
    ----------
    layers : dict of str to Layer
    inputs : dict of str to tuple of str
        As for `NumpyEngine`.
    """

    def __init__(self, layers: dict[str, Layer], inputs: dict[str, tuple[str, ...]]):
        self._n_bytes = 0
        self._kept = []  # arrays that the table points to
        self._first_zeros = []  # integers that stand for 0 before the first step
        self._values, self._quantized = {}, {}  # places of the signals
        self._shapes = {name: (layer.n_rows, layer.n_out) for name, layer in layers.items()}
        first = next(name for name, heard in inputs.items() if heard == ("features",))
        self._shapes["features"] = layers[first].n_rows, layers[first].n_in
        for name, (n_rows, n) in self._shapes.items():
            self._values[name] = self._allocate(4, n_rows * n)
            self._quantized[name] = self._allocate(1, n_rows * n)
            self._first_zeros.append((self._quantized[name], n_rows * n))
        table = [self._layer(name, layers[name], inputs[name]) for name in inputs]
        self.table = (c.Layer * len(table))(*table)

    def floats(self, memory: ctypes.Array, signal: str) -> np.ndarray:
        """A signal's value in the memory of a step, float32 (n_rows, n)."""
        n_rows, n = self._shapes[signal]
        value = np.frombuffer(memory, np.float32, n_rows * n, self._values[signal])
        return value.reshape(n_rows, n)

    def initial_memory(self) -> ctypes.Array:
        """The memory before the first step."""
        memory = (ctypes.c_uint8 * self._n_bytes)()
        integers = np.frombuffer(memory, np.uint8)
        for first, size in self._first_zeros:
            integers[first : first + size] = ACTIVATION_ZERO
        return memory

    def _allocate(self, width, n):
        """Place for that many numbers, and for what is read or written beyond the last row."""
        place, step = self._n_bytes, 4 * BLOCK
        self._n_bytes += -(-width * (n + BLOCK - 1) // step) * step
        return place

    def _layer(self, name, layer, inputs):
        place, copies = self._gather(layer, inputs)
        width = 4 if isinstance(layer, Dense) else 1
        entry = c.Layer(
            copies=(c.Copy * len(copies))(*copies),
            n_copies=len(copies),
            n_rows=layer.n_rows,
            from_=place,
            from_stride=width * layer.n_in,
            value=self._values[name],
            quantized=self._quantized[name],
            n_values=layer.n_out,
        )
        match layer:
            case Dense():
                entry.kind = c.DENSE_TANH if layer.activation is tanh else c.DENSE_SIGMOID
                entry.input = self._dense(layer)
            case Conv():
                entry.kind = c.CONV
                entry.input = self._linear(layer.linear)
            case GRU():
                entry.kind = c.GRU
                entry.input = self._linear(layer.input, n_gates=3)
                entry.recurrent = self._linear(layer.recurrent, n_gates=3)
        return entry

    def _gather(self, layer, inputs):
        """Where the input lies, and the copies that bring it there."""
        places = self._values if isinstance(layer, Dense) else self._quantized
        width = 4 if isinstance(layer, Dense) else 1
        n_beyond = layer.kernel // 2 if isinstance(layer, Conv) else 0
        if len(inputs) == 1 and not n_beyond:
            return places[inputs[0]], []

        row = width * layer.n_in
        place = self._allocate(width, (layer.n_rows + 2 * n_beyond) * layer.n_in)
        copies, first = [], place + n_beyond * row
        if n_beyond:  # these rows stay as they are before the first step
            for zeros in (place, first + layer.n_rows * row):
                self._first_zeros.append((zeros, n_beyond * row))
                copies.append(c.Copy(1, zeros, zeros, n_beyond * row, 1))
        to = first
        for name in inputs:
            n_bytes = width * np.prod(self._shapes[name]) // layer.n_input_rows
            copies.append(c.Copy(0, places[name], to, n_bytes, layer.n_rows, n_bytes, row))
            to += n_bytes
        return place, copies

    def _linear(self, linear: Linear, n_gates=1):
        def in_blocks(array):
            """Each gate's first block, each gate's second block, and so on."""
            gates = _padded(array.reshape(n_gates, -1, *array.shape[1:]), axis=1)
            return gates.reshape(n_gates, -1, BLOCK, *array.shape[1:]).swapaxes(0, 1)

        weight = in_blocks(_padded(linear.weight, axis=1))
        n_in = weight.shape[-1]
        groups = weight.reshape(-1, BLOCK, n_in // GROUP, GROUP).swapaxes(1, 2)
        offset, step = in_blocks(linear.offset), in_blocks(linear.output_step)
        bias = np.stack([in_blocks(row) for row in np.atleast_2d(linear.bias)])
        n_out = step.size
        return c.Linear(
            *map(self._keep, (groups, offset, step, bias)),
            n_in,
            n_out,
            n_out if linear.bias.ndim == 2 else 0,
        )

    def _dense(self, dense: Dense):
        weight = _padded(dense.weight, axis=0)
        blocks = weight.reshape(-1, BLOCK, dense.n_in).transpose(0, 2, 1)
        bias = _padded(dense.bias, axis=1)
        return c.Linear(
            self._keep(blocks), None, None, self._keep(bias), dense.n_in, len(weight), len(weight)
        )

    def _keep(self, array):
        self._kept.append(np.ascontiguousarray(array))
        return self._kept[-1].ctypes.data


def _padded(array, axis):
    """With zeros up to whole blocks."""
    padding = [(0, 0)] * array.ndim
    padding[axis] = (0, -array.shape[axis] % BLOCK)
    return np.pad(array, padding)
