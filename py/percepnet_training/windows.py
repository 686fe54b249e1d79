"""Batches: random windows of the shards."""

from typing import NamedTuple

import numpy as np
import torch

from percepnet.constants import LOOKAHEAD_HOPS
from percepnet_training.enhancement import N_PASSED
from percepnet_training.errors import TrainingError
from percepnet_training.shards import list_shards, spectra_path


class Batch(NamedTuple):
    """Windows of shards; float32 tensors. The spectra go on for the frames of the look-ahead."""

    spectra: torch.Tensor
    """[3, 2, n_windows, n_frames + LOOKAHEAD_HOPS, N_PASSED]: noisy, periodic, clean."""
    pitch: torch.Tensor
    """[n_windows, n_frames, 2]: the features of period and correlation."""
    voice: torch.Tensor
    """[n_windows, n_frames], 0 or 1."""
    known_hz: torch.Tensor
    """[n_windows, n_frames]: the clean speech is known below."""


class Windows:
    """Random windows of the shards of one split; new shards are seen as they appear.

    Parameters
    ----------
    folder : Path
    split : str
    n_frames : int
    """

    def __init__(self, folder, split, n_frames):
        self._folder, self._split, self._n_frames = folder, split, n_frames
        self._shards = {}
        self.refresh()
        if not self._shards:
            raise TrainingError(
                f"no {split} features in {folder}: run `percepnet-train features` first"
            )

    def refresh(self):
        """Look for new shards."""
        for path in list_shards(self._folder, self._split):
            if path not in self._shards:
                self._shards[path] = np.load(path)

    def draw(self, rng, n_windows):
        """A Batch."""
        n_read = self._n_frames + LOOKAHEAD_HOPS
        spectra = torch.empty(3, 2, n_windows, n_read, N_PASSED)
        paths, frames = sorted(self._shards), []
        for window in range(n_windows):
            path = paths[rng.integers(len(paths))]
            shard = self._shards[path]
            mixture, start = rng.integers(len(shard)), rng.integers(shard.shape[1] - n_read + 1)
            frames.append(shard[mixture, start : start + self._n_frames])
            # Opened anew each time: what is mapped for good counts as this process's memory.
            shard_spectra = np.load(spectra_path(path), mmap_mode="r")
            read = np.array(shard_spectra[mixture, start : start + n_read])
            spectra[:, :, window] = torch.from_numpy(read).permute(1, 2, 0, 3)
        frames = torch.from_numpy(np.stack(frames))
        return Batch(spectra, frames[..., :2], frames[..., 2], frames[..., 3])
