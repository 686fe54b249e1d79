"""The commands, from recordings to a model file, on a corpus of seconds."""

import csv
import subprocess
import sys
from dataclasses import replace
from shutil import copytree

import numpy as np
import pytest
import soundfile
import torch
from torch.distributed.run import parse_args

from models import random_network
from percepnet import SAMPLE_RATE, load_model
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import save_model
from percepnet_training.__main__ import main as run_script
from percepnet_training.averaging import mean_network
from percepnet_training.cli import main
from percepnet_training.export import engine_network, twin_network
from percepnet_training.fit import (
    CHECKPOINT_FILE,
    LOG_FILE,
    PICTURE_FILE,
    load_averaged,
)
from percepnet_training.recipe import RECIPE_FILE
from training_folders import tiny_recipe, voice_like, write_recipe, write_sources

pytestmark = pytest.mark.usefixtures("one_thread")


def write_pairs(folder):
    """A folder with one pair of voice and noise, two seconds."""
    rng = np.random.default_rng(8)
    voice = voice_like(140, 2.0, 3)
    noise = 0.02 * rng.standard_normal(len(voice))
    for kind, samples in (("clean", voice), ("noisy", voice + noise)):
        (folder / kind).mkdir()
        soundfile.write(folder / kind / "one.wav", samples, SAMPLE_RATE, "FLOAT")
    return folder


def test_without_torch_the_script_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "percepnet_training.cli")
    assert run_script() == 2
    assert capsys.readouterr().err == (
        "percepnet-train: this needs torch: pip install 'percepnet[training]'\n"
    )


def test_a_number_of_jobs_is_at_least_one(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["features", str(tmp_path), "--jobs", "0"])
    assert stopped.value.code == 2
    assert "'0' is not a whole number of at least 1" in capsys.readouterr().err


def test_the_whole_chain(tmp_path, capsys):
    sources, run, model = write_sources(tmp_path / "sources"), tmp_path / "run", tmp_path / "m.npz"
    recipe = write_recipe(tmp_path / "tiny.toml")
    for arguments in (
        ["data", run, "--from", sources, "--recipe", recipe],
        ["features", run, "--jobs", "1"],
        ["fit", run, "--threads", "1", "--device", "cpu"],
        ["tune", run, "--threads", "1", "--device", "cpu"],
        ["export", run, model],
        ["evaluate", run, "--mixtures", "3"],
        ["evaluate", run, "--pairs", write_pairs(tmp_path), "--jobs", "1"],
    ):
        assert main([*map(str, arguments)]) == 0, arguments
    other = tmp_path / "other.toml"
    other.write_text(recipe.read_text().replace("n_steps = 24", "n_steps = 25"))
    assert main(["data", str(run), "--from", str(sources), "--recipe", str(other)]) == 2
    assert load_model(model).topology == tiny_recipe().topology
    shown = capsys.readouterr().out
    assert "24 steps of tuning" in shown
    assert "step 24: loss" in shown
    assert "SI-SDR" in shown
    assert "| float32 |" in shown
    assert "| int8 |" in shown
    with open(run / LOG_FILE, newline="") as file:
        assert [row["split"] for row in csv.DictReader(file)] == ["train", "dev"]
    for folder in (run, run / "tune"):
        assert (folder / PICTURE_FILE).read_bytes().startswith(b"\x89PNG")


def test_runs_begin_with_others_and_end_in_their_mean(prepared, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    for run, start in ((first, ()), (second, ("--from", first))):
        copytree(prepared, run)
        write_recipe(run / RECIPE_FILE)
        assert main([*map(str, ("fit", run, *start, "--threads", "1", "--device", "cpu"))]) == 0
    model = tmp_path / "m.npz"
    assert main([*map(str, ("export", first, model, "--mean-with", second))]) == 0
    assert "24 steps of the fit, 24 steps of the fit" in capsys.readouterr().out
    starts = [load_averaged(run, tiny_recipe().topology)[0] for run in (first, second)]
    expected = engine_network(mean_network(starts))
    loud = np.ones((N_GROUPS, N_GROUP_FEATURES), np.float32)
    gains = [
        network.step(loud, network.initial_state())[0] for network in (load_model(model), expected)
    ]
    np.testing.assert_array_equal(*gains)


def test_a_run_begins_with_a_model_file(prepared, tmp_path):
    model, run = tmp_path / "m.npz", tmp_path / "run"
    save_model(random_network(tiny_recipe().topology, 1), model)
    copytree(prepared, run)
    recipe = tiny_recipe()
    write_recipe(run / RECIPE_FILE, replace(recipe, fit=replace(recipe.fit, n_steps=1)))
    assert main([*map(str, ("fit", run, "--from", model, "--threads", "1"))]) == 0
    moved = load_averaged(run, recipe.topology)[0].state_dict()
    for name, value in twin_network(model).state_dict().items():
        assert (moved[name] - value).abs().max() < 0.02, name
    model.write_bytes(b"no model")
    (run / CHECKPOINT_FILE).unlink()
    assert main([*map(str, ("fit", run, "--from", model, "--threads", "1"))]) == 2


def test_two_processes_train_one_network(tmp_path):
    """Through torch's launcher: both go through the same steps, and one of them writes."""
    sources, run = write_sources(tmp_path / "sources"), tmp_path / "run"
    recipe = write_recipe(tmp_path / "tiny.toml")
    assert main(["data", str(run), "--from", str(sources), "--recipe", str(recipe)]) == 0
    assert main(["features", str(run), "--jobs", "1"]) == 0
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone")
    command = ("--nproc-per-node", "2", "-m", "percepnet_training", "fit", run, "--device", "cpu")
    done = subprocess.run(
        [*launcher, *map(str, command), "--threads", "1"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    pair, step = load_averaged(run, tiny_recipe().topology)
    assert step == 24
    with open(run / LOG_FILE, newline="") as file:
        assert [row["split"] for row in csv.DictReader(file)] == ["train", "dev"]
    # Alone, one process ends elsewhere, from the same start: it sees half of the windows.
    ends = []
    for _ in range(2):
        (run / CHECKPOINT_FILE).unlink()
        assert main(["fit", str(run), "--device", "cpu", "--threads", "1"]) == 0
        ends.append(load_averaged(run, tiny_recipe().topology)[0].embed.weight)
    assert torch.equal(*ends)
    assert not torch.equal(pair.embed.weight, ends[0])


def test_the_launcher_leaves_our_options_alone():
    """It would take ``--start`` for the beginning of its own ``--start-method``."""
    ours = ["runs/b", "--from", "runs/a", "--device", "cpu", "--threads", "1"]
    for stage in ("fit", "tune"):
        arguments = parse_args(["-m", "percepnet_training", stage, *ours])
        assert arguments.training_script_args == [stage, *ours]


@pytest.mark.parametrize("step", ["features", "fit", "tune", "evaluate"])
def test_an_empty_run_is_an_error_of_one_line(tmp_path, capsys, step):
    assert main([step, str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("percepnet-train: ")
    assert "run `percepnet-train data" in error
    assert error.count("\n") == 1
