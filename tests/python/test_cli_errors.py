"""The command line on bad input and on bad luck: one line, exit code 2, nothing left behind."""

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from command_line import assert_one_line_error, listing, start, start_python
from percepnet.benchmark import noisy_voice
from percepnet.cli import main
from percepnet.nn.weights import VERSION


def text_file(path):
    path.write_text("this is not audio")


def wav(samples, rate=48_000, subtype="FLOAT"):
    return lambda path: sf.write(path, samples, rate, subtype)


def broken_flac(path):
    noise = np.random.default_rng(0).uniform(-1, 1, 400_000)
    sf.write(path, noise, 48_000, format="FLAC")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


BAD_INPUTS = {
    "not audio": (text_file, "not audio that can be read"),
    "empty": (Path.touch, "empty"),
    "missing": (lambda path: None, "cannot be read: No such file"),
    "folder without audio": (Path.mkdir, "holds no audio file"),
    "0 samples": (wav(np.zeros(0)), "holds no sample"),
    "NaN": (wav([0, np.nan, 0]), "sample 1 is nan"),
    "infinity": (wav([0, 0, -np.inf]), "sample 2 is inf"),
    "NaN at another rate": (wav([0, np.nan, 0], 8_000), "sample 1 is nan"),
    "not ±1": (wav([0, 20_000.0]), "sample 1 is 20000, expected ±1"),
    "cut off": (broken_flac, "damaged"),
    "impossible rate": (wav(np.zeros(9), 10), "sample rate of 10 Hz"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_one_line_and_leaves_nothing(case, denoise, capsys, tmp_path):
    make, about = BAD_INPUTS[case]
    make(tmp_path / "in.wav")
    before = listing(tmp_path)
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav") == 2
    printed = capsys.readouterr()
    assert_one_line_error(printed.err, about=about)
    assert printed.out == ""
    assert listing(tmp_path) == before


BAD_OUTPUTS = {
    "in.wav": "is the input itself",
    ".": "is a folder",
    "nowhere/out.wav": "does not exist: make",
    "in.wav/out.wav": "does not exist|Not a directory",
    "out": "without an extension",
    "out.doc": r"cannot write \.doc files",
    "out.opus": "cannot hold 1 channels at 44100 Hz",
    f"{'x' * 300}.wav": "File name too long",
    "/proc/out.wav": "cannot be written",
}


@pytest.mark.parametrize("name", BAD_OUTPUTS)
def test_bad_output_is_one_line_and_leaves_nothing(name, denoise, capsys, tmp_path):
    sf.write(tmp_path / "in.wav", np.zeros(480), 44_100)
    assert denoise(tmp_path / "in.wav", tmp_path / name) == 2
    assert_one_line_error(capsys.readouterr().err, about=BAD_OUTPUTS[name])
    assert listing(tmp_path) == ["in.wav"]


def cut_off(data):
    return data[: len(data) // 2]


def one_bit_flipped(data):
    return data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]


@pytest.mark.parametrize(
    ("damage", "about"),
    [
        (cut_off, "damaged or incomplete"),
        (one_bit_flipped, "damaged or incomplete|changed"),
        (lambda data: b"", "not a percepnet model"),
    ],
)
def test_bad_model_is_one_line_and_leaves_nothing(damage, about, model_file, capsys, tmp_path):
    sf.write(tmp_path / "in.wav", np.zeros(480), 48_000)
    (tmp_path / "m.npz").write_bytes(damage(model_file.read_bytes()))
    source, target, model = (str(tmp_path / name) for name in ("in.wav", "out.wav", "m.npz"))
    assert main(["denoise", source, target, "--model", model]) == 2
    assert_one_line_error(capsys.readouterr().err, about=about)
    assert listing(tmp_path) == ["in.wav", "m.npz"]


@pytest.mark.parametrize(
    ("version", "about"),
    [(VERSION - 1, "older percepnet.*export it again"), (VERSION + 1, "newer percepnet.*upgrade")],
)
def test_a_model_of_another_version_is_refused(version, about, model_file, capsys, tmp_path):
    members = dict(np.load(model_file))
    np.savez(tmp_path / "m.npz", **{**members, "version": np.array(version)})
    assert main(["info", str(tmp_path / "m.npz")]) == 2
    assert_one_line_error(capsys.readouterr().err, about=about)


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ([], "required: COMMAND"),
        (["sing"], "invalid choice: 'sing'"),
        (["denoise", "in.wav"], "required: OUT"),
        (["denoise", "a.wav", "b.wav", "--strength", "2"], "'2' is not a number in 0...1"),
        (["denoise", "a.wav", "b.wav", "--strength", "nan"], "'nan' is not a number"),
        (["denoise", "a.wav", "b.wav", "--attenuation-limit=-1"], "a number of at least 0"),
        (["denoise", "a.wav", "b.wav", "--jobs", "0"], "whole number of at least 1"),
        (["denoise", "a.wav", "b.wav", "--model", "none-such"], "no model is called 'none-such'"),
        (["bench", "--seconds", "x"], "'x' is not a number"),
    ],
)
def test_bad_options_are_one_line(arguments, about, capsys):
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = exit_.code
    assert code == 2
    assert_one_line_error(capsys.readouterr().err, about=about)


@pytest.mark.parametrize("missing", ["scipy", "soundfile", "tqdm"])
def test_missing_extra_is_named_and_the_rest_works(missing, tmp_path):
    def run(*arguments):
        code = (
            f"import sys; sys.modules[{missing!r}] = None; "
            "from percepnet.cli import main; sys.exit(main())"
        )
        process = start_python("-c", code, *arguments)
        _, stderr = process.communicate(timeout=60)
        return process.returncode, stderr

    code, stderr = run("denoise", "in.wav", tmp_path / "out.wav")
    assert code == 2
    assert_one_line_error(stderr, about=rf"needs {missing}: pip install 'percepnet\[cli\]'")
    assert run("info") == (0, "")


def heed_signals():
    """In a new process: a background shell and nohup leave some signals ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def start_long_run(model_file, tmp_path):
    """Start on a folder of six minutes in `n_jobs` processes; wait until all of them write."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a.wav", "b.wav", "c.wav"):
        sf.write(source / name, np.tile(noisy_voice(10), 12), 48_000)

    processes = []

    def run(n_jobs):
        process = start(
            "denoise", source, target, "--jobs", n_jobs, "--model", model_file,
            preexec_fn=heed_signals,
        )  # fmt: skip
        processes.append(process)
        deadline = time.monotonic() + 60
        while len(list(target.glob(".percepnet-*.part"))) < n_jobs:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "n_jobs"),
    [
        (signal.SIGINT, 130, 1),
        (signal.SIGINT, 130, 2),
        (signal.SIGTERM, 143, 2),
        (signal.SIGHUP, 129, 1),
    ],
)
def test_an_interrupted_run_leaves_no_part(number, code, n_jobs, start_long_run, tmp_path):
    process = start_long_run(n_jobs)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert stderr == ""
    assert listing(tmp_path / "out") == []


def test_the_death_of_a_process_is_one_line(start_long_run):
    process = start_long_run(n_jobs=2)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    worker = next(c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text())
    os.kill(int(worker), signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert_one_line_error(stderr, about="use fewer --jobs")


def test_a_full_disk_is_one_line_and_leaves_nothing(model_file, tmp_path):
    sf.write(tmp_path / "in.wav", noisy_voice(5), 48_000)
    process = start(
        "denoise", tmp_path / "in.wav", tmp_path / "out.wav", "--model", model_file,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert_one_line_error(stderr, about="out.wav: cannot be written")
    assert listing(tmp_path) == ["in.wav"]
