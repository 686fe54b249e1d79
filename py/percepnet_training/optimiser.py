"""What turns gradients into steps: Muon for the int8 layers' matrices, AdamW for all else."""

import torch

from percepnet.topology import DENSE

ADAM_BETAS = (0.9, 0.98)


class Optimiser:
    """Muon (Jordan et al. 2024) and AdamW beside each other, at one rate.

    Muon's steps are scaled to the size of AdamW's (Liu et al. 2025), so that both share a rate.

    Parameters
    ----------
    network : TwinNetwork
    weight_decay : float
    """

    def __init__(self, network, weight_decay):
        matrices, others = [], []
        for name, parameter in network.named_parameters():
            layer, kind = name.split(".")
            is_matrix = layer not in DENSE and kind.startswith("weight")
            (matrices if is_matrix else others).append(parameter)
        self._parts = (
            torch.optim.Muon(matrices, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, betas=ADAM_BETAS, weight_decay=weight_decay),
        )

    def step(self, rate):
        """Move the parameters by their gradients and forget these."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad()

    def state_dict(self):
        """State of both, for a checkpoint."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, states):
        """Take up what `state_dict` gave."""
        for part, state in zip(self._parts, states, strict=True):
            part.load_state_dict(state)
