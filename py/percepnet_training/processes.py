"""Several processes training one network, started by torch's own launcher (``torchrun``).

Each draws windows of its own; their gradients are averaged. Alone, a process is the first of one.
"""

import os

import torch
from torch import distributed


def join_processes(device):
    """Meet the other processes of the launcher, if there are any.

    Parameters
    ----------
    device : str
        ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    str
        The device of this process: with ``"cuda"``, one for each on a machine.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return device
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    return f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device


def leave_processes():
    """Say good-bye to the others."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def threads_of_process():
    """How many threads each process may have, where the launcher started several here."""
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def rank():
    """Number of this process, from 0; the first one logs and saves."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def average_gradients(parameters):
    """Replace every gradient by its mean over the processes."""
    if not distributed.is_initialized():
        return
    gradients = [parameter.grad for parameter in parameters]
    # One message in place of dozens.
    joined = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(joined)
    joined /= distributed.get_world_size()
    for gradient, mean in zip(
        gradients, joined.split([gradient.numel() for gradient in gradients]), strict=True
    ):
        gradient.copy_(mean.view_as(gradient))
