"""A network of layers as the table that int8.c runs: numbers packed once, places in memory."""

import ctypes

import numpy as np

from percepnet.nn.activations import tanh
from percepnet.nn.int8 import ACTIVATION_ZERO
from percepnet.nn.kernels import library as c
from percepnet.nn.layers import GRU, Conv1d, Dense, Layer, Linear

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
        self._sizes = {name: layer.n_out for name, layer in layers.items()}
        first = next(name for name, heard in inputs.items() if heard == ("features",))
        self._sizes["features"] = layers[first].n_in
        for name, size in self._sizes.items():
            self._values[name] = self._allocate(4 * size)
            self._quantized[name] = self._allocate(size)
            self._first_zeros.append((self._quantized[name], size))
        table = [self._layer(name, layers[name], inputs[name]) for name in inputs]
        self.table = (c.Layer * len(table))(*table)

    def floats(self, signal: str) -> slice:
        """Where a signal's value lies in the memory, seen as float32."""
        first = self._values[signal] // 4
        return slice(first, first + self._sizes[signal])

    def initial_memory(self) -> ctypes.Array:
        """The memory before the first step."""
        memory = (ctypes.c_uint8 * self._n_bytes)()
        integers = np.frombuffer(memory, np.uint8)
        for first, size in self._first_zeros:
            integers[first : first + size] = ACTIVATION_ZERO
        return memory

    def _allocate(self, n_bytes):
        place, step = self._n_bytes, 4 * BLOCK
        self._n_bytes += -(-n_bytes // step) * step
        return place

    def _layer(self, name, layer, inputs):
        place, copies = self._gather(layer, inputs)
        entry = c.Layer(
            copies=(c.Copy * len(copies))(*copies),
            n_copies=len(copies),
            from_=place,
            value=self._values[name],
            quantized=self._quantized[name],
        )
        match layer:
            case Dense():
                entry.kind = c.DENSE_TANH if layer.activation is tanh else c.DENSE_SIGMOID
                entry.input = self._dense(layer)
            case Conv1d():
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
        copies = []
        if isinstance(layer, Conv1d):
            n_history = (layer.kernel - 1) * layer.n_in
            place = self._allocate(n_history + layer.n_in)
            self._first_zeros.append((place, n_history + layer.n_in))
            copies.append(c.Copy(1, place + layer.n_in, place, n_history))
            to = place + n_history
        elif len(inputs) == 1:
            return places[inputs[0]], copies
        else:
            place = to = self._allocate(width * layer.n_in)
        for name in inputs:
            n_bytes = width * self._sizes[name]
            copies.append(c.Copy(0, places[name], to, n_bytes))
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
        arrays = (groups, *map(in_blocks, (linear.offset, linear.output_step, linear.bias)))
        return c.Linear(*map(self._keep, arrays), n_in, weight.size // n_in)

    def _dense(self, dense: Dense):
        weight = _padded(dense.weight, axis=0)
        blocks = weight.reshape(-1, BLOCK, dense.n_in).transpose(0, 2, 1)
        bias = self._keep(_padded(dense.bias, axis=0))
        return c.Linear(self._keep(blocks), None, None, bias, dense.n_in, len(weight))

    def _keep(self, array):
        self._kept.append(np.ascontiguousarray(array))
        return self._kept[-1].ctypes.data


def _padded(array, axis):
    """With zeros up to whole blocks."""
    padding = [(0, 0)] * array.ndim
    padding[axis] = (0, -array.shape[axis] % BLOCK)
    return np.pad(array, padding)
