"""The kernels in the browser: the very bits that numpy computes outside it."""

import base64
import json

import pytest

from models import random_network
from percepnet.benchmark import PAPER
from percepnet.network import save_model
from percepnet.topology import Topology

TOPOLOGIES = [
    Topology(channels=1, squeeze=1, full=1, expand=1),
    Topology(channels=21, squeeze=5, full=33, expand=3),
    PAPER,
]

# Run in Python here and in the page.
DIGEST = """
import hashlib
import numpy as np
from percepnet import load_model
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS

def digest(path, kernel, n_hops=50):
    network = load_model(path, kernel=kernel)
    state, sha256 = network.initial_state(), hashlib.sha256()
    shape = N_GROUPS, N_GROUP_FEATURES
    for n in range(n_hops):
        features = np.arange(shape[0] * shape[1], dtype=np.float32) * (n * n % 11 - 5) % 7 - 3
        *answers, voice_probability, state = network.step(features.reshape(shape), state)
        for values in (*answers, np.float32(voice_probability)):
            sha256.update(values.tobytes())
    return sha256.hexdigest()
"""

DIGESTS_IN_PAGE = """
async ([models, digest]) => {
  const { loadPyodide } = await import('/pyodide/pyodide.mjs');
  const python = await loadPyodide({ indexURL: '/pyodide/', packages: ['percepnet'] });
  python.globals.set('models', models);
  return python.runPython(digest + `
import base64, json
from percepnet.nn.kernels import available_kernels

digests = {kernel: [] for kernel in available_kernels()}
for model in models:
    with open("/random.npz", "wb") as file:
        file.write(base64.b64decode(model))
    for kernel in digests:
        digests[kernel].append(digest("/random.npz", kernel))
json.dumps(digests)`);
}
"""


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    files = []
    for n, topology in enumerate(TOPOLOGIES):
        files.append(tmp_path_factory.mktemp("models") / f"{n}.npz")
        save_model(random_network(topology, seed=n, kernel="numpy"), files[-1])
    return files


def test_every_kernel_gives_the_bits_of_numpy_outside(chromium, site_url, model_files):
    page = chromium().new_page(service_workers="block")
    page.goto(site_url)
    models = [base64.b64encode(file.read_bytes()).decode() for file in model_files]
    digests = json.loads(page.evaluate(DIGESTS_IN_PAGE, [models, DIGEST]))

    here = {}
    exec(DIGEST, here)
    expected = [here["digest"](file, "numpy") for file in model_files]
    assert len(set(expected)) == len(TOPOLOGIES)
    assert digests == dict.fromkeys(["relaxed-simd", "simd128", "numpy"], expected)
