"""The torch twin: gradients as torch's, numbers as the engine's."""

import copy

import numpy as np
import pytest
import torch

from percepnet.constants import N_BANDS, N_FEATURES
from percepnet_training.augmentation import recoloured
from percepnet_training.averaging import mean_network
from percepnet_training.errors import TrainingError
from percepnet_training.export import engine_network
from percepnet_training.fit import CHECKPOINT_FILE
from percepnet_training.growth import grown_network
from percepnet_training.loss import gain_distance, strength_distance
from percepnet_training.model import TwinNetwork
from percepnet_training.pairs import Float, Int8
from percepnet_training.recurrence import GRU
from percepnet_training.rounding import rational_sigmoid

TOPOLOGY = {"dense": 24, "conv": 40, "gru": 32, "strength_gru": 16}
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@pytest.fixture
def twin(rng):
    torch.manual_seed(3)
    mean = rng.normal(0, 2, N_FEATURES).astype(np.float32)
    deviation = rng.uniform(0.3, 3, N_FEATURES).astype(np.float32)
    network = TwinNetwork(TOPOLOGY, mean, deviation)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)  # else every activation stays small
    return network


@pytest.fixture
def features(rng, twin):
    values = rng.standard_normal((60, N_FEATURES)) * twin.deviation.numpy() + twin.mean.numpy()
    return values.astype(np.float32)


def gradients(module, frames, weights, *arguments):
    frames = frames.clone().requires_grad_()
    states = module(frames, *arguments)
    states = states[0] if isinstance(states, tuple) else states
    (states * weights).sum().backward()
    return states.detach(), frames.grad


def test_gru_and_its_gradients_are_torchs():
    torch.manual_seed(1)
    ours, theirs = GRU(7, 5), torch.nn.GRU(7, 5, batch_first=True)
    theirs.load_state_dict({f"{name}_l0": getattr(ours, name).detach() for name in PARTS})
    frames, weights = torch.rand(3, 11, 7) * 2 - 1, torch.randn(3, 11, 5)
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
    frames, weights = torch.rand(4, 9, 12) * 2 - 1, torch.randn(4, 9, 16)
    found = []
    for quantised in (False, True):
        gru.zero_grad()
        _, to_frames = gradients(gru, frames, weights, quantised)
        found.append([to_frames, *(getattr(gru, name).grad.clone() for name in PARTS)])
    for exact, rounded in zip(*found, strict=True):
        assert torch.linalg.norm(rounded - exact) < 0.05 * torch.linalg.norm(exact)


def test_exported_network_equals_the_twin(twin, features):
    network = engine_network(twin)
    with torch.no_grad():
        gain_logits, strength_logits = twin(torch.from_numpy(features)[None], True)
    state = network.initial_state()
    for row, heads, strength_row in zip(features, gain_logits[0], strength_logits[0], strict=True):
        gains, strengths, voice, state = network.step(row, state)
        expected = rational_sigmoid(heads).numpy()
        np.testing.assert_allclose(gains, expected[:N_BANDS], atol=1e-4)
        assert voice == pytest.approx(expected[N_BANDS], abs=1e-4)
        np.testing.assert_allclose(strengths, rational_sigmoid(strength_row).numpy(), atol=1e-4)


def test_float_twin_is_near_the_quantised_one(twin, features):
    batch = torch.from_numpy(features)[None]
    with torch.no_grad():
        exact, rounded = twin(batch, False)[0], twin(batch, True)[0]
    assert not torch.equal(exact, rounded)
    assert (exact.sigmoid() - rounded.sigmoid()).abs().mean() < 0.02


def test_the_twin_looks_back_only(twin, features):
    batch = torch.from_numpy(features)[None]
    changed = batch.clone()
    changed[:, 30:] += 1
    with torch.no_grad():
        for before, after in zip(twin(batch, True), twin(changed, True), strict=True):
            torch.testing.assert_close(before[:, :30], after[:, :30], rtol=0, atol=1e-6)
            assert (before[:, 30] - after[:, 30]).abs().max() > 1e-3


def test_loss_is_zero_at_the_target():
    targets = torch.rand(100)
    assert gain_distance(targets, targets).max() == 0
    assert strength_distance(targets, targets).max() == 0


@pytest.mark.parametrize("target", [0.3, 0.5, 0.8])
def test_over_suppression_costs_more_than_noise_left(target):
    error, target = 0.15, torch.tensor(target)
    assert gain_distance(target - error, target) > 1.2 * gain_distance(target + error, target)


def test_loss_grows_with_the_error_and_has_finite_slopes():
    for distance in (gain_distance, strength_distance):
        values = torch.linspace(0, 1, 50, requires_grad=True)
        losses = distance(values, torch.zeros(50))
        assert (losses.diff() > 0).all()
        losses.sum().backward()
        assert torch.isfinite(values.grad).all()


def test_a_grown_network_computes_the_same(twin, features):
    grown = grown_network(twin, {"dense": 26, "conv": 47, "gru": 33, "strength_gru": 21})
    frames = torch.from_numpy(features)[None]
    for ours, expected in zip(grown(frames, False), twin(frames, False), strict=True):
        torch.testing.assert_close(ours, expected)


def test_the_new_units_of_a_grown_network_learn(twin, features):
    grown = grown_network(twin, {**TOPOLOGY, "gru": 40})
    sum(output.sum() for output in grown(torch.from_numpy(features)[None], False)).backward()
    assert grown.gain_head.weight.grad[:, 40 + 32 : 40 + 40].abs().min() > 0  # gru1's new ones


def test_a_network_does_not_shrink(twin):
    with pytest.raises(TrainingError, match="gru = 31 is smaller than the 32"):
        grown_network(twin, {**TOPOLOGY, "gru": 31})


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
    with pytest.raises(TrainingError, match="24, 40, 32, 16 and of 24, 40, 33, 16 units"):
        mean_network([twin, grown_network(twin, {**TOPOLOGY, "gru": 33})])


def test_another_microphone_moves_band_levels_smoothly_and_nothing_else(rng, features):
    windows = np.stack([features] * 50)
    moved = recoloured(rng, windows, colour_db=3.0) - windows
    assert not moved[..., N_BANDS:].any()
    levels_db = moved[..., :N_BANDS] * 20
    np.testing.assert_allclose(levels_db, levels_db[:, :1].repeat(60, axis=1), atol=1e-4)
    response_db = levels_db[:, 0]
    assert 4 < response_db.std() < 12
    assert np.abs(np.diff(response_db)).mean() < 2


def test_the_float_network_enhances_like_its_int8_self(twin, tmp_path, voice, noisy):
    state = {"step": 1, "average": twin.state_dict()}
    torch.save(state, tmp_path / CHECKPOINT_FILE)
    sizes = tuple(TOPOLOGY.items())
    noisy = noisy[:-100]  # no whole number of hops
    with_float = Float(tmp_path, sizes).enhanced(None, noisy)
    with_int8 = Int8(tmp_path, sizes).enhanced(None, noisy)
    assert with_float.shape == with_int8.shape == noisy.shape
    assert np.abs(with_float - with_int8).max() > 0
    assert np.std(with_float - with_int8) < 0.1 * np.std(with_int8)
