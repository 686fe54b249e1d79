"""A trained network made wider, computing the same at first (Chen et al. 2016, Net2Net)."""

from dataclasses import asdict

import torch

from percepnet.topology import LAYER_INPUTS
from percepnet_training.errors import TrainingError
from percepnet_training.model import TwinNetwork
from percepnet_training.recurrence import GRU


def grown_network(network, topology):
    """The network with wider layers.

    New units listen to everything from random weights; the old ones do not hear them yet.

    Parameters
    ----------
    network : TwinNetwork
    topology : percepnet.topology.Topology
        No size below the network's own.

    Returns
    -------
    TwinNetwork
        Its outputs are those of ``network``.

    Raises
    ------
    TrainingError
        A layer would become smaller.
    """
    for name, size in asdict(topology).items():
        before = getattr(network.topology, name)
        if size < before:
            raise TrainingError(
                f"{name} = {size} is smaller than the {before} of the network to start from: "
                "a network can only grow"
            )
    grown = TwinNetwork(topology, network.mean, network.deviation)
    n_rows = {name: rows for name, (rows, _) in topology.signal_shapes.items()}

    def blocks(name, n_cuts):
        """Old and new units of a signal cut into rows, and of a row's blocks that grow apart."""
        n_parts = max(n_rows[heard] // n_rows[name] for heard in _listeners(name))
        n_parts = max(n_parts, 1)
        sizes = (each.signal_shapes[name][1] // n_parts for each in (network.topology, topology))
        return [tuple(sizes)] * (n_rows[name] * n_parts // n_cuts)

    for name, sources in LAYER_INPUTS.items():
        old, new = getattr(network, name), getattr(grown, name)
        n_cuts = topology.input_rows[name]
        columns = [block for source in sources for block in blocks(source, n_cuts)]
        own = blocks(name, n_rows[name])
        if isinstance(new, GRU):
            _place(new.weight_ih, old.weight_ih, own * 3, columns)
            _place(new.weight_hh, old.weight_hh, own * 3, own)
            _place(new.bias_ih, old.bias_ih, own * 3)
            _place(new.bias_hh, old.bias_hh, own * 3)
        else:
            _place(new.weight, old.weight, own, columns * new.kernel)
            _place(new.bias, old.bias, own)
    return grown


def _listeners(name):
    return [heard for heard, sources in LAYER_INPUTS.items() if name in sources] or [name]


def _kept(blocks):
    """Where the old units lie among the new: blocks of (old, new) units one after the other."""
    kept, start = [], 0
    for n_old, n_new in blocks:
        kept.append(torch.arange(start, start + n_old))
        start += n_new
    return torch.cat(kept)


@torch.no_grad()
def _place(new, old, units, inputs=None):
    """Put a parameter of the old network into the new one; other inputs of its units count 0."""
    units = _kept(units)
    if inputs is None:
        new[..., units] = old
        return
    widened = new.new_zeros(len(units), new.shape[1])
    widened[:, _kept(inputs)] = old
    new[units] = widened
