"""Mixtures to what the fit reads: shards of features and targets, made once, in parallel."""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from percepnet.constants import (
    BAND_CENTRES,
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_BINS,
    N_FEATURES,
    SAMPLE_RATE,
)
from percepnet.oracle import training_frames
from percepnet_training.corpus import Corpus
from percepnet_training.synthesis import Mixer

N_PER_SHARD = 30  # 20-s mixtures: ten minutes a file
BAND_HZ = np.array(BAND_CENTRES) * (SAMPLE_RATE / 2 / (N_BINS - 1))
KNOWN_SHARE = 0.95  # of the bandwidth: its edge is an estimate
MASKED = -1.0  # as a gain target: left out of the loss
N_COLUMNS = N_FEATURES + 2 * N_BANDS + 1  # features, gains, strengths, voice


class Batch(NamedTuple):
    """Rows of shards, taken apart; arrays or tensors [..., n_columns], float32.

    ``gains`` and ``strengths`` of masked bands (``mask`` is 0) are 0.
    """

    features: np.ndarray
    gains: np.ndarray
    strengths: np.ndarray
    mask: np.ndarray
    voice: np.ndarray


def make_shards(folder, corpus_folder, split, hours, recipe, n_jobs):
    """Make the shards of one split that are not there yet.

    Parameters
    ----------
    folder, corpus_folder : Path
    split : str
        ``"train"`` or ``"dev"``.
    hours : float
        Of mixtures, rounded up to whole shards.
    recipe : Recipe
    n_jobs : int
        Processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_shards = int(np.ceil(hours * 3600 / recipe.data.sequence_seconds / N_PER_SHARD))
    todo = [index for index in range(n_shards) if not shard_path(folder, split, index).exists()]
    make = partial(_make_shard, folder, corpus_folder, split, recipe)
    with ProcessPoolExecutor(n_jobs) as pool:
        for _ in tqdm(pool.map(make, todo), f"{split} features", total=len(todo), unit="shard"):
            pass


def shard_path(folder, split, index):
    """File of a shard: (N_PER_SHARD, n_frames, N_COLUMNS) float16."""
    return folder / f"{split}_{index:04d}.npy"


def list_shards(folder, split):
    """Files of the finished shards of a split, in order."""
    return sorted(folder.glob(f"{split}_*.npy"))


def mixer_for(corpus_folder, split, recipe):
    """The mixer of one split; validation has a seed of its own."""
    corpus = Corpus(corpus_folder, split, recipe.data.noise_weights)
    seed = recipe.seed if split == "train" else recipe.seed + 1_000_003
    return Mixer(corpus, recipe.data.sequence_seconds, seed)


def mixture_rows(mixture):
    """Features and targets of a mixture, (n_hops, N_COLUMNS) float16."""
    frames = training_frames(mixture.noisy, mixture.clean)
    known = frames.mask & known_bands(mixture.bandwidth_hz)
    return np.concatenate(
        (
            frames.features,
            np.where(known, frames.gains, MASKED),
            frames.strengths,
            frames.voice[:, np.newaxis],
        ),
        axis=1,
    ).astype(np.float16)


def known_bands(bandwidth_hz):
    """Bands whose clean speech is known, (n_hops, N_BANDS) bool, from a bandwidth per hop.

    Row n belongs to the frame emitted when hop n arrives, which spans two hops.
    """
    newest = np.concatenate((np.repeat(bandwidth_hz[:1], LOOKAHEAD_HOPS), bandwidth_hz))
    newest = newest[: len(bandwidth_hz)]
    oldest = np.concatenate((bandwidth_hz[:1], newest))[: len(bandwidth_hz)]
    return KNOWN_SHARE * np.minimum(newest, oldest)[:, np.newaxis] >= BAND_HZ


def split_rows(rows):
    """Take rows (..., N_COLUMNS) apart into a Batch of float32."""
    rows = rows.astype(np.float32)
    edges = np.cumsum((N_FEATURES, N_BANDS, N_BANDS))
    features, gains, strengths, voice = np.split(rows, edges, axis=-1)
    mask = (gains != MASKED).astype(np.float32)
    return Batch(features, gains * mask, strengths * mask, mask, voice[..., 0])


def _make_shard(folder, corpus_folder, split, recipe, index):
    mixer = mixer_for(corpus_folder, split, recipe)
    numbers = range(index * N_PER_SHARD, (index + 1) * N_PER_SHARD)
    rows = np.stack([mixture_rows(mixer.mixture(number)) for number in numbers])
    path = shard_path(folder, split, index)
    partial_path = path.with_suffix(f".{os.getpid()}.partial")
    with open(partial_path, "wb") as file:
        np.save(file, rows)
    os.replace(partial_path, path)
