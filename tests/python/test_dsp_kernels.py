"""The compiled stages do what numpy does, for any sound."""

import numpy as np
import pytest

import build_kernels
from percepnet.constants import (
    HOP_LENGTH,
    MAX_PERIOD,
    MIN_PERIOD,
    N_BANDS,
    N_BINS,
    N_FILTER_BANDS,
    N_FILTER_FRAMES,
)
from percepnet.dsp import kernels
from percepnet.dsp.channel import Channel
from percepnet.dsp.gains import shape_spectrum
from percepnet.dsp.kernels import library, make_channel, make_tracker
from percepnet.dsp.kernels.channel import CompiledChannel
from percepnet.dsp.kernels.tracker import CompiledTracker
from percepnet.dsp.pitch import HISTORY_BEFORE, PitchTracker
from percepnet.errors import KernelError

TIME = np.arange(100 * HOP_LENGTH) / 48_000
SIGNALS = {
    "silence": 0 * TIME,
    "constant": 1 + 0 * TIME,
    "square": np.sign(np.sin(2 * np.pi * 100 * TIME)),
    "clicks": (np.arange(len(TIME)) % 1999 == 7).astype(float),
    "faint": 1e-7 * np.sin(2 * np.pi * 220 * TIME),
    "loud": 100 * np.sin(2 * np.pi * 80 * TIME),
}


@pytest.fixture
def dsp_folder(tmp_path, monkeypatch):
    """An empty folder where the library is looked for, below `tmp_path` as in the package."""
    folder = tmp_path / build_kernels.DSP
    folder.mkdir(parents=True)
    monkeypatch.setattr(library, "_FOLDER", folder)
    forget()
    yield folder
    forget()


@pytest.fixture
def compile_changed(dsp_folder, tmp_path, monkeypatch):
    """A function that compiles the C files with one place changed."""

    def compile_changed(file, right, wrong):
        for source in (build_kernels.HERE / build_kernels.DSP).glob("*.[ch]"):
            code = source.read_text()
            if source.name == file:
                assert code.count(right) == 1
                code = code.replace(right, wrong)
            (dsp_folder / source.name).write_text(code)
        (tmp_path / build_kernels.INT8).mkdir(parents=True)
        monkeypatch.setattr(build_kernels, "HERE", tmp_path)
        build_kernels.compile_kernels(tmp_path)
        assert (dsp_folder / "dsp-portable.so").exists()

    return compile_changed


def forget():
    library.load_library.cache_clear()
    kernels._works.cache_clear()


def tracks(tracker, signal):
    history = np.concatenate([np.zeros(HISTORY_BEFORE), signal])
    ends = range(HISTORY_BEFORE + HOP_LENGTH, len(history) + 1, HOP_LENGTH)
    return np.array([tracker.process(history[end - HISTORY_BEFORE : end]) for end in ends]).T


@pytest.mark.parametrize("name", ["voice", "noise", *SIGNALS])
def test_tracks_are_those_of_numpy(name, noisy, rng):
    signals = {"voice": noisy, "noise": rng.standard_normal(len(TIME))} | SIGNALS
    tracker = make_tracker(compiled=True)
    assert isinstance(tracker, CompiledTracker)
    periods, correlations = tracks(tracker, signals[name])
    expected_periods, expected_correlations = tracks(PitchTracker(), signals[name])
    np.testing.assert_allclose(periods, expected_periods, rtol=1e-9)
    np.testing.assert_allclose(correlations, expected_correlations, atol=1e-12)


def test_a_reset_tracker_forgets(noisy):
    tracker = make_tracker(compiled=True)
    first = tracks(tracker, noisy)
    tracker.reset()
    np.testing.assert_array_equal(tracks(tracker, noisy), first)


def compiled_channel():
    channel = make_channel(compiled=True)
    assert isinstance(channel, CompiledChannel)
    return channel


def shape(spectra, periodic, *answers):
    """As `shape_spectrum`."""
    channel = compiled_channel()
    channel.spectra[:], channel.pitch_spectrum[:] = spectra, periodic
    channel.enhance(*answers)
    return channel.shaped


def random_spectra(rng, *shape):
    parts = rng.standard_normal((2, *shape))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def random_answers(rng):
    strengths, gains = rng.uniform(0, 1, (2, N_BANDS)).astype(np.float32)
    return strengths, random_spectra(rng, N_FILTER_BANDS, N_FILTER_FRAMES), gains


@pytest.mark.parametrize("level", [0, 1e-30, 1e-6, 1e-3, 1, 1e3])
def test_shapes_are_those_of_numpy(level, rng):
    for steepness in range(1, 20):
        *spectra, periodic = np.float32(level) * random_spectra(rng, N_FILTER_FRAMES + 1, N_BINS)
        *filters, gains = random_answers(rng)
        arguments = spectra, periodic, *filters, gains**steepness
        expected = shape_spectrum(*arguments)
        # Frames may cancel each other but for their rounding
        atol = 1e-6 * np.abs(expected).max()
        np.testing.assert_allclose(shape(*arguments), expected, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_extreme_gains_and_strengths_give_what_numpy_gives(extreme, rng):
    *spectra, periodic = random_spectra(rng, N_FILTER_FRAMES + 1, N_BINS)
    bands = np.full(N_BANDS, extreme, np.float32)
    weights = np.full((N_FILTER_BANDS, N_FILTER_FRAMES), extreme * (1 - 1j), np.complex64)
    arguments = spectra, periodic, bands, weights, bands
    np.testing.assert_allclose(shape(*arguments), shape_spectrum(*arguments), rtol=1e-5)


@pytest.mark.parametrize("name", ["voice", "noise", *SIGNALS])
def test_channels_are_those_of_numpy(name, noisy, rng):
    signals = {"voice": noisy, "noise": rng.standard_normal(len(TIME))} | SIGNALS
    compiled, expected = compiled_channel(), Channel()
    for hop in signals[name].astype(np.float32).reshape(-1, HOP_LENGTH):
        period, correlation = rng.uniform(MIN_PERIOD, MAX_PERIOD), rng.uniform(-1, 1)
        answers = random_answers(rng)
        for channel in (compiled, expected):
            channel.push(hop)
            channel.analyse(period)
        full = max(np.abs(hop).max(), np.abs(expected.history).max())
        np.testing.assert_allclose(compiled.history, expected.history, atol=1e-12 * full)
        for part in ("spectra", "pitch_spectrum"):
            spectra = getattr(compiled, part), np.array(getattr(expected, part))
            np.testing.assert_allclose(*spectra, rtol=1e-6, atol=1e-12 * full)
        for part in ("energies", "pitch_energy"):
            energies = getattr(compiled, part), np.array(getattr(expected, part))
            np.testing.assert_allclose(*energies, rtol=1e-5)
        features = (channel.features(period, correlation) for channel in (compiled, expected))
        np.testing.assert_allclose(*features, atol=1e-5)
        filtered = [channel.filter_gains(answers[-1]).copy() for channel in (compiled, expected)]
        np.testing.assert_allclose(*filtered, rtol=1e-5)
        enhanced = (channel.enhance(*answers) for channel in (compiled, expected))
        np.testing.assert_allclose(*enhanced, atol=2e-6 * full)


@pytest.mark.parametrize("extreme", [0.0, 1.0])
@pytest.mark.parametrize("level", [0, 1e-30, 1, 1e9])
def test_extreme_gains_are_filtered_as_by_numpy(extreme, level, rng):
    filters = compiled_channel(), Channel()
    for gains in ([1 - extreme] * N_BANDS, [extreme] * N_BANDS, rng.uniform(0, 1, N_BANDS)):
        energies = level * rng.uniform(0, 1, (2, N_BANDS)).astype(np.float32)
        for each in filters:
            each.energies[0], each.energies[1] = energies
        filtered = (each.filter_gains(np.array(gains, np.float32)) for each in filters)
        np.testing.assert_allclose(*filtered, rtol=1e-5)


def test_silence_after_sound_becomes_exactly_that():
    channel = compiled_channel()
    for hop in [np.ones(HOP_LENGTH, np.float32), *np.zeros((400, HOP_LENGTH), np.float32)]:
        channel.push(hop)
    assert not channel.history[-HOP_LENGTH:].any()


@pytest.mark.parametrize("period", [MIN_PERIOD, 192, 320, 480, 104.5, MAX_PERIOD])
def test_taps_lie_where_numpy_has_them(period, rng):
    """Where one more tap fits, and where a tap lies half way between samples."""
    compiled, expected = compiled_channel(), Channel()
    for hop in rng.standard_normal((14, HOP_LENGTH)).astype(np.float32):
        for channel in (compiled, expected):
            channel.push(hop)
            channel.analyse(period)
    np.testing.assert_allclose(compiled.pitch_spectrum, expected.pitch_spectrum, rtol=1e-6)


def test_numpy_serves_where_nothing_is_compiled_or_wanted(dsp_folder):
    assert isinstance(make_tracker(compiled=True), PitchTracker)
    assert isinstance(make_channel(compiled=True), Channel)
    (dsp_folder / "dsp-portable.so").write_bytes(b"\x7fELF, as it were")
    forget()
    assert isinstance(make_tracker(compiled=True), PitchTracker)
    assert isinstance(make_tracker(compiled=False), PitchTracker)
    assert isinstance(make_channel(compiled=False), Channel)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("pitch.c", "#define MAX_STEP 8", "#define MAX_STEP 7"),
        ("pitch.c", "0.5 * (before - after)", "0.4 * (before - after)"),
        ("gains.h", "#define OVERSHOOT 1.4f", "#define OVERSHOOT 1.3f"),
        ("gains.h", "#define GAIN_FLOOR 1e-8f", "#define GAIN_FLOOR 1e-4f"),
        ("gains.h", "#define MAX_DECAY 0.6f", "#define MAX_DECAY 0.5f"),
        ("gains.h", "#define POSTFILTER_BETA 0.02", "#define POSTFILTER_BETA 0.03"),
        ("fft.h", "sin72 = 0.95105651629515357212", "sin72 = 0.9511"),
        ("channel.c", "#define HIGHPASS_RADIUS 0.9998", "#define HIGHPASS_RADIUS 0.9997"),
        ("channel.c", "#define LEVEL_CENTRE 3.0f", "#define LEVEL_CENTRE 3.01f"),
        ("channel.c", "channel->levels[n][b]", "channel->levels[0][b]"),
    ],
)
def test_stages_that_compute_something_else_are_passed_over(compile_changed, file, right, wrong):
    compile_changed(file, right, wrong)
    assert isinstance(make_tracker(compiled=True), PitchTracker)
    assert isinstance(make_channel(compiled=True), Channel)


def test_stages_compiled_from_older_files_are_named(compile_changed):
    compile_changed("channel.c", "percepnet_channel_push", "percepnet_channel_take")
    with pytest.raises(KernelError, match=r"dsp-portable.so is older .*build_kernels.py"):
        make_channel(compiled=True)
