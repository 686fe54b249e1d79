"""The command line as the tests call it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import percepnet

PY = Path(percepnet.__file__).parents[1]


def start(*arguments, **options):
    """Start percepnet as a process of its own."""
    return start_python("-m", "percepnet", *arguments, **options)


def start_python(*arguments, **options):
    """Start Python on the package under test; output is text and captured if not redirected."""
    captured = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PY)},
        text=True,
        **{**captured, **options},
    )


def assert_one_line_error(stderr, *, about):
    assert re.fullmatch(r"percepnet: error: [^\n]+\n", stderr)
    assert re.search(about, stderr)


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
