"""The command line, from outside: what it keeps, what it refuses, what it leaves behind."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.testing import assert_array_equal

import percepnet
from models import random_network
from percepnet import enhancer
from percepnet.benchmark import STAGES, noisy_voice
from percepnet.cli import main
from percepnet.network import save_model
from percepnet.topology import Topology

RATES = [8_000, 16_000, 44_100, 48_000, 192_000]
PY = Path(percepnet.__file__).parents[1]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.npz"
    save_model(random_network(Topology(8, 8, 8, 8), 0), path)
    return path


@pytest.fixture
def denoise(model_file):
    """Run `percepnet denoise ARGUMENTS` here and return its exit code."""

    def run(*arguments):
        return main(["denoise", *map(str, arguments), "--model", str(model_file)])

    return run


def start(*arguments, **options):
    """Start percepnet as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "percepnet", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def assert_one_line_error(stderr, *, about):
    assert re.fullmatch(r"percepnet: error: [^\n]+\n", stderr)
    assert re.search(about, stderr)


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# What is kept


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_channels", [1, 2, 6])
@pytest.mark.parametrize("n_samples", [1, 1441, 20_011])
def test_rate_channels_and_length_are_kept(rate, n_channels, n_samples, denoise, tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (n_samples, n_channels))
    sf.write(tmp_path / "in.wav", noise, rate, "PCM_24")
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav") == 0
    before, after = sf.info(tmp_path / "in.wav"), sf.info(tmp_path / "out.wav")
    kept = ["samplerate", "channels", "frames", "format", "subtype"]
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert listing(tmp_path) == ["in.wav", "out.wav"]


@pytest.mark.parametrize("rate", RATES)
def test_output_is_aligned_with_input(rate, denoise, tmp_path):
    noisy = np.interp(np.arange(rate) / rate, np.arange(48_000) / 48_000, noisy_voice(1))
    sf.write(tmp_path / "in.wav", noisy, rate, "FLOAT")
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav") == 0
    enhanced = sf.read(tmp_path / "out.wav")[0]
    n = 2 * rate
    correlation = np.fft.irfft(np.fft.rfft(enhanced, n) * np.fft.rfft(noisy, n).conj())
    assert np.argmax(correlation) == 0


def test_48_khz_float_output_is_that_of_enhance(denoise, model_file, tmp_path):
    noisy = np.stack([noisy_voice(2), noisy_voice(2)[::-1]])
    sf.write(tmp_path / "in.wav", noisy.T, 48_000, "FLOAT")
    limits = {"strength": 0.7, "attenuation_limit_db": 12}
    code = denoise(
        tmp_path / "in.wav", tmp_path / "out.wav", "--strength", 0.7, "--attenuation-limit", 12
    )
    assert code == 0
    assert_array_equal(
        sf.read(tmp_path / "out.wav", dtype="float32")[0].T,
        percepnet.enhance(noisy, percepnet.load_model(model_file), **limits),
    )


def test_result_is_told_in_one_line(denoise, capsys, tmp_path):
    sf.write(tmp_path / "in.wav", noisy_voice(1), 48_000)
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav") == 0
    printed = capsys.readouterr()
    assert re.fullmatch(r".*out\.wav: 1\.0 s denoised in .* s, RTF=\d\.\d{4}\n", printed.out)
    assert printed.err == ""


# Folders


@pytest.fixture
def folder(tmp_path):
    """Three files, one of them bad, some of them deep, and what is no audio."""
    source = tmp_path / "in"
    (source / "deep" / "er").mkdir(parents=True)
    sf.write(source / "a.wav", noisy_voice(1), 48_000)
    sf.write(source / "deep" / "er" / "b.flac", noisy_voice(0.5), 16_000)
    (source / "deep" / "bad.wav").write_text("not audio")
    (source / "notes.txt").write_text("not audio, and does not say it were")
    (source / ".hidden.wav").write_text("as some systems leave")
    return source


def test_folder_goes_on_past_a_bad_file(folder, denoise, capsys, tmp_path):
    assert denoise(folder, tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert_one_line_error(printed.err, about="bad.wav: is not audio")
    assert re.fullmatch(r"2 of 3 files: 2\.5 s denoised in .* s, RTF=\d\.\d{4}\n", printed.out)
    assert listing(tmp_path / "out") == ["a.wav", "deep", "deep/er", "deep/er/b.flac"]


def test_two_processes_give_the_same_bytes(folder, denoise, model_file, tmp_path):
    process = start("denoise", folder, tmp_path / "two", "--jobs", 2, "--model", model_file)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert_one_line_error(stderr, about="bad.wav: is not audio")
    denoise(folder, tmp_path / "one")
    assert listing(tmp_path / "one") == listing(tmp_path / "two")
    for name in ["a.wav", "deep/er/b.flac"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_output_inside_the_input_is_not_read_again(folder, denoise, tmp_path):
    for _ in range(2):
        denoise(folder, folder / "out")
    assert listing(folder / "out") == ["a.wav", "deep", "deep/er", "deep/er/b.flac"]


def test_progress_shows_the_time_left(model_file, tmp_path):
    sf.write(tmp_path / "in.wav", np.tile(noisy_voice(10), 4), 48_000)
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(
        [sys.executable, "-m", "percepnet", "denoise", tmp_path / "in.wav", tmp_path / "out.wav",
         "--model", model_file],
        env={**os.environ, "PYTHONPATH": str(PY)},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:  # fmt: skip
        assert process.wait(60) == 0
    shown = os.read(ours, 65_536).decode()
    os.close(theirs)
    os.close(ours)
    assert re.search(r"\d+ % \|.*\| \d+ of 40 s, \d\d:\d\d left", shown)


# What is refused


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


def test_model_of_the_future_is_refused(model_file, capsys, tmp_path):
    members = dict(np.load(model_file))
    np.savez(tmp_path / "m.npz", **{**members, "version": np.array(2)})
    assert main(["info", str(tmp_path / "m.npz")]) == 2
    assert_one_line_error(capsys.readouterr().err, about="newer percepnet.*upgrade")


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
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": str(PY)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    failed = run("denoise", "in.wav", str(tmp_path / "out.wav"))
    assert failed.returncode == 2
    assert_one_line_error(failed.stderr, about=rf"needs {missing}: pip install 'percepnet\[cli\]'")
    assert run("info").returncode == 0


# What is left behind


@pytest.fixture
def start_long_run(model_file, tmp_path):
    """Start on a folder of six minutes in `n_jobs` processes; wait until all of them write."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a.wav", "b.wav", "c.wav"):
        sf.write(source / name, np.tile(noisy_voice(10), 12), 48_000)

    def run(n_jobs):
        process = start("denoise", source, target, "--jobs", n_jobs, "--model", model_file)
        deadline = time.monotonic() + 60
        while len(list(target.glob(".percepnet-*.part"))) < n_jobs:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return process

    return run


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


# The other commands


def test_info_describes_a_model(model_file, capsys):
    assert main(["info", str(model_file)]) == 0
    shown = capsys.readouterr().out
    network = percepnet.load_model(model_file)
    assert "dense 8, conv 8, gru 8, strength_gru 8" in shown
    assert f"{network.n_weights:,}" in shown
    assert re.search(r"sha256 +[0-9a-f]{64}\n", shown)


def test_info_describes_audio(capsys, tmp_path):
    sf.write(tmp_path / "a.flac", np.zeros((44_100, 2)), 44_100)
    assert main(["info", str(tmp_path / "a.flac")]) == 0
    shown = capsys.readouterr().out
    for part in ["FLAC PCM_16", "44100 Hz", "44100 samples, 1.00 s"]:
        assert part in shown


def test_bench_leaves_no_part_of_the_chain_out():
    parts = {
        name
        for name, value in vars(enhancer).items()
        if getattr(value, "__module__", "").startswith("percepnet.dsp")
    }
    timed = [function for functions in STAGES.values() for function in functions]
    assert parts <= {name if owner is enhancer else owner.__name__ for owner, name in timed}


def test_bench_prints_json(model_file, capsys):
    assert main(["bench", "--model", str(model_file), "--seconds", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n_hops"] == 100
    assert 0 < result["hop_ms"]["median"] <= result["hop_ms"]["p99"] <= result["hop_ms"]["max"]
    assert result["stages_ms"].keys() == STAGES.keys()
    assert all(ms > 0 for ms in result["stages_ms"].values())


def test_bench_prints_a_table(model_file, capsys):
    assert main(["bench", "--model", str(model_file), "--seconds", "1"]) == 0
    shown = capsys.readouterr().out
    shares = [float(share) for share in re.findall(r"(\d+\.\d) %", shown)]
    assert len(shares) == len(STAGES)
    assert abs(sum(shares) - 100) < 1


def test_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"percepnet {percepnet.__version__}\n"
