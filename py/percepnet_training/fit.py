"""The optimisation: an objective in, checkpoints out. Goes on where it stopped, at any moment."""

import io
import os
import time

import numpy as np
import torch
from tqdm import tqdm

from percepnet_training.curves import append_row, forget_after
from percepnet_training.curves_figure import draw_curves
from percepnet_training.errors import TrainingError
from percepnet_training.model import TwinNetwork
from percepnet_training.optimiser import Optimiser
from percepnet_training.processes import average_gradients, rank

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.csv"
PICTURE_FILE = "log.png"
LOG_STEPS = 50  # steps per line of the log
SAVE_SECONDS = 120
N_VALIDATION = 24  # windows per validation
VALIDATION_STEPS = 500
N_WARMUP_STEPS = 200  # rate from 0; a tenth of a shorter fit
FRAMES_PER_HOUR = 360_000


class Trainer:
    """State of an optimisation: network, optimiser, averaged weights, step.

    Parameters
    ----------
    stage : percepnet_training.recipe.Stage
    seed : int
    objective : Objective
    start : TwinNetwork
        What an unstarted run begins with.
    run : Path
        Where checkpoint and log go; an existing checkpoint is taken up.
    device : str
        ``"cpu"`` or ``"cuda"``.

    Attributes
    ----------
    network : TwinNetwork
    average : dict of str to tensor
        Its state, averaged over the last steps.
    step : int
        Steps done.
    """

    def __init__(self, stage, seed, objective, start, run, device):
        self._stage, self._seed, self._objective = stage, seed, objective
        self._run, self._device = run, torch.device(device)
        run.mkdir(parents=True, exist_ok=True)
        self.network = start.to(self._device)
        self._optimiser = Optimiser(self.network, stage.weight_decay)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.step = 0
        self._seconds = 0.0
        if (run / CHECKPOINT_FILE).exists():
            self._load()
        if rank() == 0:
            forget_after(run / LOG_FILE, self.step)

    def run(self, n_steps):
        """Train until step ``n_steps``; log, validate and save on the way and at the end.

        Of several processes, the first one does that.
        """
        saved = started = time.monotonic()
        spent = self._seconds
        recent = []
        is_first = rank() == 0
        progress = {"total": n_steps, "initial": self.step, "disable": not is_first}
        with tqdm(**progress, desc="training", unit="step") as bar:
            while self.step < n_steps:
                recent.append(self._update())
                self._seconds = spent + time.monotonic() - started
                bar.update()
                is_last = self.step == n_steps
                if self.step % LOG_STEPS == 0 or is_last:
                    means = {name: np.mean([part[name] for part in recent]) for name in recent[0]}
                    recent = []
                    self._objective.refresh()
                    if is_first:
                        self._log("train", means)
                        bar.set_postfix(loss=f"{means['loss']:.4f}")
                if not is_first:
                    continue
                if self.step % VALIDATION_STEPS == 0 or is_last:
                    self._log("dev", self.validate())
                    draw_curves(self._run / LOG_FILE, self._run / PICTURE_FILE)
                if is_last or time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()

    def validate(self):
        """Loss and parts of the averaged weights on the dev split, rounded as the engine rounds."""
        network = averaged_network(self.network.topology, self.average).to(self._device)
        return validation_loss(network, self._objective, self._seed)

    def save(self):
        """Write the checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "seconds": self._seconds,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self._optimiser.state_dict(),
        }
        # Through memory: on a full disk torch's own writer raises what nobody understands.
        buffer = io.BytesIO()
        torch.save(state, buffer)
        partial = self._run / "checkpoint.partial"
        partial.write_bytes(buffer.getbuffer())
        os.replace(partial, self._run / CHECKPOINT_FILE)

    def _load(self):
        state = _read_checkpoint(self._run, self._device)
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.average = state["average"]
        self.step, self._seconds = state["step"], state["seconds"]

    def _update(self):
        """One step; loss and parts. Chance comes from the step: a resumed run is the same."""
        stage = self._stage
        rng = np.random.default_rng((self._seed, self.step, rank()))
        loss, parts = self._objective.loss(
            self.network, rng, stage.batch_size, is_quantised(stage, self.step), is_training=True
        )
        self._check("loss", loss)
        loss.backward()
        average_gradients(list(self.network.parameters()))
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), stage.gradient_norm)
        self._check("gradient", norm)
        self._optimiser.step(learning_rate(stage, self.step))
        self.step += 1
        # A short memory at first, else the random start stays in the average.
        decay = min(stage.average_decay, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.named_parameters():
                self.average[name].lerp_(value, 1 - decay)
        return {"loss": loss.item(), **parts}

    def _check(self, name, value):
        """Stop before what is no number reaches the weights."""
        if not torch.isfinite(value):
            raise TrainingError(
                f"the {name} of step {self.step} is {value.item()}: "
                "go on from the last checkpoint with a lower learning_rate in the recipe"
            )

    def _log(self, split, values):
        stage = self._stage
        row = {
            "step": self.step,
            "hours": f"{self.step * stage.batch_size * stage.n_frames / FRAMES_PER_HOUR:.2f}",
            "seconds": f"{self._seconds:.0f}",
            "rate": f"{learning_rate(stage, self.step):.2e}",
            "quantised": int(is_quantised(stage, self.step)),
            "split": split,
        }
        values = {name: f"{value:.5f}" for name, value in values.items()}
        append_row(self._run / LOG_FILE, row | values)


def validation_loss(network, objective, seed):
    """Loss and parts of a network, rounded as the engine rounds, on fixed windows."""
    with torch.no_grad():
        loss, parts = objective.loss(
            network, np.random.default_rng(seed), N_VALIDATION, quantised=True, is_training=False
        )
    return {"loss": loss.item(), **parts}


def averaged_network(topology, average):
    """A TwinNetwork with the weights that a Trainer averaged: what is exported."""
    network = TwinNetwork(topology, average["mean"], average["deviation"])
    network.load_state_dict(average)
    return network


def load_averaged(run, topology):
    """Averaged network of a run's checkpoint, on the CPU, and the step it was saved at."""
    if not (run / CHECKPOINT_FILE).exists():
        raise TrainingError(f"{run} holds no checkpoint: run `percepnet-train fit {run}` first")
    state = _read_checkpoint(run, torch.device("cpu"))
    return averaged_network(topology, state["average"]), state["step"]


def learning_rate(stage, step):
    """Rate of a step: linear warm-up, constant, then half a cosine down to zero."""
    n_warmup = max(1, min(N_WARMUP_STEPS, stage.n_steps // 10))
    warm = min(1.0, (step + 1) / n_warmup)
    start = stage.n_steps * (1 - stage.decay_share)
    turn = np.clip((step - start) / max(1, stage.n_steps - start), 0, 1)
    return float(stage.learning_rate * warm * (0.5 + 0.5 * np.cos(np.pi * turn)))


def is_quantised(stage, step):
    """Whether a step trains through the engine's rounding: the last ones do."""
    return step >= stage.n_steps * (1 - stage.quantised_share)


def _read_checkpoint(run, device):
    return torch.load(run / CHECKPOINT_FILE, map_location=device, weights_only=True)
