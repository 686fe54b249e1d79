"""A trained network beside its quantised self, as systems for ``percepnet.evaluation``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from percepnet import enhance
from percepnet.constants import HOP_LENGTH, LATENCY
from percepnet.dsp.gains import shape_spectrum
from percepnet.dsp.multiframe import gated
from percepnet.dsp.stft import overlap_add
from percepnet.oracle_stages import filtered_gains
from percepnet.topology import Topology
from percepnet.whole_file import analyse
from percepnet_training.export import engine_network
from percepnet_training.fit import load_averaged


@dataclass(frozen=True)
class Float:
    """The averaged weights of a checkpoint as they are, in float32.

    Parameters
    ----------
    folder : Path
        Of the checkpoint.
    topology : Topology
    """

    folder: Path
    topology: Topology
    name: str = "float32"

    def enhanced(self, pair, noisy):
        """The enhanced signal, (n,) float32."""
        hops = analyse(np.pad(noisy, (0, -len(noisy) % HOP_LENGTH + LATENCY)))
        with torch.no_grad():
            features = torch.from_numpy(hops.features)[:, None]
            answers = _twin(self.folder, self.topology)(features, False)
        gains, strengths = (torch.sigmoid(values[0]).numpy() for values in answers[:2])
        filters = strengths, gated(answers[2][0].numpy(), gains)
        gains = filtered_gains(gains, hops.energy)
        spectra = shape_spectrum(hops.spectra, hops.pitch_spectrum, *filters, gains)
        return overlap_add(spectra)[LATENCY:][: len(noisy)]


@dataclass(frozen=True)
class Int8:
    """The same weights as the engine runs them."""

    folder: Path
    topology: Topology
    name: str = "int8"

    def enhanced(self, pair, noisy):
        """The enhanced signal, (n,) float32."""
        return enhance(noisy, _engine(self.folder, self.topology))


@cache
def _twin(folder, topology):
    return load_averaged(folder, topology)[0]


@cache
def _engine(folder, topology):
    return engine_network(_twin(folder, topology))
