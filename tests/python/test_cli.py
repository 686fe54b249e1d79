"""The command line: what `denoise` keeps, how it walks through folders, what the others tell."""

import json
import os
import re
import termios

import numpy as np
import pytest
import soundfile as sf
from numpy.testing import assert_array_equal

import percepnet
from command_line import assert_one_line_error, listing, start
from percepnet import enhancer
from percepnet.benchmark import STAGES, noisy_voice
from percepnet.cli import main
from percepnet.dsp.channel import Channel
from percepnet.dsp.kernels.channel import CompiledChannel
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import PitchTracker

RATES = [8_000, 16_000, 44_100, 48_000, 192_000]


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


def test_linked_channels_are_given_the_same_gains(denoise, model_file, tmp_path):
    noisy = np.stack([noisy_voice(1), 0.3 * noisy_voice(1)])
    sf.write(tmp_path / "in.wav", noisy.T, 48_000, "FLOAT")
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav", "--linked") == 0
    assert_array_equal(
        sf.read(tmp_path / "out.wav", dtype="float32")[0].T,
        percepnet.enhance(noisy.astype("f4"), percepnet.load_model(model_file), linked=True),
    )


def test_result_is_told_in_one_line(denoise, capsys, tmp_path):
    sf.write(tmp_path / "in.wav", noisy_voice(1), 48_000)
    assert denoise(tmp_path / "in.wav", tmp_path / "out.wav") == 0
    printed = capsys.readouterr()
    assert re.fullmatch(r".*out\.wav: 1\.0 s denoised in .* s, RTF=\d\.\d{4}\n", printed.out)
    assert printed.err == ""


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


def test_output_may_surround_the_input(folder, denoise, tmp_path):
    assert denoise(folder, tmp_path) == 2  # for the bad one
    assert (tmp_path / "deep" / "er" / "b.flac").exists()


def test_no_input_is_ever_replaced(folder, denoise, tmp_path, capsys):
    before = (folder / "a.wav").read_bytes()
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.wav").symlink_to(folder / "a.wav")
    assert denoise(folder, out) == 2
    assert_one_line_error(capsys.readouterr().err, about="is an input itself")
    nested = folder / "deep" / "deep"
    nested.mkdir()
    (nested / "a.wav").write_bytes(before)
    (folder / "deep" / "a.wav").write_bytes(before)
    assert denoise(folder / "deep", folder) == 2
    assert_one_line_error(capsys.readouterr().err, about="is an input itself")
    copies = folder / "a.wav", folder / "deep" / "a.wav", nested / "a.wav"
    assert [path.read_bytes() for path in copies] == [before] * 3


def test_progress_shows_the_time_left(model_file, tmp_path, monkeypatch):
    monkeypatch.setenv("PERCEPNET_KERNEL", "numpy")  # the kernels are done before it appears
    sf.write(tmp_path / "in.wav", np.tile(noisy_voice(10), 6), 48_000)
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = start(
        "denoise", tmp_path / "in.wav", tmp_path / "out.wav", "--model", model_file, stderr=theirs
    )
    process.communicate(timeout=60)
    assert process.returncode == 0
    os.write(theirs, b"end")  # else nothing shown would wait for ever
    shown = os.read(ours, 65_536).decode()
    os.close(theirs)
    os.close(ours)
    assert re.search(r"\d+ % \|.*\| \d+ of 60 s, \d\d:\d\d left", shown)


def test_info_describes_a_model(model_file, capsys):
    assert main(["info", str(model_file)]) == 0
    shown = capsys.readouterr().out
    network = percepnet.load_model(model_file)
    assert "channels 8, squeeze 2, full 8, expand 2" in shown
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
    made = {"make_channel", "make_tracker"}  # what they make is timed
    timed = [function for functions in STAGES.values() for function in functions]
    assert parts - made == {name for owner, name in timed if owner is enhancer}
    for owner in (Channel, CompiledChannel, PitchTracker, CompiledTracker):
        methods = {name for name in vars(owner) if not name.startswith("_")} - {"reset"}
        assert methods == {name for timed_owner, name in timed if timed_owner is owner}


def test_bench_prints_json(model_file, capsys):
    assert main(["bench", "--model", str(model_file), "--seconds", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n_hops"] == 100
    assert result["kernel"] == percepnet.load_model(model_file).kernel
    assert 0 < result["hop_ms"]["median"] <= result["hop_ms"]["p99"] <= result["hop_ms"]["max"]
    assert result["stages_ms"].keys() == STAGES.keys()
    assert all(ms > 0 for ms in result["stages_ms"].values())


def test_bench_measures_the_kernel_asked_for(model_file, capsys):
    options = ["--model", str(model_file), "--seconds", "1", "--kernel", "numpy", "--json"]
    assert main(["bench", *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["kernel"] == "numpy"
    network_ns = 1e6 * result["stages_ms"]["network"]
    assert result["ns_per_weight"] == network_ns / result["n_weights"]


def test_info_names_the_kernels(capsys):
    assert main(["info"]) == 0
    assert re.search(r"kernels.*\bnumpy$", capsys.readouterr().out, re.MULTILINE)


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
