"""PercepNet: real-time speech denoising at 48 kHz, in numpy.

Examples
--------
>>> import numpy as np
>>> import percepnet
>>> model = percepnet.load_model("default")
>>> enhanced = percepnet.enhance(np.zeros(48_000, np.float32), model)
>>> enhanced.shape
(48000,)
"""

from percepnet.constants import HOP_LENGTH, LATENCY, SAMPLE_RATE
from percepnet.enhancer import Enhancer
from percepnet.errors import AudioError, KernelError, ModelError
from percepnet.network import load_model
from percepnet.stream import Stream, enhance

__version__ = "0.1.0"

__all__ = [
    "HOP_LENGTH",
    "LATENCY",
    "SAMPLE_RATE",
    "AudioError",
    "Enhancer",
    "KernelError",
    "ModelError",
    "Stream",
    "enhance",
    "load_model",
]
