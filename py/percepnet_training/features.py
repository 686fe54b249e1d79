"""Mixtures to what the training reads: shards of features, targets and spectra, made once."""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from percepnet.constants import (
    BAND_CENTRES,
    ENERGY_SCALE,
    LOOKAHEAD_HOPS,
    N_BANDS,
    N_BINS,
    N_FEATURES,
    SAMPLE_RATE,
)
from percepnet.oracle import training_frames
from percepnet_training.corpus import Corpus
from percepnet_training.enhancement import N_PASSED
from percepnet_training.synthesis import Mixer

N_PER_SHARD = 30  # 20-s mixtures: ten minutes a file
N_PER_SPECTRAL_SHARD = 6  # 10 MB a mixture
# Mixtures for the fit and for tuning, each with a seed of its own beside the recipe's.
SPLITS = {"train": 0, "dev": 1_000_003, "tune": 2_000_003, "tunedev": 3_000_017}
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
        ``"train"`` or ``"dev"``; ``"tune"`` and ``"tunedev"`` have spectra beside the rows.
    hours : float
        Of mixtures, rounded up to whole shards.
    recipe : Recipe
    n_jobs : int
        Processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_shards = int(np.ceil(hours * 3600 / recipe.data.sequence_seconds / _n_per_shard(split)))
    todo = [index for index in range(n_shards) if not shard_path(folder, split, index).exists()]
    make = partial(_make_shard, folder, corpus_folder, split, recipe)
    with ProcessPoolExecutor(n_jobs) as pool:
        for _ in tqdm(pool.map(make, todo), f"{split} features", total=len(todo), unit="shard"):
            pass


def shard_path(folder, split, index):
    """File of a shard: (n_mixtures, n_frames, N_COLUMNS) float16."""
    return folder / f"{split}_{index:04d}.npy"


def spectra_path(path):
    """File of a shard's spectra: (n_mixtures, n_frames, 3, 2, N_PASSED) float16.

    Noisy, its periodic part, clean; real and imaginary; in the unit of ENERGY_SCALE.
    """
    return path.with_name(f"spectra_{path.name}")


def list_shards(folder, split):
    """Files of the finished shards of a split, in order."""
    return sorted(folder.glob(f"{split}_*.npy"))


def mixer_for(corpus_folder, split, recipe):
    """The mixer of one split."""
    recordings = "dev" if split.endswith("dev") else "train"
    corpus = Corpus(corpus_folder, recordings, recipe.data.noise_weights)
    return Mixer(corpus, recipe.data.sequence_seconds, recipe.seed + SPLITS[split])


def mixture_rows(mixture, frames):
    """Features and targets of a mixture and its TrainingFrames, (n_hops, N_COLUMNS) float16."""
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


def _has_spectra(split):
    return split.startswith("tune")


def _n_per_shard(split):
    return N_PER_SPECTRAL_SHARD if _has_spectra(split) else N_PER_SHARD


def _make_shard(folder, corpus_folder, split, recipe, index):
    mixer = mixer_for(corpus_folder, split, recipe)
    n_mixtures = _n_per_shard(split)
    rows, spectra = [], []
    for number in range(index * n_mixtures, (index + 1) * n_mixtures):
        mixture = mixer.mixture(number)
        frames = training_frames(mixture.noisy, mixture.clean)
        rows.append(mixture_rows(mixture, frames))
        if _has_spectra(split):
            spectra.append(_packed(frames.spectra))
    path = shard_path(folder, split, index)
    if spectra:
        _save(spectra_path(path), np.stack(spectra))
    _save(path, np.stack(rows))  # last: it marks the shard as complete


def _packed(spectra):
    passed = np.stack(spectra, axis=1)[..., :N_PASSED] * np.float32(np.sqrt(ENERGY_SCALE))
    return np.stack((passed.real, passed.imag), axis=2).astype(np.float16)


def _save(path, array):
    partial_path = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with open(partial_path, "wb") as file:
            np.save(file, array)
        os.replace(partial_path, path)
    finally:  # stopped, or the disk is full
        partial_path.unlink(missing_ok=True)
