"""A tiny corpus and recipe, so that the whole training chain runs in seconds."""

from dataclasses import asdict, replace

import numpy as np
import soundfile

from percepnet import SAMPLE_RATE
from percepnet.topology import Topology
from percepnet_training.corpus import Corpus, prepare_corpus
from percepnet_training.recipe import load_recipe
from percepnet_training.shards import make_shards
from percepnet_training.synthesis import Mixer

# Folder names decide the split: of these, the "dev" ones fall to validation.
SPEAKERS = {"train": ("low", "high"), "dev": ("speaker45",)}
NOISES = {"train": ("rain",), "dev": ("kind27",)}


def voice_like(f0_hz, seconds, seed):
    """Sixty harmonics with syllables, (n,) float32; the seed shifts the syllables."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * f0_hz * h * time) / h for h in range(1, 60))
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time + seed) + 0.5, 0, 1)
    return (0.1 * syllables * tone).astype(np.float32)


def write_sources(folder):
    """A plain corpus folder: two speakers and one noise for training, one each for validation."""
    rng = np.random.default_rng(5)
    for split, names in SPEAKERS.items():
        for number, name in enumerate(names):
            path = folder / "speech" / name
            path.mkdir(parents=True)
            f0_hz = 110 if name == "low" else 230
            for take in range(2):
                samples = voice_like(f0_hz, 2.0, number * 10 + take + len(split))
                soundfile.write(path / f"{take}.wav", samples, SAMPLE_RATE)
    for name in (*NOISES["train"], *NOISES["dev"]):
        path = folder / "noise" / name
        path.mkdir(parents=True)
        soundfile.write(path / "0.flac", 0.1 * rng.standard_normal(3 * SAMPLE_RATE), SAMPLE_RATE)
    return folder


def tiny_recipe():
    """The default recipe, made small enough for a test."""
    recipe = load_recipe("default")
    small = {
        "n_steps": 24, "batch_size": 4, "n_frames": 60, "n_warmup_frames": 5,
        "learning_rate": 1e-2, "bfloat16": False,
    }  # fmt: skip
    return replace(
        recipe,
        topology=Topology(channels=8, squeeze=2, full=12, expand=3),
        data=replace(
            recipe.data, hours=0.003, dev_hours=0.001, sequence_seconds=1.0, n_simulated_rooms=3,
        ),
        fit=replace(recipe.fit, **small),
        tune=replace(recipe.tune, opinion_weight=1.0, **small),
    )  # fmt: skip


def write_recipe(path, recipe=None):
    """A recipe, the tiny one by default, as the TOML file that it would be."""

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


def tiny_mixer(folder, seconds=1.5, seed=3, split="train", **data):
    """A Mixer of the tiny corpus, prepared below ``folder``."""
    if not (folder / "corpus").exists():
        prepare_corpus([write_sources(folder / "sources")], folder / "corpus", 3, seed)
    data = replace(tiny_recipe().data, sequence_seconds=seconds, **data)
    return Mixer(Corpus(folder / "corpus", split, {}), data, seed)


def prepared_folder(folder):
    """The folder, with the tiny corpus and its shards in it."""
    tiny_mixer(folder)
    for split in ("train", "dev"):
        make_shards(folder / "features", folder / "corpus", split, 0.001, tiny_recipe(), 1)
    return folder
