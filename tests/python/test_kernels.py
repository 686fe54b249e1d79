"""Every kernel computes what numpy does, to the last bit."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import build_kernels
from models import random_network
from percepnet.benchmark import PAPER
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.errors import KernelError
from percepnet.nn import kernels
from percepnet.nn.activations import sigmoid, tanh
from percepnet.nn.kernels import VARIABLE, available_kernels, make_engine
from percepnet.nn.layers import GRU, Conv, Dense, Linear
from percepnet.topology import Topology

N_STEPS = 6
SMALL = Topology(channels=10, squeeze=3, full=12, expand=2)
DEFAULT = Topology(channels=64, squeeze=8, full=256, expand=16)

every_kernel = pytest.mark.parametrize("kernel", available_kernels()[:-1])  # the last is numpy


@pytest.fixture
def kernel_folder(tmp_path, monkeypatch):
    """An empty folder where kernels are looked for, below `tmp_path` as in the package."""
    folder = tmp_path / build_kernels.INT8
    folder.mkdir(parents=True)
    monkeypatch.setattr(kernels, "_FOLDER", folder)
    kernels._works.cache_clear()
    yield folder
    kernels._works.cache_clear()


@st.composite
def layers_and_features(draw):
    """One layer of every kind, of any sizes; ordinary and extreme weights and inputs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = st.one_of(st.integers(1, 70), st.sampled_from([16, 32, 64, 1040]))
    n_features, n_dense, n_conv, n_units, n_told, n_head = (
        draw(size), draw(size), draw(size), draw(st.integers(1, 70)), draw(st.integers(1, 40)),
        draw(st.integers(1, 40)),
    )  # fmt: skip
    n_rows, n_seen = draw(st.integers(1, 6)), draw(st.sampled_from([1, 3, 5]))
    weights = draw(st.sampled_from(["any", "extreme", "all 127", "all -127", "zero"]))
    loudness = draw(st.sampled_from([1e-9, 0.01, 0.1, 1.0, 1e4]))

    def linear(n_out, n_in, *bias_rows):
        weight = {
            "any": rng.integers(-127, 128, (n_out, n_in)),
            "extreme": rng.choice([-127, 127], (n_out, n_in)),
            "all 127": np.full((n_out, n_in), 127),
            "all -127": np.full((n_out, n_in), -127),
            "zero": np.zeros((n_out, n_in)),
        }[weights]
        scale = loudness * rng.uniform(0.5, 1.5, n_out) / (100 * np.sqrt(n_in))
        bias = rng.normal(0, 0.5, (*bias_rows, n_out)) * draw(st.sampled_from([0, 1]))
        return Linear(*(x.astype(t) for x, t in ((weight, "i1"), (scale, "f4"), (bias, "f4"))))

    def dense(n_rows, n_out, n_in, activation, n_input_rows=None):
        weight = (loudness * rng.normal(0, 1, (n_out, n_in)) / np.sqrt(n_in)).astype(np.float32)
        bias = rng.normal(0, 0.5, (n_rows, n_out)).astype(np.float32)
        return Dense(weight, bias, activation, n_input_rows or n_rows)

    def gru(n_rows, n_units, n_in):
        return GRU(linear(3 * n_units, n_in), linear(3 * n_units, n_units), n_rows)

    layers = {
        "dense": dense(n_rows, n_dense, n_features, tanh),
        "conv": Conv(linear(n_conv, n_seen * n_dense, n_rows), n_seen),
        "whole": gru(1, n_units, n_rows * n_conv),
        "told": Conv(linear(n_rows * n_told, n_units, 1), 1),
        "gru": gru(n_rows, n_head, n_conv + n_told),
        "twice": Conv(linear(n_head, 3 * (n_told + n_head), n_rows), 3),
        "head": dense(n_rows, n_head, n_head + n_features + n_conv, sigmoid),
        "first": dense(draw(st.integers(1, n_rows)), n_told, n_features + n_head, tanh, n_rows),
        "one": dense(1, 1, n_units, sigmoid),
    }
    inputs = {
        "dense": ("features",),
        "conv": ("dense",),
        "whole": ("conv",),
        "told": ("whole",),
        "gru": ("conv", "told"),
        "twice": ("told", "gru"),
        "head": ("gru", "features", "conv"),
        "first": ("features", "gru"),
        "one": ("whole",),
    }
    features = rng.normal(0, draw(st.sampled_from([0, 1, 1e4])), (N_STEPS, n_rows, n_features))
    return layers, inputs, features.astype(np.float32)


def outputs_of(engine, features):
    """Every output of every step, as bits."""
    state, values = engine.initial_state(), []
    for hop in features:
        outputs, state = engine.step(hop, state)
        values += [output.reshape(-1) for output in outputs]
    return np.concatenate(values).view(np.uint32)


@every_kernel
@settings(max_examples=150, deadline=None)
@given(network=layers_and_features())
def test_layers_of_any_shape_and_weights_give_the_same_bits(kernel, network):
    layers, inputs, features = network
    expected = outputs_of(make_engine("numpy", layers, inputs, tuple(layers)), features)
    outputs = outputs_of(make_engine(kernel, layers, inputs, tuple(layers)), features)
    assert_array_equal(outputs, expected)


def network_outputs(network, n_hops):
    shape = n_hops, N_GROUPS, N_GROUP_FEATURES
    features = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
    state, outputs = network.initial_state(), []
    for hop in features:
        *answers, state = network.step(hop, state)
        outputs.append(np.concatenate([np.ravel(values) for values in answers]))
    return np.array(outputs)


@every_kernel
@pytest.mark.parametrize(
    "topology", [Topology(1, 1, 1, 1), SMALL, Topology(21, 5, 33, 3), DEFAULT, PAPER], ids=str
)
def test_whole_networks_give_the_same_bits(kernel, topology):
    expected = network_outputs(random_network(topology, 0, "numpy"), n_hops=50)
    assert_array_equal(network_outputs(random_network(topology, 0, kernel), n_hops=50), expected)


@every_kernel
def test_threads_may_share_a_network(kernel):
    network = random_network(PAPER, 0, kernel)
    expected = network_outputs(network, n_hops=20)
    with ThreadPoolExecutor(4) as threads:
        for outputs in threads.map(network_outputs, [network] * 8, [20] * 8):
            assert_array_equal(outputs, expected)


@every_kernel
def test_the_state_of_another_network_is_refused(kernel):
    network = random_network(SMALL, 0, kernel)
    features = np.zeros((N_GROUPS, N_GROUP_FEATURES), np.float32)
    for other in (random_network(PAPER, 0, kernel), random_network(SMALL, 0, "numpy")):
        with pytest.raises(TypeError, match="not of this network and kernel"):
            network.step(features, other.initial_state())


def test_where_there_is_a_compiler_the_fastest_kernel_is_taken(
    kernel_folder, tmp_path, monkeypatch
):
    assert build_kernels.find_compiler(), "the tests need a C compiler"
    monkeypatch.delenv(VARIABLE, raising=False)
    assert random_network(SMALL, 0).kernel == "numpy"
    build_kernels.compile_kernels(tmp_path)
    kernels._works.cache_clear()
    assert available_kernels()[-2:] == ("portable", "numpy")
    assert random_network(SMALL, 0).kernel == available_kernels()[0]


def test_the_kernel_can_be_chosen(monkeypatch):
    assert random_network(SMALL, 0, "numpy").kernel == "numpy"
    monkeypatch.setenv(VARIABLE, "numpy")
    assert random_network(SMALL, 0).kernel == "numpy"
    assert random_network(SMALL, 0, available_kernels()[0]).kernel == available_kernels()[0]


def test_a_kernel_that_does_not_run_here_is_refused():
    with pytest.raises(KernelError, match=r"'abacus' does not run here: choose one of .*numpy"):
        random_network(SMALL, 0, "abacus")


def test_a_file_that_is_not_a_kernel_is_passed_over(kernel_folder):
    (kernel_folder / "int8-avx2.so").write_bytes(b"\x7fELF, as it were")
    assert available_kernels() == ("numpy",)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("sums[8 * half + k] += lanes[0]", "sums[8 * half + k] += lanes[1]"),
        ("0.60863042f", "0.60863048f"),
        ("+ whole - whole", "+ 0.1f + whole - whole"),
        ("update * value_before[first + i]", "reset * value_before[first + i]"),
        ("sum[k] = *weight++ * input[0]", "sum[k] = *weight++ * input[0] + bias[first + k]"),
        ("row * layer->from_stride", "0 * layer->from_stride"),
        ("row * layer->input.bias_stride", "0 * layer->input.bias_stride"),
        ("row * copy->to_stride", "row * copy->from_stride"),
        ("copy->from_hop_before ? hop_before", "copy->from_hop_before ? hop"),
    ],
)
def test_a_kernel_that_computes_something_else_is_passed_over(
    kernel_folder, tmp_path, monkeypatch, right, wrong
):
    sources = build_kernels.HERE / build_kernels.INT8
    codes = {name: (sources / name).read_text() for name in ("int8.c", "products.h")}
    assert sum(code.count(right) for code in codes.values()) == 1
    for name, code in codes.items():
        (kernel_folder / name).write_text(code.replace(right, wrong))
    monkeypatch.setattr(build_kernels, "HERE", tmp_path)
    build_kernels.compile_kernels(tmp_path)
    assert (kernel_folder / "int8-portable.so").exists()
    assert "portable" not in available_kernels()


def test_without_a_compiler_the_build_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build_kernels.compile_kernels(tmp_path) == []
    assert "without kernels" in capsys.readouterr().err


def test_a_compiler_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CC", shutil.which("false"))
    assert build_kernels.compile_kernels(tmp_path) == []
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    assert "no kernel 'int8-portable'" in capsys.readouterr().err


def test_an_unknown_kernel_in_the_environment_is_told_in_one_line():
    run = subprocess.run(
        [sys.executable, "-m", "percepnet", "bench", "--seconds", "1"],
        env={"PYTHONPATH": str(build_kernels.HERE), VARIABLE: "abacus"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("percepnet: error: kernel 'abacus' does not run here")
