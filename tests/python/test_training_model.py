"""The torch twin: gradients as torch's, numbers as the engine's."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.network import save_model
from percepnet.topology import Topology
from percepnet_training.augmentation import recoloured
from percepnet_training.averaging import mean_network
from percepnet_training.enhancement import N_PASSED
from percepnet_training.errors import TrainingError
from percepnet_training.export import engine_network, twin_network
from percepnet_training.fit import CHECKPOINT_FILE
from percepnet_training.growth import grown_network
from percepnet_training.loss import gain_distance
from percepnet_training.model import TwinNetwork
from percepnet_training.pairs import Float, Int8
from percepnet_training.products import product
from percepnet_training.recurrence import GRU
from percepnet_training.rounding import rational_sigmoid

TOPOLOGY = Topology(channels=12, squeeze=3, full=16, expand=4)
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@pytest.fixture
def twin(rng):
    torch.manual_seed(3)
    mean = rng.normal(0, 2, (N_GROUPS, N_GROUP_FEATURES)).astype(np.float32)
    deviation = rng.uniform(0.3, 3, N_GROUP_FEATURES).astype(np.float32)
    network = TwinNetwork(TOPOLOGY, mean, deviation)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)  # else every activation stays small
    return network


@pytest.fixture
def features(rng, twin):
    """Of one sequence: [60, 1, N_GROUPS, N_GROUP_FEATURES]."""
    values = rng.standard_normal((60, 1, *twin.mean.shape)).astype(np.float32)
    return torch.from_numpy(values) * twin.deviation + twin.mean


def gradients(module, frames, weights, *arguments):
    frames = frames.clone().requires_grad_()
    states = module([frames] if isinstance(module, GRU) else frames, *arguments)
    states = states[0] if isinstance(states, tuple) else states
    (states * weights).sum().backward()
    return states.detach(), frames.grad


def test_gru_and_its_gradients_are_torchs():
    torch.manual_seed(1)
    ours, theirs = GRU(7, 5), torch.nn.GRU(7, 5)
    theirs.load_state_dict({f"{name}_l0": getattr(ours, name).detach() for name in PARTS})
    frames, weights = torch.rand(11, 3, 7) * 2 - 1, torch.randn(11, 3, 5)
    states, to_frames = gradients(ours, frames, weights, False)
    expected_states, expected = gradients(theirs, frames, weights)
    torch.testing.assert_close(states, expected_states)
    torch.testing.assert_close(to_frames, expected)
    for name in PARTS:
        gradient = getattr(theirs, f"{name}_l0").grad
        torch.testing.assert_close(getattr(ours, name).grad, gradient)


def test_rounding_hardly_changes_gradients():
    torch.manual_seed(2)
    gru = GRU(12, 16)
    frames, weights = torch.rand(9, 4, 12) * 2 - 1, torch.randn(9, 4, 16)
    found = []
    for quantised in (False, True):
        gru.zero_grad()
        _, to_frames = gradients(gru, frames, weights, quantised)
        found.append([to_frames, *(getattr(gru, name).grad.clone() for name in PARTS)])
    for exact, rounded in zip(*found, strict=True):
        assert torch.linalg.norm(rounded - exact) < 0.05 * torch.linalg.norm(exact)


@pytest.mark.parametrize("kernel", [1, 3])
def test_products_and_their_gradients_are_those_of_joined_windows(kernel):
    torch.manual_seed(4)
    inputs = [torch.randn(4, 6, n, requires_grad=True) for n in (5, 3)]
    weight, outer = torch.randn(7, 8 * kernel, requires_grad=True), torch.randn(4, 6, 7)
    leaves = (*inputs, weight)
    beyond = kernel // 2
    padded = torch.nn.functional.pad(torch.cat(inputs, 2), (0, 0, beyond, beyond))
    windows = torch.cat([padded[:, k : k + 6] for k in range(kernel)], 2)
    ours, expected = product(inputs, weight, kernel), windows @ weight.T
    torch.testing.assert_close(ours, expected)
    slopes = [torch.autograd.grad((values * outer).sum(), leaves) for values in (ours, expected)]
    torch.testing.assert_close(*slopes)


def test_exported_network_equals_the_twin(twin, features):
    network = engine_network(twin)
    with torch.no_grad():
        gains, strengths, filters, voice = (values[0] for values in twin(features, True))
        logits = gains, strengths, voice
        answers = [rational_sigmoid(values).numpy() for values in logits]
    state = network.initial_state()
    for row, gain_row, strength_row, probability, filter_row in zip(
        features[:, 0].numpy(), *answers, filters.numpy(), strict=True
    ):
        gains, strengths, filter_weights, voice, state = network.step(row, state)
        np.testing.assert_allclose(filter_weights, filter_row, atol=1e-4)
        np.testing.assert_allclose(gains, gain_row, atol=1e-4)
        np.testing.assert_allclose(strengths, strength_row, atol=1e-4)
        assert voice == pytest.approx(probability, abs=1e-4)


def test_the_twin_of_a_model_file_is_that_model(twin, features, tmp_path):
    save_model(engine_network(twin), tmp_path / "model.npz")
    again = twin_network(tmp_path / "model.npz")
    save_model(engine_network(again), tmp_path / "again.npz")
    files = [tmp_path / name for name in ("model.npz", "again.npz")]
    assert files[0].read_bytes() == files[1].read_bytes()
    with torch.no_grad():
        for ours, expected in zip(again(features, True), twin(features, True), strict=True):
            torch.testing.assert_close(ours, expected, rtol=0, atol=1e-3)


def test_float_twin_is_near_the_quantised_one(twin, features):
    with torch.no_grad():
        exact, rounded = twin(features, False)[0], twin(features, True)[0]
    assert not torch.equal(exact, rounded)
    assert (exact.sigmoid() - rounded.sigmoid()).abs().mean() < 0.02


def test_bfloat16_is_near_float32(twin, features):
    with torch.no_grad():
        exact = twin(features, False)
        with torch.autocast("cpu", torch.bfloat16):
            near = twin(features, False)
    for ours, expected in zip(near, exact, strict=True):
        assert ours.dtype == expected.dtype
        if ours.is_complex():
            ours, expected = torch.view_as_real(ours), torch.view_as_real(expected)
        assert 0 < (ours.sigmoid() - expected.sigmoid()).abs().mean() < 0.02


def test_the_twin_looks_back_only(twin, features):
    changed = features.clone()
    changed[30:] += 1
    with torch.no_grad():
        for before, after in zip(twin(features, True), twin(changed, True), strict=True):
            torch.testing.assert_close(before[:, :30], after[:, :30], rtol=0, atol=1e-6)
            assert (before[:, 30] - after[:, 30]).abs().max() > 1e-3


def test_loss_is_zero_at_the_target():
    targets = torch.rand(100)
    assert gain_distance(targets, targets).max() == 0


@pytest.mark.parametrize("target", [0.3, 0.5, 0.8])
def test_over_suppression_costs_more_than_noise_left(target):
    error, target = 0.15, torch.tensor(target)
    assert gain_distance(target - error, target) > 1.2 * gain_distance(target + error, target)


def test_loss_grows_with_the_error_and_has_finite_slopes():
    gains = torch.linspace(0, 1, 50, requires_grad=True)
    losses = gain_distance(gains, torch.zeros(50))
    assert (losses.diff() > 0).all()
    losses.sum().backward()
    assert torch.isfinite(gains.grad).all()


def test_a_grown_network_computes_the_same(twin, features):
    grown = grown_network(twin, Topology(channels=13, squeeze=5, full=19, expand=6))
    for ours, expected in zip(grown(features, False), twin(features, False), strict=True):
        torch.testing.assert_close(ours, expected)


def test_the_new_units_of_a_grown_network_learn(twin, features):
    grown = grown_network(twin, replace(TOPOLOGY, full=20))
    sum(output.real.sum() for output in grown(features, False)).backward()
    assert grown.voice.weight.grad[:, 16:].abs().min() > 0


def test_a_network_does_not_shrink(twin):
    with pytest.raises(TrainingError, match="full = 15 is smaller than the 16"):
        grown_network(twin, replace(TOPOLOGY, full=15))


def test_the_mean_of_networks_is_that_of_their_weights(twin):
    other = copy.deepcopy(twin)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(3)
    mean = mean_network([twin, other])
    for ours, first in zip(mean.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, 2 * first)
    torch.testing.assert_close(mean.deviation, twin.deviation)


def test_a_mean_of_three_can_be_averaged_again(twin):
    mean = mean_network([twin, twin, twin])
    mean_network([mean, twin])
    torch.testing.assert_close(mean.mean, twin.mean, rtol=0, atol=0)


def test_networks_without_a_common_start_have_no_mean(twin):
    stranger = TwinNetwork(TOPOLOGY, twin.mean + 1, twin.deviation)
    with pytest.raises(TrainingError, match="trained from different starts"):
        mean_network([twin, stranger])
    with pytest.raises(TrainingError, match="12, 3, 16, 4 and 12, 3, 17, 4"):
        mean_network([twin, grown_network(twin, replace(TOPOLOGY, full=17))])


def test_another_microphone_moves_levels_smoothly_and_all_signals_alike(rng):
    spectra = torch.ones(3, 2, 50, 4, N_PASSED)
    moved = recoloured(rng, spectra, colour_db=3.0)
    torch.testing.assert_close(moved, moved[:1, :1, :, :1].expand_as(moved))
    response_db = 20 * np.log10(moved[0, 0, :, 0].numpy())
    assert 4 < response_db.std() < 12
    assert np.abs(np.diff(response_db)).max() < 4


def test_the_float_network_enhances_like_its_int8_self(twin, tmp_path, voice, noisy):
    state = {"step": 1, "average": twin.state_dict()}
    torch.save(state, tmp_path / CHECKPOINT_FILE)
    noisy = noisy[:-100]  # no whole number of hops
    with_float = Float(tmp_path, TOPOLOGY).enhanced(None, noisy)
    with_int8 = Int8(tmp_path, TOPOLOGY).enhanced(None, noisy)
    assert with_float.shape == with_int8.shape == noisy.shape
    assert np.abs(with_float - with_int8).max() > 0
    assert np.std(with_float - with_int8) < 0.1 * np.std(with_int8)
