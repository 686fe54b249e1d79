"""``percepnet evaluate``: every score, on pairs that the test makes."""

import csv
import math

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile

from percepnet import SAMPLE_RATE
from percepnet.cli import main
from percepnet.composite import composite_scores
from percepnet.evaluation import SCORES, find_pairs, score_table
from percepnet.scores import hf_lsd_db, mel_levels, pesq_wb, si_sdr_db, to_wide_band


@pytest.fixture
def pairs(tmp_path, voice, noisy):
    """Folder with two pairs: one at about 5 dB, one ten decibels better."""
    for name, noise_level in (("bad", 1.0), ("good", 10**-0.5)):
        for kind, samples in (("clean", voice), ("noisy", voice + noise_level * (noisy - voice))):
            (tmp_path / kind).mkdir(exist_ok=True)
            soundfile.write(tmp_path / kind / f"{name}.wav", samples, SAMPLE_RATE, "FLOAT")
    return tmp_path


def rows_of(path):
    with open(path, newline="") as file:
        return {(row["pair"], row["system"]): row for row in csv.DictReader(file)}


def test_every_score_of_every_system_in_one_table(pairs, tmp_path, capsys):
    arguments = ["--enhanced", tmp_path / "clean", "--csv", tmp_path / "scores.csv"]
    assert main(["evaluate", *map(str, [pairs, *arguments])]) == 0
    shown = capsys.readouterr().out
    for heading in (*SCORES, "noisy", "clean", "default", "OVRL at SNR dB"):
        assert f"| {heading} |" in shown
    rows = rows_of(tmp_path / "scores.csv")
    assert len(rows) == 6
    for name in ("bad", "good"):
        noisy, clean = rows[name, "noisy"], rows[name, "clean"]
        for score in ("PESQ-WB", "STOI", "SI-SDR dB", "CSIG", "CBAK", "COVL", "BAK"):
            assert float(clean[score]) > float(noisy[score]), score
        assert float(clean["HF-LSD dB"]) == 0
        assert float(noisy["SNR dB"]) == pytest.approx(float(noisy["SI-SDR dB"]), abs=0.5)
    gained_db = float(rows["good", "noisy"]["SNR dB"]) - float(rows["bad", "noisy"]["SNR dB"])
    assert gained_db == pytest.approx(10, abs=0.1)


def test_means_leave_out_what_a_pair_does_not_have():
    row = {"pair": "a", "system": "x", "SNR dB": 4.0, **dict.fromkeys(SCORES, 1.0)}
    other = {**row, "SNR dB": 11.0, "PESQ-WB": math.nan, "OVRL": 2.0}
    table = score_table([row, other])
    assert "| x | 1.00 |" in table
    assert "| PESQ-WB at SNR dB | +5 | +10 |" in table
    assert "| x | 1.00 | - |" in table
    assert "| x | 1.00 | 2.00 |" in table


def test_composite_scores_follow_quality(voice, noisy):
    clean, bad = to_wide_band(voice), to_wide_band(noisy)
    best = composite_scores(clean, clean, 4.64)
    assert best == {"CSIG": 5, "CBAK": 5, "COVL": 5}
    worse = composite_scores(bad, clean, 1.2)
    better = composite_scores(clean + 0.3 * (bad - clean), clean, 1.2)
    for name, score in worse.items():
        assert 1 <= score < better[name] < 5


def test_high_bands_have_a_distance_of_their_own(voice, rng):
    noise = rng.standard_normal(len(voice)).astype(np.float32)
    clean = voice + 1e-2 * noise  # something to hear up there
    assert hf_lsd_db(2 * clean, clean) == pytest.approx(6.02, abs=0.01)
    assert math.isnan(hf_lsd_db(np.zeros(SAMPLE_RATE), np.zeros(SAMPLE_RATE)))


def test_mel_levels_put_a_tone_where_it_belongs():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    levels = mel_levels(tone)
    assert levels.shape == (100, 120)
    # 120 bands share 45.2 mels, of which 1000 Hz is the fifteenth.
    assert abs(int(levels[50].argmax()) - round(15 / 45.25 * 121 - 1)) <= 1
    assert levels.max() == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "clean" / "bad.wav").unlink(), "has no clean original"),
        (lambda folder: (folder / "noisy").rename(folder / "mixed"), "noisy: is no folder"),
        (
            lambda folder: wavfile.write(folder / "noisy" / "bad.wav", 16000, np.ones(9, "f4")),
            "1 channels at 16000 Hz",
        ),
        (
            lambda folder: wavfile.write(folder / "noisy" / "bad.wav", 48000, np.ones(9, "f4")),
            "must be aligned",
        ),
    ],
)
def test_bad_pairs_are_an_error_of_one_line(pairs, capsys, spoil, message):
    spoil(pairs)
    assert main(["evaluate", str(pairs)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_two_programs_of_one_name_are_not_averaged(pairs, capsys):
    assert main(["evaluate", str(pairs), *["--enhanced", str(pairs / "clean")] * 2]) == 2
    assert "two of the systems are called 'clean'" in capsys.readouterr().err


def test_what_is_missing_is_said_before_the_work(pairs, tmp_path, capsys):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "bad.wav").write_bytes(b"")
    for arguments, message in (
        (["--enhanced", tmp_path / "ours"], "good.wav: is missing"),
        (["--csv", tmp_path / "nowhere" / "s.csv"], "its folder does not exist"),
    ):
        assert main(["evaluate", str(pairs), *map(str, arguments)]) == 2
        printed = capsys.readouterr()
        assert message in printed.err
        assert not printed.out


def test_silent_and_short_signals_have_no_scores(voice):
    silence = np.zeros_like(voice)
    assert math.isnan(si_sdr_db(voice, silence))
    short = voice[5000:5900]
    assert math.isnan(pesq_wb(short, short))
    assert math.isnan(hf_lsd_db(short, short))


def test_pairs_come_in_order(pairs):
    assert [pair.name for pair in find_pairs(pairs)] == ["bad", "good"]
