"""The model file: an uncompressed .npz that describes itself and notices damage.

Members, besides the arrays of the layers: ``format`` and ``version``; ``topology``, the layer
sizes as JSON; ``digest``, the sha256 of all the others. The same network always gives the same
bytes. Errors do not name the file: the caller, who knows it, adds that.
"""

import hashlib
import io
import json
import os
import secrets
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from percepnet.errors import ModelError
from percepnet.nn.int8 import WEIGHT_MAX

FORMAT = "percepnet-model"
VERSION = 3

_NOT_A_MODEL = "is not a percepnet model: give a .npz file made by percepnet"
_COPY_AGAIN = "copy or download it again"


class ArraySpec(NamedTuple):
    """What one array of the file has to be."""

    shape: tuple[int, ...]
    dtype: type


def write_model(path: os.PathLike | str, topology: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write a model file, there under its name only once it is whole.

    Parameters
    ----------
    path : path-like
        An existing file is replaced.
    topology : dict
        Of what JSON can hold.
    arrays : dict of str to ndarray
        Those of the layers.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    topology = json.dumps(topology)
    members = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "topology": np.array(topology),
        "digest": np.array(_digest(topology, arrays)),
        **arrays,
    }
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}.part")
    try:
        with zipfile.ZipFile(temporary, "x") as archive:
            for name, array in members.items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, array, allow_pickle=False)
                # A ZipInfo of its own has a fixed date, not today's.
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_model(path: os.PathLike | str) -> tuple[dict, dict[str, np.ndarray]]:
    """Read a model file: whole, of this version, but of any topology.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    topology : dict
        As given to `write_model`.
    arrays : dict of str to ndarray
        As given to `write_model`; `check_arrays` says whether they fit.

    Raises
    ------
    ModelError
        Not there, not a model file, damaged, or of another version.
    """
    try:
        with open(path, "rb") as file:
            return _parse(file)
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror}): check the path") from error
    except Exception as error:  # zipfile and numpy raise a dozen types on damaged bytes
        raise ModelError(f"is damaged or incomplete: {_COPY_AGAIN}") from error


def check_arrays(arrays: dict[str, np.ndarray], specs: dict[str, ArraySpec]) -> None:
    """Compare arrays with what they have to be.

    Parameters
    ----------
    arrays : dict of str to ndarray
    specs : dict of str to ArraySpec

    Raises
    ------
    ModelError
        An array is missing, unknown, of the wrong shape or type, or holds an impossible value.
    """
    for name in arrays.keys() - specs.keys():
        raise ModelError(f"has an unknown array {name!r}: export it again")
    for name, (shape, dtype) in specs.items():
        if name not in arrays:
            raise ModelError(f"lacks the array {name!r}: export it again")
        array = arrays[name]
        if array.shape != shape or array.dtype != dtype:
            raise ModelError(
                f"has {name!r} as {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}: "
                "export it again"
            )
        if dtype == np.int8 and array.min() < -WEIGHT_MAX:
            raise ModelError(f"has -128 in {name!r}, the least is -{WEIGHT_MAX}: export it again")
        if dtype == np.float32 and not np.isfinite(array).all():
            raise ModelError(f"has NaN or infinity in {name!r}: export it again")


def _parse(file):
    if file.read(2) != b"PK":  # as every zip file begins
        raise ModelError(_NOT_A_MODEL)
    members = {}
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            # Compressed members could be far larger than the file.
            if info.compress_type != zipfile.ZIP_STORED:
                raise ModelError("is compressed: percepnet reads only what it wrote itself")
            # Whole first: numpy then parses only what passed the checksum.
            data = io.BytesIO(archive.read(info))
            name = info.filename.removesuffix(".npy")
            members[name] = np.lib.format.read_array(data, allow_pickle=False)
    if "format" not in members or str(members.pop("format")) != FORMAT:
        raise ModelError(_NOT_A_MODEL)
    version = int(members.pop("version"))
    if version > VERSION:
        raise ModelError(
            f"was made by a newer percepnet (model version {version}, this one reads {VERSION}): "
            "upgrade percepnet"
        )
    if version < VERSION:
        raise ModelError(
            f"was made by an older percepnet (model version {version}, this one reads {VERSION}): "
            "train and export it again, or choose a bundled model"
        )
    digest, topology = str(members.pop("digest")), str(members.pop("topology"))
    if digest != _digest(topology, members):
        raise ModelError(f"was changed after it was made: {_COPY_AGAIN}")
    return json.loads(topology), members


def _digest(topology, arrays):
    sha256 = hashlib.sha256(f"{FORMAT} {VERSION} {topology}\n".encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha256.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        sha256.update(array.tobytes())
    return sha256.hexdigest()
