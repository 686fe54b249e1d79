"""Corpora: decoded once, split for good, drawn from by weight."""

import csv

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from percepnet import SAMPLE_RATE
from percepnet_training.corpus import (
    CLIPS_FILE,
    FULL_BAND_HZ,
    Corpus,
    estimate_bandwidth,
    estimate_voice,
    prepare_corpus,
)
from percepnet_training.errors import TrainingError
from percepnet_training.recordings import read_recordings
from percepnet_training.shards import VOICE_FLOOR, voice_frames
from training_folders import NOISES, SPEAKERS, tiny_mixer, voice_like, write_sources


def test_samples_survive_decoding(tmp_path):
    tiny_mixer(tmp_path)
    corpus = Corpus(tmp_path / "corpus", "train", {})
    written = voice_like(110, 2.0, 5)
    (low,) = corpus.low_voices
    np.testing.assert_allclose(corpus.read(low.clips[0]), written, atol=1.2 / 32768)
    part = corpus.read(low.clips[0], start=100, n_samples=50)
    np.testing.assert_allclose(part, written[100:150], atol=1.2 / 32768)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_split_holds_only_its_own_groups(tmp_path, split):
    tiny_mixer(tmp_path)
    corpus = Corpus(tmp_path / "corpus", split, {})
    names = {speaker.name for speaker in (*corpus.low_voices, *corpus.high_voices)}
    assert names == set(SPEAKERS[split])
    assert {noise.name for noise in corpus.noises} == set(NOISES[split])


def test_low_and_high_voices_are_drawn_equally_often(tmp_path, rng):
    tiny_mixer(tmp_path)
    corpus = Corpus(tmp_path / "corpus", "train", {})
    drawn = [corpus.draw_speaker(rng).name for _ in range(400)]
    assert drawn.count("low") == pytest.approx(200, abs=50)


def test_full_band_speech_can_be_asked_for(tmp_path, rng):
    sources = write_sources(tmp_path / "sources")
    take = sources / "speech" / "high" / "hiss.wav"
    soundfile.write(take, 0.1 * rng.standard_normal(SAMPLE_RATE), SAMPLE_RATE)
    prepare_corpus([sources], tmp_path / "corpus", 1, 1)
    corpus = Corpus(tmp_path / "corpus", "train", {})
    drawn = [corpus.draw_speaker(rng, is_full_band=True) for _ in range(20)]
    assert {len(speaker.clips) for speaker in drawn} == {1}
    assert drawn[0].clips[0].bandwidth_hz > FULL_BAND_HZ
    # Where there is none, what there is will do.
    tiny_mixer(tmp_path / "narrow")
    narrow = Corpus(tmp_path / "narrow" / "corpus", "train", {})
    assert narrow.draw_speaker(rng, is_full_band=True).name in SPEAKERS["train"]


def test_manifests_name_split_group_and_place(tmp_path):
    shards, corpus = tmp_path / "shards", tmp_path / "corpus"
    shards.mkdir()
    samples = voice_like(120, 3.0, 1)
    for kind, group in (("speech", "speaker_id"), ("noise", "category")):
        soundfile.write(shards / f"{kind}.flac", samples, SAMPLE_RATE)
        with open(shards / f"{kind}_manifest.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["shard", "start_sample", "n_samples", "bandwidth_hz", "split", group])
            writer.writerow([f"{kind}.flac", 4800, 48000, 7000, "train", "someone"])
            writer.writerow([f"{kind}.flac", 60000, 24000, 9000, "dev", "other"])
    prepare_corpus([shards], corpus, 0, 1)
    (speaker,) = Corpus(corpus, "train", {}).low_voices
    (clip,) = speaker.clips
    assert (speaker.name, clip.bandwidth_hz, clip.n_samples) == ("someone", 7000, 48000)
    read = Corpus(corpus, "train", {}).read(clip)
    np.testing.assert_allclose(read, samples[4800:52800], atol=1.2 / 32768)


def test_a_finished_corpus_is_left_alone(tmp_path):
    tiny_mixer(tmp_path)
    before = (tmp_path / "corpus" / CLIPS_FILE).stat().st_mtime_ns
    prepare_corpus([tmp_path / "nothing here"], tmp_path / "corpus", 3, 1)
    assert (tmp_path / "corpus" / CLIPS_FILE).stat().st_mtime_ns == before


def test_bandwidth_is_where_the_spectrum_ends(rng):
    sos = butter(12, 6000, fs=SAMPLE_RATE, output="sos")
    narrow = sosfilt(sos, rng.standard_normal(SAMPLE_RATE))
    assert estimate_bandwidth(narrow) == pytest.approx(8000, abs=3000)
    assert estimate_bandwidth(rng.standard_normal(SAMPLE_RATE)) > 23000


@pytest.mark.parametrize("f0_hz", [90, 140, 260])
def test_voice_is_found(f0_hz):
    assert estimate_voice(voice_like(f0_hz, 2.0, 1)) == pytest.approx(f0_hz, rel=0.05)


def test_noise_has_no_voice(rng):
    assert estimate_voice(rng.standard_normal(SAMPLE_RATE)) == 0


@pytest.mark.parametrize("n_groups", [2, 3, 7])
def test_a_small_collection_has_a_group_for_validation(tmp_path, n_groups):
    for kind in ("speech", "noise"):
        for n in range(n_groups):
            path = tmp_path / kind / f"p{225 + n}"
            path.mkdir(parents=True)
            soundfile.write(path / "0.wav", voice_like(150, 1.0, n), SAMPLE_RATE)
        splits = [split for split, *_ in read_recordings([tmp_path], kind)]
        assert splits.count("dev") == 1
        assert len(splits) == n_groups


def test_a_single_speaker_is_too_few(tmp_path):
    for kind in ("speech", "noise"):
        (tmp_path / kind / "one").mkdir(parents=True)
        soundfile.write(tmp_path / kind / "one" / "0.mp3", voice_like(150, 1.0, 0), SAMPLE_RATE)
    with pytest.raises(TrainingError, match="give at least two speakers"):
        prepare_corpus([tmp_path], tmp_path / "corpus", 0, 1)
    assert not (tmp_path / "corpus" / "clips.csv").exists()


def test_a_folder_without_speech_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"no speech in .*empty"):
        prepare_corpus([tmp_path / "empty"], tmp_path / "corpus", 0, 1)


def test_a_broken_file_is_named(tmp_path):
    sources = write_sources(tmp_path / "sources")
    (sources / "speech" / "low" / "0.wav").write_bytes(b"not audio")
    with pytest.raises(TrainingError, match=r"cannot decode .*0\.wav"):
        prepare_corpus([sources], tmp_path / "corpus", 0, 1)


def test_an_unprepared_corpus_says_what_to_run(tmp_path):
    with pytest.raises(TrainingError, match="percepnet-train data"):
        Corpus(tmp_path, "train", {})


def test_a_frame_holds_voice_where_it_or_a_neighbour_is_loud():
    energy = np.zeros((20, 4), np.float32)
    assert not voice_frames(energy).any()
    assert not voice_frames(energy + VOICE_FLOOR / 8).any()
    energy[5], energy[6], energy[12] = 1e6, 1e6, 1e6 * 10 ** (-40 / 10)  # 40 dB below: no voice
    np.testing.assert_array_equal(np.flatnonzero(voice_frames(energy)), [4, 5, 6, 7])
