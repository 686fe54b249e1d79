"""What the training reads: shards of spectra."""

import numpy as np

from percepnet.constants import ENERGY_SCALE
from percepnet.whole_file import analyse
from percepnet_training.enhancement import N_PASSED
from percepnet_training.shards import (
    frames_path,
    known_bandwidth,
    make_shards,
    mixture_frames,
    spectra_path,
)
from training_folders import tiny_mixer, tiny_recipe


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
