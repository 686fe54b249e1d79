"""The optimiser: hidden matrices move as Muon moves them, all else as AdamW does."""

import torch

from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.topology import DENSE, Topology
from percepnet_training.model import TwinNetwork
from percepnet_training.optimiser import Optimiser

RATE = 1e-3


def test_the_first_step_is_muons_for_hidden_matrices_and_adams_for_the_rest():
    torch.manual_seed(5)
    mean, deviation = torch.zeros(N_GROUPS, N_GROUP_FEATURES), torch.ones(N_GROUP_FEATURES)
    network = TwinNetwork(Topology(channels=12, squeeze=3, full=16, expand=4), mean, deviation)
    optimiser = Optimiser(network, weight_decay=0.0)
    before = {name: values.detach().clone() for name, values in network.named_parameters()}
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimiser.step(RATE)
    for name, parameter in network.named_parameters():
        assert parameter.grad is None
        step = (before[name] - parameter.detach()) / RATE
        if name.split(".")[0] in DENSE or "bias" in name:
            # AdamW's first step is the sign of the gradient.
            torch.testing.assert_close(step.abs(), torch.ones_like(step), rtol=2e-3, atol=2e-3)
        else:
            # Muon's is an orthogonal matrix, scaled by 0.2 of the root of the longer side.
            scales = torch.linalg.svdvals(step) / (0.2 * max(step.shape) ** 0.5)
            assert 0.5 < scales.min() <= scales.max() < 1.5, name
