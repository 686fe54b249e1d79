"""The optimisation, on a corpus of seconds."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from percepnet_training.errors import TrainingError
from percepnet_training.fit import (
    CHECKPOINT_FILE,
    LOG_FILE,
    Trainer,
    is_quantised,
    learning_rate,
)
from percepnet_training.model import TwinNetwork
from percepnet_training.objectives import Objective
from training_folders import tiny_recipe

pytestmark = pytest.mark.usefixtures("one_thread")


def trainer(prepared, run, recipe=None):
    recipe = recipe or tiny_recipe()
    objective = Objective(prepared / "features", recipe.fit, "cpu")
    torch.manual_seed(1)
    start = TwinNetwork(recipe.topology, *objective.statistics(1))
    return Trainer(recipe.fit, recipe.seed, objective, start, run, "cpu")


def test_fit_reduces_the_loss(prepared, tmp_path):
    fit = trainer(prepared, tmp_path / "run")
    before = fit.validate()["loss"]
    fit.run(24)
    assert fit.validate()["loss"] < 0.8 * before


def test_interrupted_fit_goes_on_bit_by_bit(prepared, tmp_path):
    whole = trainer(prepared, tmp_path / "whole")
    whole.run(24)
    trainer(prepared, tmp_path / "parts").run(13)
    resumed = trainer(prepared, tmp_path / "parts")
    assert resumed.step == 13
    resumed.run(24)
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], value, rtol=0, atol=0)
        torch.testing.assert_close(resumed.average[name], whole.average[name], rtol=0, atol=0)


def test_the_log_forgets_what_no_checkpoint_holds(prepared, tmp_path):
    fit = trainer(prepared, tmp_path / "run")
    fit.run(10)
    with open(tmp_path / "run" / LOG_FILE, "a") as file:
        file.write("12,0.1,9,1e-3,0,train,1,1,1,1\n")  # killed before the next checkpoint
    trainer(prepared, tmp_path / "run").run(14)
    with open(tmp_path / "run" / LOG_FILE, newline="") as file:
        rows = [(row["step"], row["split"]) for row in csv.DictReader(file)]
    assert rows == [("10", "train"), ("10", "dev"), ("14", "train"), ("14", "dev")]


def test_a_full_disk_is_named_and_leaves_the_checkpoint_whole(prepared, tmp_path):
    fit = trainer(prepared, tmp_path / "run")
    fit.run(2)
    whole = (tmp_path / "run" / CHECKPOINT_FILE).read_bytes()
    (tmp_path / "run" / "checkpoint.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        fit.save()
    assert (tmp_path / "run" / CHECKPOINT_FILE).read_bytes() == whole


def test_average_is_near_the_weights_but_not_the_same(prepared, tmp_path):
    fit = trainer(prepared, tmp_path / "run")
    fit.run(20)
    for name, value in fit.network.named_parameters():
        distance = torch.linalg.norm(fit.average[name] - value)
        assert 0 < distance < torch.linalg.norm(value), name


def test_bfloat16_fits_too(prepared, tmp_path):
    recipe = tiny_recipe()
    recipe = replace(recipe, fit=replace(recipe.fit, bfloat16=True))
    fit = trainer(prepared, tmp_path / "run", recipe)
    before = fit.validate()["loss"]
    fit.run(24)
    assert fit.validate()["loss"] < 0.85 * before


def test_schedule_warms_up_stays_and_falls():
    fit = replace(tiny_recipe().fit, n_steps=2000, decay_share=0.3, quantised_share=0.2)
    rates = [learning_rate(fit, step) / fit.learning_rate for step in range(2001)]
    assert rates[0] == pytest.approx(1 / 200)
    assert rates[200:1400] == [1] * 1200
    assert (np.diff(rates[1400:]) <= 0).all()
    assert rates[2000] == 0
    assert [is_quantised(fit, step) for step in (0, 1599, 1600, 1999)] == [False, False, True, True]


def test_without_features_an_objective_says_what_to_run(tmp_path):
    with pytest.raises(TrainingError, match="percepnet-train features"):
        Objective(tmp_path, tiny_recipe().fit, "cpu")


@pytest.mark.parametrize(
    ("spoiled", "name"),
    [
        (lambda loss: loss * torch.nan, "loss"),
        (lambda loss: loss + torch.sqrt(0 * loss), "gradient"),  # its slope at 0 is infinite
    ],
)
def test_what_is_no_number_never_reaches_the_weights(prepared, tmp_path, spoiled, name):
    training = trainer(prepared, tmp_path / "run")
    loss = training._objective.loss
    training._objective.loss = lambda *arguments, **named: (
        spoiled(loss(*arguments, **named)[0]),
        {},
    )
    before = {key: value.clone() for key, value in training.network.state_dict().items()}
    with pytest.raises(TrainingError, match=rf"the {name} of step 0 is nan: .* learning_rate"):
        training.run(2)
    after = training.network.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    assert not (tmp_path / "run" / CHECKPOINT_FILE).exists()


def test_tuning_brings_the_enhanced_signal_nearer(prepared, tmp_path):
    recipe = tiny_recipe()
    fit = trainer(prepared, tmp_path / "run")
    fit.run(12)
    objective = Objective(prepared / "features", recipe.tune, "cpu")
    tuning = Trainer(recipe.tune, 1, objective, fit.network, tmp_path / "run" / "tune", "cpu")
    before = tuning.validate()
    assert set(before) == {
        "loss", "magnitude", "complex", "loudness", "envelope", "error", "band", "detection",
        "opinion",
    }  # fmt: skip
    tuning.run(24)
    assert tuning.validate()["magnitude"] < before["magnitude"]


@pytest.mark.parametrize("number", [0, 1])
def test_every_process_looks_for_new_shards(prepared, tmp_path, monkeypatch, number):
    """The first of several has more to do on the way; what it draws from may not differ."""
    monkeypatch.setattr("percepnet_training.fit.rank", lambda: number)
    fit = trainer(prepared, tmp_path / "run")
    looked = []
    monkeypatch.setattr(Objective, "refresh", lambda objective: looked.append(fit.step))
    fit.run(24)
    assert looked == [24]
