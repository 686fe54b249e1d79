"""Batches: random windows of the shards."""

import numpy as np

from percepnet_training.errors import TrainingError
from percepnet_training.features import list_shards, spectra_path, split_rows

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
        return self._batch(self._places(rng, n_windows))

    def _places(self, rng, n_windows):
        """Where random windows lie: file, mixture, frames."""
        paths = sorted(self._shards)
        places = []
        for _ in range(n_windows):
            path = paths[rng.integers(len(paths))]
            n_mixtures, n_frames, _ = self._shards[path].shape
            start = rng.integers(n_frames - self._n_frames + 1)
            frames = slice(start, start + self._n_frames)
            places.append((path, rng.integers(n_mixtures), frames))
        return places

    def _batch(self, places):
        rows = [self._shards[path][mixture, frames] for path, mixture, frames in places]
        return split_rows(np.stack(rows))


class SpectralWindows(Windows):
    """Windows of shards that have spectra."""

    def draw(self, rng, n_windows):
        """A Batch, and its spectra [n_windows, n_frames, 3, 2, N_PASSED] float16."""
        places = self._places(rng, n_windows)
        spectra = [
            np.load(spectra_path(path), mmap_mode="r")[mixture, frames]
            for path, mixture, frames in places
        ]
        return self._batch(places), np.stack(spectra)
