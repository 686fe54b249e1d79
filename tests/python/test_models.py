"""The models that come with the project: what their card says of the files is so."""

import hashlib
import re
from dataclasses import astuple
from pathlib import Path

import pytest

from percepnet import load_model

MODELS = Path(__file__).parents[2] / "models"
CARD = (MODELS / "README.md").read_text(encoding="utf-8")
FILES = sorted(MODELS.glob("*.npz"))


def card_line(path, pattern):
    line = re.search(rf"^\| `{path.name}` \| {pattern}", CARD, re.MULTILINE)
    assert line, f"models/README.md has no such line about {path.name}"
    return line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_card_has_the_digest(path):
    digest = card_line(path, r"`([0-9a-f]{64})`")[1]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_card_has_the_sizes(path):
    line = card_line(
        path, r"channels (\d+), squeeze (\d+), full (\d+), expand (\d+) \| ([\d.]+) M "
    )
    network = load_model(path)
    assert astuple(network.topology) == tuple(map(int, line.groups()[:4]))
    assert network.n_weights / 1e6 == pytest.approx(float(line[5]), abs=0.005)


def test_the_small_model_is_small_enough_for_phones():
    assert load_model("small").n_weights < 200_000 < load_model("default").n_weights
