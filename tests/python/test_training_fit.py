"""Features, fit and the whole chain, on a corpus of seconds."""

import csv
import subprocess
import sys
from dataclasses import asdict, replace
from shutil import copytree

import numpy as np
import pytest
import soundfile
import torch
from torch.distributed.run import parse_args

from models import random_network
from percepnet import SAMPLE_RATE, load_model
from percepnet.constants import ENERGY_SCALE, N_GROUP_FEATURES, N_GROUPS
from percepnet.network import save_model
from percepnet.whole_file import analyse
from percepnet_training.__main__ import main as run_script
from percepnet_training.averaging import mean_network
from percepnet_training.cli import main
from percepnet_training.enhancement import N_PASSED
from percepnet_training.errors import TrainingError
from percepnet_training.export import engine_network, twin_network
from percepnet_training.fit import (
    CHECKPOINT_FILE,
    LOG_FILE,
    PICTURE_FILE,
    Trainer,
    is_quantised,
    learning_rate,
    load_averaged,
)
from percepnet_training.model import TwinNetwork
from percepnet_training.objectives import Objective
from percepnet_training.recipe import RECIPE_FILE, load_recipe, parse_recipe, recipe_text
from percepnet_training.shards import (
    frames_path,
    known_bandwidth,
    make_shards,
    mixture_frames,
    spectra_path,
)
from training_folders import tiny_mixer, tiny_recipe, voice_like, write_sources


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Folder with a tiny corpus and its shards."""
    folder = tmp_path_factory.mktemp("run")
    tiny_mixer(folder)
    for split in ("train", "dev"):
        make_shards(folder / "features", folder / "corpus", split, 0.001, tiny_recipe(), 1)
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order: what is compared bit by bit must not depend on the machine's load."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def trainer(prepared, run, recipe=None):
    recipe = recipe or tiny_recipe()
    objective = Objective(prepared / "features", recipe.fit, "cpu")
    torch.manual_seed(1)
    start = TwinNetwork(recipe.topology, *objective.statistics(1))
    return Trainer(recipe.fit, recipe.seed, objective, start, run, "cpu")


def test_frames_are_known_up_to_the_lower_bandwidth_of_their_hops():
    bandwidth_hz = np.full(12, 24000.0)
    bandwidth_hz[5] = 8000
    known_hz = known_bandwidth(bandwidth_hz)
    # Row n is the frame of hops n - 3 and n - 2.
    assert np.flatnonzero(known_hz < 24000).tolist() == [7, 8]
    assert (known_hz[7:9] == 8000).all()


def test_a_shard_holds_what_the_enhancer_knows_and_the_clean_speech(tmp_path):
    mixture = tiny_mixer(tmp_path).mixture(2)
    frames, spectra = mixture_frames(mixture)
    assert frames.shape == (150, 4)
    assert spectra.shape == (150, 3, 2, N_PASSED)
    hops = analyse(mixture.noisy)
    np.testing.assert_array_equal(frames[:, :2], hops.features[:, 0, -2:])
    assert set(np.unique(frames[:, 2])) == {0, 1}
    signals = (hops.spectrum, hops.pitch_spectrum, analyse(mixture.clean).spectrum)
    for stored, spectrum in zip(spectra.transpose(1, 0, 2, 3), signals, strict=True):
        expected = spectrum[:, :N_PASSED] * np.float32(np.sqrt(ENERGY_SCALE))
        np.testing.assert_allclose(stored[:, 0], expected.real, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(stored[:, 1], expected.imag, rtol=1e-3, atol=1e-3)


def test_shards_are_made_once(prepared):
    recipe = tiny_recipe()
    shard = frames_path(prepared / "features", "train", 0)
    files = shard, spectra_path(shard)
    before, contents = shard.stat().st_mtime_ns, [file.read_bytes() for file in files]
    make_shards(prepared / "features", prepared / "corpus", "train", 0.001, recipe, 1)
    assert shard.stat().st_mtime_ns == before
    shard.unlink()
    make_shards(prepared / "features", prepared / "corpus", "train", 0.001, recipe, 1)
    assert [file.read_bytes() for file in files] == contents


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


@pytest.mark.parametrize("name", ["default", "small"])
def test_bundled_recipes_are_read(name):
    recipe = load_recipe(name)
    assert 0 < recipe.tune.decay_share < 1
    assert recipe.tune.signal_weight > recipe.fit.signal_weight


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed = ", "# "), "lacks seed"),
        (("dev_hours", "devhours"), "lacks dev_hours"),
        (("[fit]", "[fit]\nbatch = 3"), "unknown batch"),
        (("[fit]", "[fit"), "not TOML"),
        (("n_frames = 300", "n_frames = 2000"), "no more than the 1998"),
        (("n_frames = 300", "n_frames = 60"), "must be 38 more than n_warmup_frames"),
        (("squeeze = 8", "squeeze = 0"), "has layer size squeeze = 0"),
        (("squeeze = 8", "gru = 8"), "lacks squeeze"),
    ],
)
def test_a_wrong_recipe_is_explained(change, message):
    text = recipe_text("default").replace(*change)
    with pytest.raises(TrainingError, match=message):
        parse_recipe(text, "wrong.toml")


def test_an_unknown_recipe_lists_the_bundled_ones():
    with pytest.raises(TrainingError, match=r"no recipe nonsense: .*default"):
        load_recipe("nonsense")


def write_recipe(path, recipe=None):
    def lines(table):
        for name, value in table.items():
            if not isinstance(value, dict):
                yield f"{name} = {str(value).lower()}"

    tree = asdict(recipe or tiny_recipe())
    text = [*lines(tree)]
    for section in ("topology", "data", "fit", "tune"):
        text += [f"[{section}]", *lines(tree[section])]
    path.write_text("\n".join(text))
    return path


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
