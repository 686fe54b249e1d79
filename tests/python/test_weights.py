import io
import zipfile
from math import prod

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from models import random_network
from percepnet.constants import N_GROUP_FEATURES, N_GROUPS
from percepnet.errors import ModelError
from percepnet.network import load_model, save_model
from percepnet.nn.weights import read_model, write_model
from percepnet.topology import Topology

SIZES = {"channels": 3, "squeeze": 2, "full": 5, "expand": 2}


@pytest.fixture(scope="module")
def network():
    return random_network(Topology(**SIZES), seed=0)


@pytest.fixture(scope="module")
def data(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.npz"
    save_model(network, path)
    return path.read_bytes()


@pytest.fixture
def arrays(data, tmp_path):
    (tmp_path / "original.npz").write_bytes(data)
    return read_model(tmp_path / "original.npz")[1]


def load_bytes(tmp_path, data):
    path = tmp_path / "model.npz"
    path.write_bytes(data)
    return load_model(path)


def members_of(data):
    with np.load(io.BytesIO(data)) as archive:
        return dict(archive)


def outputs(network):
    shape = N_GROUPS, N_GROUP_FEATURES
    features = np.linspace(-2, 2, prod(shape), dtype=np.float32).reshape(shape)
    *answers, _ = network.step(features, network.initial_state())
    return np.concatenate([np.ravel(values) for values in answers])


def test_a_file_gives_back_the_very_arrays(tmp_path):
    arrays = {
        "a.weight": np.arange(-6, 6, dtype=np.int8).reshape(3, 4),
        "b": np.float32([0.1, 1e-42, -0.0]),
    }
    write_model(tmp_path / "model.npz", SIZES, arrays)
    topology, read = read_model(tmp_path / "model.npz")
    assert topology == SIZES
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert read[name].shape == array.shape
        assert read[name].tobytes() == array.tobytes()


def test_saving_what_was_loaded_gives_the_same_bytes(data, tmp_path):
    save_model(load_bytes(tmp_path, data), tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == data


def test_the_bytes_do_not_tell_the_day(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_it_without_pickle(data, network):
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        assert archive["format"] == "percepnet-model"
        assert_array_equal(
            archive["sub_gru1.input.weight"], network.layers["sub_gru1"].input.weight
        )


def test_nothing_is_left_behind_when_a_file_cannot_be_written(network, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save_model(network, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_existing_file_is_replaced(data, network, tmp_path):
    (tmp_path / "model.npz").write_bytes(b"old")
    save_model(network, tmp_path / "model.npz")
    assert (tmp_path / "model.npz").read_bytes() == data
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_cut_anywhere_is_refused(data, tmp_path):
    for length in (*range(0, len(data), 211), len(data) - 22, len(data) - 1):
        with pytest.raises(ModelError, match=r"model\.npz: is (damaged|not a percepnet model)"):
            load_bytes(tmp_path, data[:length])


def test_a_file_with_a_flipped_byte_is_refused_or_unharmed(data, tmp_path, network):
    rng = np.random.default_rng(0)
    expected, n_refused = outputs(network), 0
    directory = data.index(b"PK\1\2")
    positions = (*rng.integers(directory, size=100), *range(directory, len(data), 13))
    for position in positions:
        damaged = bytearray(data)
        damaged[position] ^= rng.integers(1, 256)
        try:
            loaded = load_bytes(tmp_path, bytes(damaged))
        except ModelError:
            n_refused += 1
        else:  # a time stamp, for one, matters to nobody
            assert_array_equal(outputs(loaded), expected)
    assert n_refused > len(positions) // 2


def test_a_flipped_byte_of_a_weight_is_always_refused(data, tmp_path, network):
    weight = network.layers["full_gru2"].input.weight
    start = data.index(weight.tobytes())
    for position in range(start, start + weight.nbytes, 7):
        damaged = bytearray(data)
        damaged[position] ^= 1
        with pytest.raises(ModelError, match="damaged"):
            load_bytes(tmp_path, bytes(damaged))


def test_a_weight_changed_with_care_is_refused(data, tmp_path):
    members = members_of(data)
    members["full_gru1.input.weight"][0, 0] ^= 1
    np.savez(tmp_path / "tampered.npz", **members)
    with pytest.raises(ModelError, match="was changed after it was made"):
        load_model(tmp_path / "tampered.npz")


def test_an_array_swapped_for_another_is_refused(data, tmp_path):
    members = members_of(data)
    names = "full_gru1.input.weight", "full_gru2.input.weight"
    members[names[0]], members[names[1]] = members[names[1]], members[names[0]]
    np.savez(tmp_path / "tampered.npz", **members)
    with pytest.raises(ModelError, match="was changed after it was made"):
        load_model(tmp_path / "tampered.npz")


def test_a_future_version_asks_for_an_upgrade(data, tmp_path):
    members = members_of(data) | {"version": np.array(4), "novelty": np.zeros(3)}
    np.savez(tmp_path / "future.npz", **members)
    with pytest.raises(ModelError, match=r"newer percepnet \(model version 4.*upgrade"):
        load_model(tmp_path / "future.npz")


def test_a_file_of_the_first_version_is_told_what_to_do(data, tmp_path):
    members = {name: value for name, value in members_of(data).items() if "." not in name}
    first = {
        "version": np.array(1),
        "topology": np.array('{"dense": 3, "conv": 4, "gru": 5, "strength_gru": 2}'),
        "dense.weight": np.zeros((3, 70), np.float32),
    }
    np.savez(tmp_path / "first.npz", **(members | first))
    with pytest.raises(ModelError, match=r"older percepnet \(model version 1.*export it again.*$"):
        load_model(tmp_path / "first.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": np.array(0)}, "older percepnet"),
        ({"version": np.array("one")}, "damaged"),
        ({"version": np.array([1, 1])}, "damaged"),
        ({"version": np.array(np.nan)}, "damaged"),
        ({"digest": np.array("0" * 64)}, "was changed"),
        ({"topology": np.array("{}")}, "was changed"),
        ({"format": np.array("other")}, "not a percepnet model"),
        ({"format": np.zeros(3)}, "not a percepnet model"),
        ({"conv1.linear.bias": np.array([{}], object)}, "damaged"),
    ],
)
def test_changed_members_are_refused(data, tmp_path, changes, message):
    np.savez(tmp_path / "changed.npz", **(members_of(data) | changes))
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "changed.npz")


@pytest.mark.parametrize("name", ["version", "digest", "topology", "sub_gru1.input.scale"])
def test_a_missing_member_is_refused(data, tmp_path, name):
    members = members_of(data)
    del members[name]
    np.savez(tmp_path / "less.npz", **members)
    with pytest.raises(ModelError, match=r"damaged|was changed"):
        load_model(tmp_path / "less.npz")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("sub_gru1.input.scale", None, "lacks the array 'sub_gru1.input.scale'"),
        ("gru4.bias", np.zeros(3, np.float32), "unknown array 'gru4.bias'"),
        ("embed.weight", np.zeros((54, 3), np.float32), r"\(54, 3\), expected float32 \(3, 54\)"),
        ("embed.bias", np.zeros(3, np.float32), r"expected float32 \(32, 3\)"),
        ("embed.bias", np.zeros((32, 3)), "float64"),
        ("embed.bias", np.zeros((32, 3), ">f4"), "expected float32"),
        ("embed.bias", np.full((32, 3), np.inf, np.float32), "NaN or infinity in 'embed.bias'"),
        ("conv1.linear.scale", np.full(3, np.nan, np.float32), "NaN or infinity"),
        ("conv1.linear.weight", np.full((3, 9), -128, np.int8), "-128"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays, tmp_path, name, array, message):
    arrays |= {name: array}
    arrays = {key: value for key, value in arrays.items() if value is not None}
    write_model(tmp_path / "odd.npz", SIZES, arrays)
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "odd.npz")


@pytest.mark.parametrize(
    "topology",
    [
        SIZES | {"full": 10**12},
        SIZES | {"full": 0},
        SIZES | {"full": "many"},
        SIZES | {"full": True},
        SIZES | {"full": 5.0},
        SIZES | {"attention": 5},
        {"channels": 3},
        {"dense": 3, "conv": 4, "gru": 5, "strength_gru": 2},
        [1, 2],
        None,
        SIZES | {"full": 6},
    ],
)
def test_a_topology_that_does_not_fit_is_refused(arrays, tmp_path, topology):
    write_model(tmp_path / "odd.npz", topology, arrays)
    with pytest.raises(ModelError, match=r"odd\.npz: has"):
        load_model(tmp_path / "odd.npz")


def test_an_array_that_claims_to_be_huge_is_refused(data, tmp_path):
    header = io.BytesIO()
    claim = {"descr": "<f4", "fortran_order": False, "shape": (10**14,)}
    np.lib.format.write_array_header_1_0(header, claim)
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("format.npy", header.getvalue() + b"few bytes")
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path / "huge.npz")


def test_a_compressed_file_is_refused(data, tmp_path):
    np.savez_compressed(tmp_path / "small.npz", **members_of(data))
    with pytest.raises(ModelError, match="is compressed"):
        load_model(tmp_path / "small.npz")


@pytest.mark.parametrize("data", [b"", b"P", b"PK", b"RIFF....WAVE", b"\x93NUMPY", bytes(5000)])
def test_another_kind_of_file_is_refused(data, tmp_path):
    with pytest.raises(ModelError, match=r"not a percepnet model|damaged"):
        load_bytes(tmp_path, data)


def test_another_npz_file_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ModelError, match="not a percepnet model"):
        load_model(tmp_path / "other.npz")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path, f"{tmp_path}/none.npz", "a\0b.npz"):
        with pytest.raises(ModelError, match=r"check the path|damaged"):
            load_model(path)
