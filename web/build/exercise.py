"""All that a page can ask of the package, run inside Pyodide: what it imports, a page needs.

Finds the model at `MODEL_PATH`, where the engine puts it too.
"""

import warnings

import numpy as np

import percepnet
from percepnet.benchmark import bench, random_network
from percepnet.composite import composite_scores
from percepnet.lab import experiment
from percepnet.nn.kernels import available_kernels

MODEL_PATH = "/model.npz"
N_SAMPLES = 4 * percepnet.SAMPLE_RATE // 10


def main():
    noisy = np.sin(np.arange(N_SAMPLES, dtype=np.float32) ** 1.3) / 9
    model = percepnet.load_model(MODEL_PATH)
    enhance_live(model, noisy)
    for kernel in available_kernels():
        percepnet.enhance(noisy, percepnet.load_model(MODEL_PATH, kernel=kernel), strength=0.5)
    bench(random_network(model.topology), 1)
    experiment(noisy, noisy[::-1], 5, model)
    composite_scores(noisy, noisy, pesq=4.64)
    print_numbers(noisy)
    make_errors(model)


def enhance_live(model, noisy):
    enhancer = percepnet.Enhancer(model)
    enhancer.attenuation_limit_db = 20
    for n_hop, hop in enumerate(noisy.reshape(-1, percepnet.HOP_LENGTH)):
        enhancer.bypass = n_hop % 9 > 6
        enhancer.process(hop)
    enhancer.reset()


def print_numbers(samples):
    """As a console or a label shows them."""
    for shown in (samples, samples.dtype, samples[0], np.array(["a"]), np.array([1j])):
        f"{shown} {shown!r}"
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        np.log(np.zeros(1))


def make_errors(model):
    """Errors are made, raised and told by code that is imported only then."""
    with open("/broken.npz", "wb") as file:
        file.write(b"PK\3\4 no archive")
    for wrong in (
        lambda: percepnet.load_model("/nowhere.npz"),
        lambda: percepnet.load_model("/broken.npz"),
        lambda: percepnet.load_model("nobody"),
        lambda: percepnet.load_model(MODEL_PATH, kernel="abacus"),
        lambda: percepnet.enhance(np.zeros(9), model, sample_rate=8_000),
        lambda: percepnet.enhance(np.full(9, np.nan), model),
        lambda: percepnet.enhance("noise", model),
        lambda: np.zeros(2) + np.zeros(3),
        lambda: np.add("a", 1),
        lambda: np.empty(1 << 40),
    ):
        try:
            wrong()
        except Exception as error:
            f"{error} {error!r}"
        else:
            raise AssertionError("nothing was wrong")


main()
