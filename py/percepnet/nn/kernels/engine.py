"""The engine that runs a whole step in one call of int8.c."""

import ctypes

import numpy as np

from percepnet.nn.kernels.program import Program
from percepnet.nn.layers import Layer


class CompiledEngine:
    """As `NumpyEngine`, to the bit.

    The state is one block of memory that holds every layer's input and output. A step reads the
    block of the step before and fills a new one; so steps in several threads may overlap.

    Parameters
    ----------
    kernel : str
        Its name.
    library : ctypes.CDLL
        From `load_library`.
    layers, inputs, outputs
        As for `NumpyEngine`.
    """

    def __init__(
        self,
        kernel: str,
        library: ctypes.CDLL,
        layers: dict[str, Layer],
        inputs: dict[str, tuple[str, ...]],
        outputs: tuple[str, ...],
    ):
        self.kernel = kernel
        self._program = Program(layers, inputs)
        self._outputs = outputs
        self._memory_type = type(self._program.initial_memory())
        self._run = library.percepnet_run

    def initial_state(self) -> ctypes.Array:
        return self._program.initial_memory()

    def step(
        self, features: np.ndarray, state: ctypes.Array
    ) -> tuple[list[np.ndarray], ctypes.Array]:
        if not isinstance(state, self._memory_type):  # C would read past its end
            raise TypeError("the state is not of this network and kernel: see initial_state")
        memory = self._memory_type()
        self._program.floats(memory, "features")[:] = features
        table = self._program.table
        self._run(table, len(table), state, memory)
        return [self._program.floats(memory, name) for name in self._outputs], memory
