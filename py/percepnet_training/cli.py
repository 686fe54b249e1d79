"""The command ``percepnet-train``: the only part that prints and exits."""

import argparse
import os
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from percepnet import AudioError, KernelError, ModelError
from percepnet.cli import whole_number
from percepnet.evaluation import Unprocessed, evaluate, find_pairs, score_table
from percepnet.network import save_model
from percepnet_training.averaging import mean_network
from percepnet_training.corpus import prepare_corpus
from percepnet_training.errors import TrainingError
from percepnet_training.evaluate import score_mixtures
from percepnet_training.export import engine_network, twin_network
from percepnet_training.fit import CHECKPOINT_FILE, Trainer, load_averaged, validation_loss
from percepnet_training.growth import grown_network
from percepnet_training.memory import keep_freed_memory
from percepnet_training.model import TwinNetwork
from percepnet_training.objectives import Objective
from percepnet_training.pairs import Float, Int8
from percepnet_training.processes import join_processes, leave_processes, threads_of_process
from percepnet_training.recipe import RECIPE_FILE, load_recipe, recipe_text
from percepnet_training.shards import make_shards, mixer_for

USAGE_ERROR = 2
TUNE_FOLDER = "tune"  # of the run: the second stage's checkpoint and log


def main(arguments=None):
    """Run the command; exit status 2 and one line on bad input."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (TrainingError, AudioError, KernelError, ModelError, OSError) as error:
        print(f"percepnet-train: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 128 + 2
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="percepnet-train",
        description="Train a model: data, features, fit, tune, export, evaluate. "
        "Each step can be stopped and goes on where it was.",
    )
    steps = parser.add_subparsers(required=True, metavar="STEP")

    def step(name, command, text):
        added = steps.add_parser(name, help=text, description=text)
        added.add_argument("run", type=Path, metavar="RUN", help="folder of this training")
        added.set_defaults(command=command)
        return added

    data = step("data", _data, "decode recordings into RUN and simulate rooms")
    data.add_argument(
        "--recipe", default="default", help="TOML file or bundled recipe (default: %(default)s)"
    )
    data.add_argument(
        "--from",
        dest="sources",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER",
        help="folders with manifests, or with speech/, noise/ and rir/ inside",
    )
    features = step("features", _features, "make noisy mixtures and what is heard in them")
    features.add_argument(
        "--jobs", type=whole_number, default=os.cpu_count(), help="processes (default: %(default)s)"
    )
    fit = step("fit", _fit, "train the network on the features made so far")
    tune = step("tune", _tune, "go on from the fit, weighing what is heard")
    for training in (fit, tune):
        training.add_argument(
            "--from",
            dest="start",
            type=Path,
            nargs="+",
            metavar="START",
            help="begin with the weights that `export` gives of another run, with a model file, or "
            "with the mean of several; grown to this recipe's sizes",
        )
        training.add_argument(
            "--device",
            choices=("cpu", "cuda"),
            default="cuda" if torch.cuda.is_available() else "cpu",
        )
        training.add_argument(
            "--threads",
            type=whole_number,
            default=threads_of_process(),
            help="of the CPU (default: %(default)s); processes do better, see docs/training.md",
        )
    export = step("export", _export, "write the averaged weights of the last checkpoint as a model")
    export.add_argument("model", type=Path, metavar="MODEL.npz")
    export.add_argument(
        "--mean-with",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="write the mean of RUN's weights and those of runs that began with the same",
    )
    evaluate = step("evaluate", _evaluate, "loss and SI-SDR on mixtures of the dev split")
    evaluate.add_argument(
        "--pairs",
        type=Path,
        metavar="PAIRS",
        help="score float32 beside int8 on the folders noisy and clean in PAIRS instead",
    )
    evaluate.add_argument(
        "--jobs", type=whole_number, default=os.cpu_count(), help="processes (default: %(default)s)"
    )
    evaluate.add_argument(
        "--mixtures", type=whole_number, default=60, help="how many (default: %(default)s)"
    )
    return parser


def _data(options):
    options.run.mkdir(parents=True, exist_ok=True)
    recipe, text = load_recipe(options.recipe), recipe_text(options.recipe)
    written = options.run / RECIPE_FILE
    if written.exists() and written.read_text(encoding="utf-8") != text:
        raise TrainingError(f"{options.run} has another recipe: name a new run, or delete it")
    written.write_text(text, encoding="utf-8")
    prepare_corpus(
        options.sources, options.run / "corpus", recipe.data.n_simulated_rooms, recipe.seed
    )


def _features(options):
    recipe = _recipe(options.run)
    hours = {"dev": recipe.data.dev_hours, "train": recipe.data.hours}
    for split, split_hours in hours.items():
        make_shards(
            _shards(options.run), options.run / "corpus", split, split_hours, recipe, options.jobs
        )


def _fit(options):
    recipe = _recipe(options.run)

    def begin(objective):
        return TwinNetwork(recipe.topology, *objective.statistics(recipe.seed))

    _train(options, recipe, recipe.fit, options.run, begin)


def _tune(options):
    recipe = _recipe(options.run)

    def begin(_):
        return load_averaged(options.run, recipe.topology)[0]

    _train(options, recipe, recipe.tune, options.run / TUNE_FOLDER, begin)


def _train(options, recipe, stage, folder, begin):
    """Run a stage into a folder, from ``--from`` or from what ``begin`` makes."""
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    device = join_processes(options.device)
    objective = Objective(_shards(options.run), stage, device)
    torch.manual_seed(recipe.seed)
    if options.start:
        start = mean_network([_starting_point(path) for path in options.start])
        start = grown_network(start, recipe.topology)
    else:
        start = begin(objective)
    Trainer(stage, recipe.seed, objective, start, folder, device).run(stage.n_steps)
    leave_processes()


def _starting_point(path):
    return twin_network(path) if path.suffix == ".npz" else _trained(path)[0]


def _export(options):
    trained = [_trained(run) for run in (options.run, *options.mean_with)]
    twins, stages, steps = zip(*trained, strict=True)
    network = engine_network(mean_network(twins))
    save_model(network, options.model)
    origin = ", ".join(
        f"{step} steps of {stage}" for stage, step in zip(stages, steps, strict=True)
    )
    print(f"{options.model}: {network.n_weights} weights after {origin}")


def _evaluate(options):
    recipe = _recipe(options.run)
    if options.pairs:
        systems = (Unprocessed(), *(kind(*_checkpoint(options.run)) for kind in (Float, Int8)))
        pairs = find_pairs(options.pairs)
        with tqdm(total=len(pairs), unit="pair") as bar:
            rows = evaluate(pairs, systems, options.jobs, bar.update)
        print(score_table(rows))
        return
    twin, stage, step = _trained(options.run)
    objective = Objective(_shards(options.run), recipe.fit, "cpu")
    values = validation_loss(twin, objective, recipe.seed)
    print(f"{stage}, step {step}:", *(f"{name} {value:.4f}" for name, value in values.items()))
    mixer = mixer_for(options.run / "corpus", "dev", recipe)
    scores = score_mixtures(engine_network(twin), mixer, options.mixtures)
    print("SI-SDR, dB     mixtures   noisy  enhanced   gain")
    for score in scores:
        gain_db = score.enhanced_db - score.noisy_db
        print(
            f"{score.low_db:5.0f} ...{score.high_db:4.0f} {score.n_mixtures:10d} "
            f"{score.noisy_db:9.2f} {score.enhanced_db:9.2f} {gain_db:6.2f}"
        )


def _checkpoint(run):
    """Folder of the last stage begun, and its topology."""
    tuned = run / TUNE_FOLDER
    return (tuned if (tuned / CHECKPOINT_FILE).exists() else run), _recipe(run).topology


def _trained(run):
    """Averaged network of the last stage begun, that stage's name, and the step."""
    folder, topology = _checkpoint(run)
    twin, step = load_averaged(folder, topology)
    return twin, "the fit" if folder == run else "tuning", step


def _recipe(run):
    if not (run / RECIPE_FILE).exists():
        raise TrainingError(f"{run} holds no {RECIPE_FILE}: run `percepnet-train data {run}` first")
    return load_recipe(run / RECIPE_FILE)


def _shards(run):
    return run / "features"
