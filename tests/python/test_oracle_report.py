"""`percepnet oracle`: what it writes and says, also of bad input."""

import json
import sys

import numpy as np
import pytest
import soundfile as sf

from command_line import assert_one_line_error, listing
from conftest import glide
from percepnet import SAMPLE_RATE
from percepnet.cli import main

SCORES = ["PESQ-WB", "STOI", "SI-SDR dB", "SIG", "BAK", "OVRL", "P808", "HNR dB"]


SECONDS = 5  # DNSMOS repeats less than 9: cheapest just above half


@pytest.fixture
def recordings(tmp_path, rng):
    """A voice with pauses, and shorter noise, as files."""
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    syllables = np.clip(2 * np.sin(2 * np.pi * 1.1 * time), 0, 1)
    clean = 0.1 * syllables * glide(140 + 20 * np.sin(2 * np.pi * 0.4 * time))
    noise = 0.05 * rng.standard_normal(2 * SAMPLE_RATE)
    for name, signal in (("clean", clean), ("noise", noise)):
        sf.write(tmp_path / f"{name}.wav", signal, SAMPLE_RATE, "FLOAT")
    return tmp_path


def oracle(folder, *more, clean="clean.wav", noise="noise.wav"):
    arguments = ["oracle", folder / clean, folder / noise, "--out", folder / "out", *more]
    return main([str(argument) for argument in arguments])


def test_sounds_pictures_and_a_table_are_written(recordings, capsys):
    assert oracle(recordings, "--snr", -3) == 0
    out = recordings / "out"
    assert listing(out) == [
        "0-clean.wav", "1-noisy.wav", "2-magnitude.wav", "3-gains.wav", "4-comb.wav",
        "5-postfilter.wav", "6-network.wav", "filters.png", "oracle.png", "table.json", "table.md",
    ]  # fmt: skip
    signals = {path.stem: sf.read(path)[0] for path in out.glob("*.wav")}
    assert {len(signal) for signal in signals.values()} == {SECONDS * SAMPLE_RATE}
    clean, noisy = signals["0-clean"], signals["1-noisy"]
    spoken = np.mean(clean[clean != 0] ** 2)  # pauses do not count as speech
    assert 10 * np.log10(spoken / np.mean((noisy - clean) ** 2)) == pytest.approx(-3, abs=0.5)
    for picture in out.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")

    table = json.loads((out / "table.json").read_text())
    assert len(table) == 7
    assert all(list(row) == SCORES for row in table.values())
    assert table["noisy"]["SI-SDR dB"] < table["+ comb filter"]["SI-SDR dB"]
    assert table["clean"]["SI-SDR dB"] is None  # infinite
    said = capsys.readouterr().out
    assert (out / "table.md").read_text() in said
    assert "noise.wav: is shorter than the speech and repeated" in said


def test_what_was_made_to_fit_or_left_out_is_said(recordings, capsys, monkeypatch, rng):
    monkeypatch.setitem(sys.modules, "pesq", None)
    monkeypatch.setattr("percepnet.scores.find_spec", lambda _: None)
    sf.write(recordings / "n.wav", 0.1 * rng.standard_normal(16_000), 16_000)
    sf.write(recordings / "loud.wav", 3 * sf.read(recordings / "clean.wav")[0], SAMPLE_RATE)
    assert oracle(recordings, "--snr", -10, clean="loud.wav", noise="n.wav") == 0
    said = capsys.readouterr().out
    assert "n.wav: resampled from 16000 Hz to 48000 Hz" in said
    assert "to stay in ±1" in said
    assert "PESQ-WB left out: this needs pesq: pip install 'percepnet[oracle]'" in said
    assert "DNSMOS left out: this needs speechmos" in said
    assert "HNR dB" in said
    assert np.abs(sf.read(recordings / "out" / "1-noisy.wav")[0]).max() <= 1


@pytest.mark.parametrize("name", ["clean", "noise"])
@pytest.mark.parametrize(
    ("samples", "about"),
    [
        (np.zeros(2 * SAMPLE_RATE), "is silent"),
        (np.full((2 * SAMPLE_RATE, 2), 0.1), "has 2 channels"),
        (np.r_[np.nan, np.full(2 * SAMPLE_RATE, 0.1)], "sample 0 is nan"),
    ],
    ids=["silence", "stereo", "NaN"],
)
def test_what_cannot_be_used_is_one_line(name, samples, about, recordings, capsys):
    sf.write(recordings / "bad.wav", samples, SAMPLE_RATE, "FLOAT")
    assert oracle(recordings, **{name: "bad.wav"}) == 2
    assert_one_line_error(capsys.readouterr().err, about=about)
    assert not (recordings / "out").exists()


def test_speech_of_half_a_second_is_too_short(recordings, capsys):
    sf.write(recordings / "bad.wav", np.full(SAMPLE_RATE // 2, 0.1), SAMPLE_RATE)
    assert oracle(recordings, clean="bad.wav") == 2
    assert_one_line_error(capsys.readouterr().err, about=r"is 0\.50 s long")


def test_a_file_in_place_of_the_folder_is_one_line(recordings, capsys):
    (recordings / "out").write_text("")
    assert oracle(recordings) == 2
    assert_one_line_error(capsys.readouterr().err, about="out: cannot be written")
