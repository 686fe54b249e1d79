import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models import random_network, random_parameters
from percepnet import network as network_module
from percepnet.constants import N_BANDS, N_FEATURES
from percepnet.errors import ModelError
from percepnet.network import load_model, quantize_network, save_model
from percepnet.nn.kernels import available_kernels
from percepnet.topology import Topology, parameter_shapes

SMALL = Topology(dense=10, conv=14, gru=12, strength_gru=6)
DATA = Path(__file__).parent / "data"


every_kernel = pytest.mark.parametrize("kernel", available_kernels())


def random_features(n_hops, seed=0):
    return np.random.default_rng(seed).normal(0, 1, (n_hops, N_FEATURES)).astype(np.float32)


def run(network, features):
    """Outputs of a whole sequence: (n_hops, 34) gains, (n_hops, 34) strengths, (n_hops,)."""
    state, hops = network.initial_state(), []
    for hop in features:
        *outputs, state = network.step(hop, state)
        hops.append(outputs)
    return tuple(np.array(output) for output in zip(*hops, strict=True))


# The same network straight from the float parameters, in float64, whole sequences at a time,
# with rounding where the engine's integers round.


def rounded_weights(weight):
    scale = np.abs(weight).max(axis=1, keepdims=True) / 127
    return scale * np.rint(weight / scale)


def rounded(x):
    return np.rint(63 * x) / 63


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference_conv(x, weight, bias):
    n_out, n_in, kernel = weight.shape
    weight = rounded_weights(weight.reshape(n_out, -1)).reshape(n_out, n_in, kernel)
    padded = np.concatenate((np.zeros((kernel - 1, n_in)), rounded(x)))
    taps = [padded[k : k + len(x)] @ weight[:, :, k].T for k in range(kernel)]
    return np.tanh(sum(taps) + bias)


def reference_gru(x, weight_ih, weight_hh, bias_ih, bias_hh):
    weight_ih, weight_hh = rounded_weights(weight_ih), rounded_weights(weight_hh)
    h, outputs = np.zeros(weight_hh.shape[1]), []
    for hop in rounded(x):
        xr, xz, xn = np.split(weight_ih @ hop + bias_ih, 3)
        hr, hz, hn = np.split(weight_hh @ rounded(h) + bias_hh, 3)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        h = z * h + (1 - z) * np.tanh(xn + r * hn)
        outputs.append(h)
    return np.array(outputs)


def reference_run(parameters, features):
    p = {name: array.astype(np.float64) for name, array in parameters.items()}

    def gru(name, x):
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return reference_gru(x, *(p[f"{name}.{part}"] for part in parts))

    x = np.tanh(features @ p["dense.weight"].T + p["dense.bias"])
    x = reference_conv(x, p["conv1.weight"], p["conv1.bias"])
    conv = reference_conv(x, p["conv2.weight"], p["conv2.bias"])
    gru1 = gru("gru1", conv)
    gru2 = gru("gru2", gru1)
    gru3 = gru("gru3", gru2)
    layers = np.concatenate((conv, gru1, gru2, gru3, gru("gain_gru", gru3)), axis=1)
    heads = sigmoid(layers @ p["gain_head.weight"].T + p["gain_head.bias"])
    strength = gru("strength_gru", np.concatenate((gru3, conv), axis=1))
    strengths = sigmoid(strength @ p["strength_head.weight"].T + p["strength_head.bias"])
    return heads[:, :N_BANDS], strengths, heads[:, N_BANDS]


@pytest.mark.parametrize("seed", range(5))
def test_the_network_follows_its_equations(seed):
    parameters = random_parameters(SMALL, seed)
    features = random_features(25, seed)
    outputs = run(quantize_network(SMALL, parameters), features)
    for output, expected in zip(outputs, reference_run(parameters, features), strict=True):
        assert np.ptp(expected) > 0.05
        # A sum on the edge of two integers may round differently in float64.
        assert_allclose(output, expected, atol=0.02)


@every_kernel
def test_golden_outputs(kernel):
    network = load_model(DATA / "golden_model.npz", kernel=kernel)
    with np.load(DATA / "golden_outputs.npz") as golden:
        gains, strengths, voice_probability = run(network, golden["features"])
        assert_array_equal(gains, golden["gains"])
        assert_array_equal(strengths, golden["strengths"])
        assert_array_equal(voice_probability.astype(np.float32), golden["voice_probability"])


def test_outputs_have_their_types_and_ranges():
    gains, strengths, voice_probability, _ = (network := random_network(SMALL, 0)).step(
        100 * random_features(1)[0], network.initial_state()
    )
    for output in (gains, strengths):
        assert output.dtype == np.float32
        assert output.shape == (N_BANDS,)
        assert output.min() >= 0
        assert output.max() <= 1
    assert type(voice_probability) is float
    assert 0 <= voice_probability <= 1


@every_kernel
def test_a_step_changes_nothing_it_was_given(kernel):
    network, features = random_network(SMALL, 0, kernel), random_features(3)
    state = network.initial_state()
    for hop in features:
        before, hop_before = copy.deepcopy(state), hop.copy()
        *_, after = network.step(hop, state)
        network.step(-hop, after)
        assert_array_equal(hop, hop_before)
        assert contents(state) == contents(before)
        state = after


@every_kernel
def test_the_same_state_gives_the_same_step(kernel):
    network, features = random_network(SMALL, 0, kernel), random_features(4)
    state = network.initial_state()
    for hop in features:
        *_, state = network.step(hop, state)
    once, again = (network.step(features[0], state) for _ in range(2))
    for a, b in zip(once[:3], again[:3], strict=True):
        assert_array_equal(a, b)
    assert contents(once[3]) == contents(again[3])


def test_the_state_matters():
    network, features = random_network(SMALL, 0), random_features(8)
    gains, strengths, _ = run(network, np.repeat(features[:1], 8, axis=0))
    assert np.abs(np.diff(gains, axis=0)).max() > 0.01
    assert np.abs(np.diff(strengths, axis=0)).max() > 0.01


@every_kernel
def test_two_streams_may_share_a_network(kernel):
    network = random_network(SMALL, 0, kernel)
    sequences = random_features(6, 1), random_features(6, 2)
    alone = [run(network, sequence)[0] for sequence in sequences]
    states = [network.initial_state(), network.initial_state()]
    for n in range(6):
        for channel, sequence in enumerate(sequences):
            gains, _, _, states[channel] = network.step(sequence[n], states[channel])
            assert_array_equal(gains, alone[channel][n])


def test_a_saved_network_is_the_same_network(tmp_path):
    network, features = random_network(SMALL, 3), random_features(10)
    save_model(network, tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert loaded.topology == SMALL
    assert loaded.n_weights == network.n_weights
    for a, b in zip(run(loaded, features), run(network, features), strict=True):
        assert_array_equal(a, b)


@every_kernel
def test_a_network_can_be_sent_to_another_process(kernel):
    network, features = random_network(SMALL, 0, kernel), random_features(3)
    sent = pickle.loads(pickle.dumps(network))
    assert sent.kernel == kernel
    for a, b in zip(run(sent, features), run(network, features), strict=True):
        assert_array_equal(a, b)


def test_the_paper_has_eight_million_weights():
    network = random_network(Topology(128, 512, 512, 128), 0)
    voice_row = 512 + 4 * 512  # ours: the paper has no voice probability
    assert network.n_weights == 7_948_288 + voice_row
    assert network.n_bytes < 8.5e6
    gains, *_ = run(network, random_features(2))
    assert np.isfinite(gains).all()


@pytest.mark.parametrize("topology", [Topology(1, 1, 1, 1), Topology(3, 7, 2, 50)])
def test_any_sizes_run(topology):
    gains, strengths, _ = run(random_network(topology, 0), random_features(6))
    assert gains.shape == strengths.shape == (6, N_BANDS)


@pytest.mark.parametrize("size", [0, -1, 4097, 1.5, True, "many", None, 10**30])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ModelError, match=r"gru = .*give a whole number"):
        Topology(dense=4, conv=4, gru=size, strength_gru=4)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("gru1.weight_hh", None, "lacks"),
        ("gru9.weight_hh", np.zeros(3, np.float32), "unknown"),
        ("gru1.weight_hh", np.zeros((12, 36), np.float32), "expected"),
        ("dense.bias", np.zeros(10), "float64"),
        ("dense.bias", np.full(10, np.nan, np.float32), "NaN"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(name, array, message):
    parameters = random_parameters(SMALL, 0) | {name: array}
    parameters = {key: value for key, value in parameters.items() if value is not None}
    with pytest.raises(ModelError, match=message):
        quantize_network(SMALL, parameters)


def test_quantize_network_leaves_the_parameters_alone():
    parameters = random_parameters(SMALL, 0)
    before = copy.deepcopy(parameters)
    quantize_network(SMALL, parameters)
    assert parameters.keys() == parameter_shapes(SMALL).keys()
    for name in parameters:
        assert_array_equal(parameters[name], before[name])


def test_a_bundled_model_is_found_in_the_package_first(tmp_path, monkeypatch):
    package, checkout = tmp_path / "package", tmp_path / "checkout"
    monkeypatch.setattr(network_module, "_MODEL_FOLDERS", (package, checkout))
    for folder, seed in ((checkout, 1), (package, 2)):
        folder.mkdir()
        network = random_network(SMALL, seed)
        save_model(network, folder / "default.npz")
        assert_array_equal(
            load_model("default").layers["dense"].weight, network.layers["dense"].weight
        )


def test_an_unknown_name_says_which_models_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(network_module, "_MODEL_FOLDERS", (tmp_path,))
    save_model(random_network(SMALL, 0), tmp_path / "default.npz")
    with pytest.raises(ModelError, match=r"no model is called 'best': give a name \(default\)"):
        load_model("best")


def contents(state):
    """All of a state's numbers, as bytes."""
    if not isinstance(state, dict):
        return bytes(state)
    arrays = (getattr(part, "value", part) for part in state.values() if part is not None)
    return b"".join(array.tobytes() for array in arrays)
