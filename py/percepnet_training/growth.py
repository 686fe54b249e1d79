"""A trained network made wider, computing the same at first (Chen et al. 2016, Net2Net)."""

import torch

from percepnet.topology import LAYER_INPUTS, Topology
from percepnet_training.errors import TrainingError
from percepnet_training.model import TwinNetwork
from percepnet_training.recurrence import GRU


def grown_network(network, topology):
    """The network with wider layers.

    New units listen to everything from random weights; the old ones do not hear them yet.

    Parameters
    ----------
    network : TwinNetwork
    topology : dict of str to int
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
    for name, size in topology.items():
        if size < network.topology[name]:
            raise TrainingError(
                f"{name} = {size} is smaller than the {network.topology[name]} units of the "
                "network to start from: a network can only grow"
            )
    grown = TwinNetwork(topology, network.mean, network.deviation)
    before, after = (Topology(**sizes).layer_sizes for sizes in (network.topology, topology))
    for name, sources in LAYER_INPUTS.items():
        old, new = getattr(network, name), getattr(grown, name)
        columns = _kept([(before[source], after[source]) for source in sources])
        if isinstance(new, GRU):
            rows = _kept([(before[name], after[name])] * 3)
            own = _kept([(before[name], after[name])])
            _place(new.weight_ih, old.weight_ih, rows, columns)
            _place(new.weight_hh, old.weight_hh, rows, own)
            _place(new.bias_ih, old.bias_ih, rows)
            _place(new.bias_hh, old.bias_hh, rows)
        else:
            rows = _kept([(before[name], after[name])])
            _place(new.weight, old.weight, rows, columns)
            _place(new.bias, old.bias, rows)
    return grown


def _kept(sizes):
    """Where the old units lie among the new: blocks of (old, new) units one after the other."""
    blocks, start = [], 0
    for n_old, n_new in sizes:
        blocks.append(torch.arange(start, start + n_old))
        start += n_new
    return torch.cat(blocks)


@torch.no_grad()
def _place(new, old, rows, columns=None):
    """Put a parameter of the old network into the new one; other inputs of its units count 0."""
    if columns is None:
        new[rows] = old
        return
    widened = new.new_zeros(len(rows), *new.shape[1:])
    widened[:, columns] = old
    new[rows] = widened
