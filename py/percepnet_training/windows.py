"""Batches for the fit: random windows of the shards."""

import numpy as np
import torch

from percepnet_training.errors import TrainingError
from percepnet_training.features import Batch, list_shards, split_rows

DEVIATION_FLOOR = 1e-2  # of a feature that hardly changes


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
                self._shards[path] = np.load(path, mmap_mode="r")

    def statistics(self):
        """Mean and standard deviation of the features in the first shards, float32."""
        first = [self._shards[path] for path in sorted(self._shards)[:6]]
        features = np.concatenate([split_rows(shard[::2, ::5]).features for shard in first])
        features = features.reshape(-1, features.shape[-1]).astype(np.float64)
        deviation = np.maximum(features.std(0), DEVIATION_FLOOR)
        return features.mean(0).astype(np.float32), deviation.astype(np.float32)

    def draw(self, rng, n_windows):
        """A Batch of arrays [n_windows, n_frames, ...]."""
        paths = sorted(self._shards)
        rows = []
        for _ in range(n_windows):
            shard = self._shards[paths[rng.integers(len(paths))]]
            start = rng.integers(shard.shape[1] - self._n_frames + 1)
            rows.append(shard[rng.integers(len(shard)), start : start + self._n_frames])
        return split_rows(np.stack(rows))


def on_device(batch, device):
    """A Batch of tensors."""
    return Batch(*(torch.from_numpy(part).to(device) for part in batch))
