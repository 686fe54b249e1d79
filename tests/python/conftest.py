"""Signals made by the tests: a synthetic voice, noises, and their mixtures; a small model."""

import numpy as np
import pytest

from models import random_network
from percepnet import SAMPLE_RATE
from percepnet.cli import main
from percepnet.network import save_model
from percepnet.topology import Topology


def glide(f0_hz, n_harmonics=40):
    """Harmonic signal with the given fundamental at every sample, 6 dB per octave falling."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    harmonics = range(1, n_harmonics + 1)
    return sum(
        np.sin(h * phase) / h * (h * f0_hz.max() < SAMPLE_RATE / 2) for h in harmonics
    ).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def voice():
    """Three seconds of a gliding voice at 100 to 220 Hz with syllables, ±0.3."""
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    f0_hz = 150 + 45 * np.sin(2 * np.pi * 0.7 * time)
    syllables = np.clip(0.6 + np.sin(2 * np.pi * 2.3 * time), 0, 1)
    signal = glide(f0_hz) * syllables
    return (0.3 * signal / np.abs(signal).max()).astype(np.float32)


@pytest.fixture
def noisy(voice, rng):
    """The voice at about 5 dB in white noise."""
    noise = rng.standard_normal(len(voice)).astype(np.float32)
    return voice + noise * np.float32(np.sqrt(np.mean(voice**2)) * 10 ** (-5 / 20))


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """A small network of random weights."""
    path = tmp_path_factory.mktemp("model") / "small.npz"
    save_model(random_network(Topology(8, 2, 8, 2), 0), path)
    return path


@pytest.fixture
def denoise(model_file):
    """Run `percepnet denoise ARGUMENTS` in this process and return its exit code."""

    def run(*arguments):
        return main(["denoise", *map(str, arguments), "--model", str(model_file)])

    return run


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Folder with a tiny corpus and its shards."""
    from training_folders import prepared_folder  # torch, which few of the tests need

    return prepared_folder(tmp_path_factory.mktemp("run"))


@pytest.fixture
def one_thread():
    """Sums in one order: what is compared bit by bit must not depend on the machine's load."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)
