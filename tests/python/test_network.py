import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models import random_network, random_parameters
from percepnet import network as network_module
from percepnet.benchmark import PAPER
from percepnet.constants import (
    N_BANDS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
    N_GROUP_FEATURES,
    N_GROUPS,
)
from percepnet.errors import ModelError
from percepnet.network import load_model, quantize_network, save_model
from percepnet.nn.kernels import available_kernels
from percepnet.topology import Topology, parameter_shapes

SMALL = Topology(channels=10, squeeze=3, full=12, expand=2)
DATA = Path(__file__).parent / "data"


every_kernel = pytest.mark.parametrize("kernel", available_kernels())


def random_features(n_hops, seed=0):
    shape = n_hops, N_GROUPS, N_GROUP_FEATURES
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def run(network, features):
    """Outputs of a whole sequence, as of `PercepNet.step`, one row per hop."""
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


def reference_conv(x, weight, bias, kernel):
    n_hops, n_rows, n_in = x.shape
    taps = np.split(rounded_weights(weight), kernel, axis=1)
    padded = np.zeros((n_hops, n_rows + kernel - 1, n_in))
    padded[:, kernel // 2 : kernel // 2 + n_rows] = rounded(x)
    return np.tanh(sum(padded[:, k : k + n_rows] @ tap.T for k, tap in enumerate(taps)) + bias)


def reference_gru(x, weight_ih, weight_hh, bias_ih, bias_hh):
    weight_ih, weight_hh = rounded_weights(weight_ih), rounded_weights(weight_hh)
    h, outputs = np.zeros((x.shape[1], weight_hh.shape[1])), []
    for hop in rounded(x):
        xr, xz, xn = np.split(hop @ weight_ih.T + bias_ih, 3, axis=1)
        hr, hz, hn = np.split(rounded(h) @ weight_hh.T + bias_hh, 3, axis=1)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        h = z * h + (1 - z) * np.tanh(xn + r * hn)
        outputs.append(h)
    return np.array(outputs)


def reference_run(parameters, features):
    p = {name: array.astype(np.float64) for name, array in parameters.items()}

    def affine(name, *inputs):
        bias = p[f"{name}.bias"]
        heard = np.concatenate(inputs, axis=2)[:, : len(bias)]
        return heard @ p[f"{name}.weight"].T + bias

    def conv(name, x, kernel=1):
        return reference_conv(x, p[f"{name}.weight"], p[f"{name}.bias"], kernel)

    def gru(name, *inputs):
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return reference_gru(
            np.concatenate(inputs, axis=2), *(p[f"{name}.{part}"] for part in parts)
        )

    def block(n, x):
        of_groups = conv(f"conv{n}", x, kernel=3)
        squeezed = conv(f"squeeze{n}", of_groups)
        of_all = gru(f"full_gru{n}", squeezed.reshape(len(x), 1, -1))
        expanded = conv(f"expand{n}", of_all).reshape(len(x), N_GROUPS, -1)
        return of_groups, of_all, gru(f"sub_gru{n}", of_groups, expanded)

    of_groups, _, x = block(1, np.tanh(affine("embed", features)))
    _, of_all, x = block(2, x)
    head = sigmoid(affine("head", x, of_groups, features)).reshape(len(x), N_BANDS, 2)
    filter_ = np.tanh(affine("filter", x, of_groups, features))
    parts = filter_.reshape(len(x), N_FILTER_BANDS, N_FILTER_FRAMES, 2)
    filter_weights = parts[..., 0] + 1j * parts[..., 1]
    return head[..., 0], head[..., 1], filter_weights, sigmoid(affine("voice", of_all))[:, 0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_the_network_follows_its_equations(seed):
    parameters = random_parameters(SMALL, seed)
    features = random_features(25, seed)
    outputs = run(quantize_network(SMALL, parameters), features)
    for output, expected in zip(outputs, reference_run(parameters, features), strict=True):
        assert np.ptp(expected.real) > 0.05
        # A sum on the edge of two integers may round differently in float64.
        assert_allclose(output, expected, atol=0.05 if np.iscomplexobj(output) else 0.02)


@every_kernel
def test_golden_outputs(kernel):
    network = load_model(DATA / "golden_model.npz", kernel=kernel)
    with np.load(DATA / "golden_outputs.npz") as golden:
        *answers, voice_probability = run(network, golden["features"])
        for name, values in zip(("gains", "strengths", "filter_weights"), answers, strict=True):
            assert_array_equal(values, golden[name])
        assert_array_equal(voice_probability.astype(np.float32), golden["voice_probability"])


def test_outputs_have_their_types_and_ranges():
    network, features = random_network(SMALL, 0), 100 * random_features(1)[0]
    *answers, _ = network.step(features, network.initial_state())
    gains, strengths, filter_weights, voice_probability = answers
    for output in (gains, strengths):
        assert output.dtype == np.float32
        assert output.shape == (N_BANDS,)
        assert output.min() >= 0
        assert output.max() <= 1
    assert filter_weights.dtype == np.complex64
    assert filter_weights.shape == (N_FILTER_BANDS, N_FILTER_FRAMES)
    for part in (filter_weights.real, filter_weights.imag):
        assert part.min() < 0
        assert np.abs(part).max() <= 1
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
    for a, b in zip(once[:-1], again[:-1], strict=True):
        assert_array_equal(a, b)
    assert contents(once[-1]) == contents(again[-1])


def test_the_state_matters():
    network, features = random_network(SMALL, 0), random_features(8)
    *answers, _ = run(network, np.repeat(features[:1], 8, axis=0))
    for values in answers:
        assert np.abs(np.diff(values, axis=0)).max() > 0.01


@every_kernel
def test_two_streams_may_share_a_network(kernel):
    network = random_network(SMALL, 0, kernel)
    sequences = random_features(6, 1), random_features(6, 2)
    alone = [run(network, sequence)[0] for sequence in sequences]
    states = [network.initial_state(), network.initial_state()]
    for n in range(6):
        for channel, sequence in enumerate(sequences):
            gains, *_, states[channel] = network.step(sequence[n], states[channel])
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


def test_sizes_of_the_default_network():
    network = random_network(Topology(channels=64, squeeze=8, full=256, expand=16), 0)
    of_groups = 64 * (N_GROUP_FEATURES + 2 * 3 * 64 + 2 * 8 + 2 * 3 * (64 + 16 + 64))
    heads = (8 + 40) * (64 + 64 + N_GROUP_FEATURES) + 256
    assert network.n_weights == of_groups + 2 * 256 * (3 * (32 * 8 + 256) + 32 * 16) + heads
    assert network.n_bytes < 1.27e6


def test_a_network_of_eight_million_weights_takes_a_byte_for_each():
    network = random_network(PAPER, 0)
    assert network.n_bytes < 1.03 * network.n_weights
    gains, *_ = run(network, random_features(2))
    assert np.isfinite(gains).all()


def test_groups_differ_by_their_biases_alone():
    parameters = random_parameters(SMALL, 0)
    for name in parameters:
        if name.endswith(".bias") and len(parameters[name]) == N_GROUPS:
            parameters[name][:] = parameters[name][0]
    for n in "12":  # what the GRU tells all groups is the same, too
        for array in (parameters[f"expand{n}.weight"], parameters[f"expand{n}.bias"].T):
            of_groups = array.reshape(N_GROUPS, SMALL.expand, -1)
            of_groups[:] = of_groups[0]
    features = np.repeat(random_features(5)[:, :1], N_GROUPS, axis=1)
    gains, strengths, *_ = run(quantize_network(SMALL, parameters), features)
    edge = 2  # groups beside an end: two convolutions see beyond it
    for output in (gains, strengths):
        groups = output.reshape(5, N_GROUPS, -1)
        assert_array_equal(groups[:, edge:-edge], np.repeat(groups[:, [edge]], 28, axis=1))
        assert np.ptp(groups[:, : edge + 1], axis=1).max() > 0


@pytest.mark.parametrize("topology", [Topology(1, 1, 1, 1), Topology(3, 7, 2, 50)])
def test_any_sizes_run(topology):
    gains, strengths, *_ = run(random_network(topology, 0), random_features(6))
    assert gains.shape == strengths.shape == (6, N_BANDS)


@pytest.mark.parametrize("size", [0, -1, 4097, 1.5, True, "many", None, 10**30])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ModelError, match=r"full = .*give a whole number"):
        Topology(channels=4, squeeze=4, full=size, expand=4)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("sub_gru1.weight_hh", None, "lacks"),
        ("sub_gru9.weight_hh", np.zeros(3, np.float32), "unknown"),
        ("sub_gru1.weight_hh", np.zeros((10, 30), np.float32), "expected"),
        ("embed.bias", np.zeros(10, np.float32), "expected"),
        ("embed.bias", np.zeros((32, 10)), "float64"),
        ("embed.bias", np.full((32, 10), np.nan, np.float32), "NaN"),
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
            load_model("default").layers["embed"].weight, network.layers["embed"].weight
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
