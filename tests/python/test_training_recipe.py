"""Recipes: those that come along, and wrong ones."""

import pytest

from percepnet_training.errors import TrainingError
from percepnet_training.recipe import load_recipe, parse_recipe, recipe_text


@pytest.mark.parametrize("name", ["default", "small"])
def test_bundled_recipes_are_read(name):
    recipe = load_recipe(name)
    assert 0 < recipe.tune.decay_share < 1
    assert recipe.tune.signal_weight > recipe.fit.signal_weight


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed = ", "# "), "lacks seed"),
        (("dev_hours", "devhours"), "lacks dev_hours"),
        (("[fit]", "[fit]\nbatch = 3"), "unknown batch"),
        (("[fit]", "[fit"), "not TOML"),
        (("n_frames = 300", "n_frames = 2000"), "no more than the 1998"),
        (("n_frames = 300", "n_frames = 60"), "must be 38 more than n_warmup_frames"),
        (("squeeze = 8", "squeeze = 0"), "has layer size squeeze = 0"),
        (("squeeze = 8", "gru = 8"), "lacks squeeze"),
        (("loud_noise_share = 0.38", "loud_noise_share = 38"), "share = 38: give 0 to 0.9"),
        (("noiseless_share = 0.1", "noiseless_share = -1"), "share = -1: give 0 to 1"),
    ],
)
def test_a_wrong_recipe_is_explained(change, message):
    text = recipe_text("default").replace(*change)
    with pytest.raises(TrainingError, match=message):
        parse_recipe(text, "wrong.toml")


def test_an_unknown_recipe_lists_the_bundled_ones():
    with pytest.raises(TrainingError, match=r"no recipe nonsense: .*default"):
        load_recipe("nonsense")
