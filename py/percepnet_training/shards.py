"""Mixtures to what the training reads: shards of spectra, made once."""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from tqdm import tqdm

from percepnet.constants import ENERGY_SCALE, LOOKAHEAD_HOPS
from percepnet.dsp.erb import band_energy
from percepnet.whole_file import analyse, frames_of, with_history
from percepnet_training.corpus import Corpus
from percepnet_training.enhancement import N_PASSED
from percepnet_training.synthesis import Mixer

N_PER_SHARD = 6  # mixtures; one of 20 s is 10 MB
SEEDS = {"train": 0, "dev": 1_000_003}  # of the splits, beside the recipe's

# A frame holds voice from this far below the loud frames (95th percentile), and its neighbours
VOICE_RANGE_DB = 35.0
VOICE_FLOOR = 1.0  # summed band energy: silence is not voice


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
    todo = [index for index in range(n_shards) if not frames_path(folder, split, index).exists()]
    make = partial(_make_shard, folder, corpus_folder, split, recipe)
    with ProcessPoolExecutor(n_jobs) as pool:
        for _ in tqdm(pool.map(make, todo), f"{split} features", total=len(todo), unit="shard"):
            pass


def frames_path(folder, split, index):
    """File of what a shard knows of each frame: (n_mixtures, n_frames, 4) float32.

    The network's features of period and correlation, voice (0 or 1), and the frequency in Hz up to
    which the clean speech is known.
    """
    return folder / f"frames_{split}_{index:04d}.npy"


def spectra_path(path):
    """File of a shard's spectra: (n_mixtures, n_frames, 3, 2, N_PASSED) float16.

    Noisy, its periodic part, clean; real and imaginary; in the unit of ENERGY_SCALE.
    """
    return path.with_name(path.name.replace("frames", "spectra", 1))


def list_shards(folder, split):
    """Frames' files of the finished shards of a split, in order."""
    return sorted(folder.glob(f"frames_{split}_*.npy"))


def mixer_for(corpus_folder, split, recipe):
    """The mixer of one split."""
    corpus = Corpus(corpus_folder, split, recipe.data.noise_weights)
    return Mixer(corpus, recipe.data, recipe.seed + SEEDS[split])


def mixture_frames(mixture):
    """What a shard holds of a mixture: frames (n_hops, 4), spectra (n_hops, 3, 2, N_PASSED).

    Row n is what is known when hop n arrives, of frame n - 2, which is enhanced then.
    """
    hops = analyse(mixture.noisy)
    clean = frames_of(with_history(mixture.clean), len(hops.energy), lag=LOOKAHEAD_HOPS)
    spectra = np.stack((hops.spectrum, hops.pitch_spectrum, clean), 1)[..., :N_PASSED]
    spectra = np.stack((spectra.real, spectra.imag), 2) * np.float32(np.sqrt(ENERGY_SCALE))
    pitch = hops.features[:, 0, -2:]
    voice, known_hz = voice_frames(band_energy(clean)), known_bandwidth(mixture.bandwidth_hz)
    return np.column_stack((pitch, voice, known_hz)).astype(np.float32), spectra.astype(np.float16)


def voice_frames(energy):
    """1 where a frame of clean speech, or one of its neighbours, holds voice; (n_hops,)."""
    level = energy.sum(axis=-1)
    loud = level[level > VOICE_FLOOR]
    if len(loud) == 0:
        return np.zeros(len(level))
    threshold = max(np.percentile(loud, 95) * 10 ** (-VOICE_RANGE_DB / 10), VOICE_FLOOR)
    voice = np.pad(level > threshold, 1)
    return (voice[:-2] | voice[1:-1] | voice[2:]).astype(float)


def known_bandwidth(bandwidth_hz):
    """Frequency up to which each frame is known, (n_hops,), from the bandwidth of each hop.

    Row n belongs to the frame emitted when hop n arrives, which spans two hops.
    """
    newest = np.concatenate((np.repeat(bandwidth_hz[:1], LOOKAHEAD_HOPS), bandwidth_hz))
    newest = newest[: len(bandwidth_hz)]
    oldest = np.concatenate((bandwidth_hz[:1], newest))[: len(bandwidth_hz)]
    return np.minimum(newest, oldest)


def _make_shard(folder, corpus_folder, split, recipe, index):
    mixer = mixer_for(corpus_folder, split, recipe)
    numbers = range(index * N_PER_SHARD, (index + 1) * N_PER_SHARD)
    frames, spectra = zip(*(mixture_frames(mixer.mixture(n)) for n in numbers), strict=True)
    path = frames_path(folder, split, index)
    _save(spectra_path(path), np.stack(spectra))
    _save(path, np.stack(frames))  # last: it marks the shard as complete


def _save(path, array):
    partial_path = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with open(partial_path, "wb") as file:
            np.save(file, array)
        os.replace(partial_path, path)
    finally:  # stopped, or the disk is full
        partial_path.unlink(missing_ok=True)
