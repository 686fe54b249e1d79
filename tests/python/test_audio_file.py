import gc
import resource
import signal
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile as sf
from numpy.testing import assert_array_equal

from percepnet import audio_file
from percepnet.audio_file import BLOCK_LENGTH, AudioReader, AudioWriter, to_int32
from percepnet.audio_format import INTEGER_BITS, AudioFormat
from percepnet.errors import AudioError

N_SAMPLES = BLOCK_LENGTH + 321
MONO = AudioFormat(48_000, 1, "WAV", "PCM_16")


def copy(source, target):
    with AudioReader(source) as reader, AudioWriter(target, reader.format, N_SAMPLES) as writer:
        for block in reader.blocks():
            writer.write(block)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_copy_changes_no_sample(subtype, tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, (N_SAMPLES, 2))
    sf.write(tmp_path / "a.wav", noise, 44_100, subtype)
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    assert sf.info(tmp_path / "b.wav").subtype == subtype
    assert_array_equal(
        sf.read(tmp_path / "b.wav", dtype="int32")[0], sf.read(tmp_path / "a.wav", dtype="int32")[0]
    )


@pytest.mark.parametrize("bits", sorted(set(INTEGER_BITS.values())))
def test_rounding_is_to_nearest_and_clips(bits):
    steps = np.array([0, 0.4, 0.6, -0.4, -0.6, 3.5, 4.5])
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    samples = np.concatenate([steps * 2.0 ** (1 - bits), [1, -1, 7, -7]]).astype(np.float32)
    expected = [0, 0, 1, 0, -1, 4, 4, high, low, high, low]
    assert_array_equal(to_int32(samples, bits) >> (32 - bits), expected)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "ULAW", "ALAW"])
def test_beyond_full_scale_clips_and_does_not_wrap(subtype, tmp_path):
    with AudioWriter(
        tmp_path / "a.wav", AudioFormat(48_000, 1, "WAV", subtype), N_SAMPLES
    ) as writer:
        writer.write(np.array([[1.001, -1.001, 1.5, -1.5]], np.float32))
    np.testing.assert_allclose(sf.read(tmp_path / "a.wav")[0], [1, -1, 1, -1], atol=0.03)


@pytest.mark.parametrize(
    ("container", "subtype", "name", "expected"),
    [
        ("WAV", "PCM_16", "a.flac", ("FLAC", "PCM_16")),
        ("WAV", "FLOAT", "a.flac", ("FLAC", "PCM_24")),
        ("WAV", "FLOAT", "a.WAV", ("WAV", "FLOAT")),
        ("WAV", "IMA_ADPCM", "a.wav", ("WAV", "PCM_16")),
        ("WAVEX", "PCM_24", "a.wav", ("WAVEX", "PCM_24")),
        ("RF64", "PCM_24", "a.wav", ("RF64", "PCM_24")),
        ("OGG", "OPUS", "a.wav", ("WAV", "PCM_16")),
        ("OGG", "OPUS", "a.ogg", ("OGG", "OPUS")),
        ("OGG", "VORBIS", "a.ogg", ("OGG", "VORBIS")),
        ("OGG", "VORBIS", "a.opus", ("OGG", "OPUS")),
        ("WAV", "PCM_16", "a.ogg", ("OGG", "VORBIS")),
        ("FLAC", "PCM_24", "a.aif", ("AIFF", "PCM_24")),
        ("MP3", "MPEG_LAYER_III", "a.mp3", ("MP3", "MPEG_LAYER_III")),
        ("MP3", "MPEG_LAYER_III", "a.wav", ("WAV", "PCM_16")),
    ],
)
def test_extension_gives_the_container_and_the_subtype_is_kept(
    container, subtype, name, expected, tmp_path
):
    form = AudioFormat(48_000, 1, container, subtype).written_to(tmp_path / name, N_SAMPLES)
    assert (form.container, form.subtype) == expected


@pytest.mark.parametrize(
    ("n_samples", "n_channels", "subtype", "name", "expected"),
    [
        (2**31, 1, "PCM_16", "a.wav", "RF64"),
        (2**31 - 2**16, 1, "PCM_16", "a.wav", "WAV"),
        (2**30, 2, "PCM_16", "a.wav", "RF64"),
        (2**30, 1, "FLOAT", "a.wav", "RF64"),
        (2**31, 1, "ULAW", "a.wav", "WAV"),
        (2**33, 2, "PCM_16", "a.flac", "FLAC"),
    ],
)
def test_what_is_too_long_for_wav_is_rf64(n_samples, n_channels, subtype, name, expected, tmp_path):
    form = AudioFormat(48_000, n_channels, "WAV", subtype)
    assert form.written_to(tmp_path / name, n_samples).container == expected


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.aiff"])
def test_every_common_format_keeps_length_and_position(name, tmp_path):
    n_samples = 30_001
    time = np.arange(n_samples) / 48_000
    chirp = 0.5 * np.sin(2 * np.pi * (300 + 2000 * time) * time).astype(np.float32)
    with AudioWriter(tmp_path / name, MONO, N_SAMPLES) as writer:
        writer.write(chirp[np.newaxis])
    with AudioReader(tmp_path / name) as reader:
        read = np.concatenate(list(reader.blocks()), axis=1)[0]
    assert len(read) == n_samples
    middle = slice(5000, 25_000)
    correlation = np.correlate(read[4900:25_100], chirp[middle], "valid")
    assert np.argmax(correlation) == 100


def test_a_sample_that_is_not_a_number_is_named(tmp_path):
    samples = np.zeros((N_SAMPLES, 2), np.float32)
    samples[BLOCK_LENGTH + 5, 1] = np.nan
    sf.write(tmp_path / "a.wav", samples, 48_000, "FLOAT")
    about = f"sample {BLOCK_LENGTH + 5} is nan"
    with AudioReader(tmp_path / "a.wav") as reader, pytest.raises(AudioError, match=about):
        list(reader.blocks())


def cut(data):
    del data[len(data) // 2 :]


def make_a_hole(data):
    n_bytes = len(data) // 4
    data[2 * n_bytes : 3 * n_bytes] = bytes(n_bytes)


@pytest.mark.parametrize(
    ("name", "damage"),
    [("a.flac", cut), ("a.mp3", cut), ("a.ogg", make_a_hole), ("a.opus", make_a_hole)],
)
def test_damage_further_on_is_noticed(name, damage, tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 10 * N_SAMPLES)
    with AudioWriter(tmp_path / name, MONO, N_SAMPLES) as writer:
        writer.write(noise[np.newaxis].astype(np.float32))
    data = bytearray((tmp_path / name).read_bytes())
    damage(data)
    (tmp_path / name).write_bytes(data)
    with AudioReader(tmp_path / name) as reader, pytest.raises(AudioError, match="is damaged"):
        list(reader.blocks())


@contextmanager
def disk_of(n_bytes):
    """Files cannot grow beyond that, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3"])
@pytest.mark.parametrize("share", [0.5, 0.999], ids=["half-way", "at the end"])
def test_a_disk_that_fills_leaves_what_was_there(name, share, tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, N_SAMPLES)).astype(np.float32)
    form = MONO

    def write():
        with AudioWriter(tmp_path / name, form, N_SAMPLES) as writer:
            writer.write(noise)

    write()
    before = (tmp_path / name).read_bytes()
    with disk_of(int(share * len(before))), pytest.raises(AudioError, match="cannot be written"):
        write()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_failed_write_leaves_what_was_there(tmp_path):
    (tmp_path / "a.wav").write_text("precious")
    writer = AudioWriter(tmp_path / "a.wav", MONO, N_SAMPLES)
    with pytest.raises(ZeroDivisionError), writer:
        writer.write(1 / 0)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


@pytest.fixture
def _heeded_interrupt():
    """In a background shell, Ctrl-C is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeded_interrupt")
@pytest.mark.parametrize("n_writes", [1, 3])
def test_an_interrupt_inside_libsndfile_leaves_what_was_there(
    n_writes, tmp_path, monkeypatch, capfd
):
    """While the header is written, and later."""
    (tmp_path / "a.wav").write_text("precious")
    write, n_written = audio_file._Sink.write, []

    def interrupted_write(sink, data):
        n_written.append(len(data))
        if len(n_written) == n_writes:
            signal.raise_signal(signal.SIGINT)
        return write(sink, data)

    monkeypatch.setattr(audio_file._Sink, "write", interrupted_write)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, N_SAMPLES)).astype(np.float32)

    def write_noise():
        with AudioWriter(tmp_path / "a.wav", MONO, N_SAMPLES) as writer:
            writer.write(noise)

    with pytest.raises(KeyboardInterrupt):
        write_noise()
    gc.collect()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]
    assert capfd.readouterr().err == ""


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "a.wav"
    link.symlink_to(tmp_path / "there" / "b.wav")
    with AudioWriter(link, MONO, N_SAMPLES) as writer:
        writer.write(np.zeros((1, 480), np.float32))
    assert link.is_symlink()
    assert sf.info(tmp_path / "there" / "b.wav").frames == 480


@pytest.mark.parametrize(
    ("n_channels", "sample_rate", "name"),
    [(9, 48_000, "a.flac"), (1, 44_100, "a.opus"), (1, 384_000, "a.ogg"), (6, 48_000, "a.mp3")],
)
def test_what_a_format_cannot_hold_is_said(n_channels, sample_rate, name, tmp_path):
    source = AudioFormat(sample_rate, n_channels, "WAV", "PCM_16")
    with (
        pytest.raises(AudioError, match=r"write .*flac"),
        AudioWriter(tmp_path / name, source, N_SAMPLES),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sample_rate", [100, 2_000_000])
def test_impossible_rates_are_refused(sample_rate, tmp_path):
    sf.write(tmp_path / "a.wav", np.zeros(10), sample_rate)
    with pytest.raises(AudioError, match=f"rate of {sample_rate} Hz"):
        AudioReader(tmp_path / "a.wav")
