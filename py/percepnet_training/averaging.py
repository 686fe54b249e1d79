"""The mean of networks trained from one start (Wortsman et al. 2022, "Model soups")."""

from dataclasses import asdict

import torch

from percepnet_training.errors import TrainingError
from percepnet_training.model import TwinNetwork


def mean_network(networks):
    """A network whose every weight is the mean of theirs.

    Parameters
    ----------
    networks : sequence of TwinNetwork
        Of one ancestor: units that learned apart from the start have nothing in common.

    Returns
    -------
    TwinNetwork

    Raises
    ------
    TrainingError
        Their layers differ, or the scales of their features: then they have no common ancestor.
    """
    first, *others = networks
    for other in others:
        if other.topology != first.topology:
            raise TrainingError(f"no mean of networks of sizes {_sizes(first)} and {_sizes(other)}")
        if not (
            torch.equal(other.mean, first.mean) and torch.equal(other.deviation, first.deviation)
        ):
            raise TrainingError(
                "no mean of networks that were trained from different starts: "
                "begin one with `fit --from` from the other"
            )
    mean = TwinNetwork(first.topology, first.mean, first.deviation)
    # Not the scales: a mean of equal numbers may differ from them in the last bit.
    states = [dict(network.named_parameters()) for network in networks]
    with torch.no_grad():
        for name, parameter in mean.named_parameters():
            parameter.copy_(torch.stack([state[name] for state in states]).mean(0))
    return mean


def _sizes(network):
    return ", ".join(str(size) for size in asdict(network.topology).values())
