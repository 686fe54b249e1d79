"""Recordings to mix: decoded once into the run folder, then drawn from by weight."""

import csv
import os
import zlib
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import numpy as np
from tqdm import tqdm

from percepnet.constants import SAMPLE_RATE
from percepnet_training.errors import TrainingError
from percepnet_training.recordings import read_recordings, read_responses
from percepnet_training.rooms import ROOM_LENGTH, prepare_response, simulate_room

CLIPS_FILE = "clips.csv"
ROOMS_FILE = "rooms.npy"
LOW_VOICE_HZ = 165  # between most men's voices and most women's
FLUENT_SECONDS = 2.0  # mean clip length that counts as sentences
FULL_BAND_HZ = 14_000  # bandwidth of recordings that tell what a sharp s sounds like
MAX_VOICE_SECONDS = 4
MAX_CLIP_WEIGHT = 20 * SAMPLE_RATE  # a longer clip is drawn no more often


@dataclass(frozen=True)
class Clip:
    """One recording inside a decoded file.

    Attributes
    ----------
    kind, split : str
        ``"speech"`` or ``"noise"``; ``"train"`` or ``"dev"``.
    group : str
        Speaker, or category of noise.
    start, n_samples : int
        Where it lies, in 48-kHz samples.
    bandwidth_hz : float
        Highest frequency it carries.
    voice_hz : float
        Median fundamental of a voice, Hz; 0 for noise or where none was found.
    """

    kind: str
    split: str
    group: str
    start: int
    n_samples: int
    bandwidth_hz: float
    voice_hz: float


@dataclass(frozen=True)
class Group:
    """A speaker or a kind of noise: its clips, and how often it is drawn."""

    name: str
    clips: tuple[Clip, ...]
    weight: float

    @property
    def voice_hz(self):
        """Median fundamental of the clips, Hz; 0 where it is unknown."""
        known = [clip.voice_hz for clip in self.clips if clip.voice_hz]
        return float(np.median(known)) if known else 0.0

    @property
    def has_low_voice(self):
        """Whether the fundamental is known and below LOW_VOICE_HZ."""
        return 0 < self.voice_hz < LOW_VOICE_HZ

    def draw_clip(self, rng):
        """One clip: long ones more often, up to MAX_CLIP_WEIGHT."""
        lengths = np.array([min(clip.n_samples, MAX_CLIP_WEIGHT) for clip in self.clips], float)
        return self.clips[rng.choice(len(self.clips), p=lengths / lengths.sum())]


def prepare_corpus(sources, folder, n_simulated_rooms, seed):
    """Decode recordings to 48-kHz int16 and simulate rooms.

    Parameters
    ----------
    sources : list of Path
        Folders with manifests, or with ``speech``, ``noise`` and (optional) ``rir`` inside.
    folder : Path
        Where to write; left alone when it is complete already.
    n_simulated_rooms, seed : int

    Raises
    ------
    TrainingError
        A source without recordings or with a single group of them, or a recording that cannot be
        decoded.
    """
    if (folder / CLIPS_FILE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for kind in ("speech", "noise"):
        partial = folder / f"{kind}.partial"
        with open(partial, "wb") as file:
            position = 0
            for split, group, bandwidth_hz, samples in read_recordings(sources, kind):
                clips.append(_describe(kind, split, group, position, bandwidth_hz, samples))
                file.write(_to_int16(samples).tobytes())
                position += len(samples)
        if not position:
            listed = ", ".join(map(str, sources))
            raise TrainingError(
                f"no {kind} in {listed}: expected {kind}_manifest.csv or a folder {kind}"
            )
        splits = {clip.split for clip in clips if clip.kind == kind}
        if len(splits) < 2:
            groups = "speakers" if kind == "speech" else "kinds of noise"
            raise TrainingError(
                f"all {kind} in {', '.join(map(str, sources))} is for {splits.pop()}: "
                f"give at least two {groups}, in folders of their own; one is for validation"
            )
        os.replace(partial, _audio_file(folder, kind))
    rooms = [prepare_response(response) for response in read_responses(sources)]
    rng = np.random.default_rng((seed, zlib.crc32(b"rooms")))
    rooms += [simulate_room(rng) for _ in tqdm(range(n_simulated_rooms), "rooms")]
    np.save(folder / ROOMS_FILE, np.array(rooms, np.float32).reshape(-1, ROOM_LENGTH))
    _write_clips(folder, clips)  # last: it marks the corpus as complete


class Corpus:
    """One split of a prepared corpus.

    Parameters
    ----------
    folder : Path
        As prepare_corpus wrote it.
    split : str
        ``"train"`` or ``"dev"``.
    noise_weights : dict of str to float
        Weight of a category of noise; 1 for those not named.

    Attributes
    ----------
    low_voices, high_voices : list of Group
        Speakers below and above LOW_VOICE_HZ.
    noises : list of Group
    rooms : (n_rooms, ROOM_LENGTH) float32, memory-mapped
    """

    def __init__(self, folder, split, noise_weights):
        if not (folder / CLIPS_FILE).exists():
            raise TrainingError(f"no corpus in {folder}: run `percepnet-train data` first")
        clips = [clip for clip in _read_clips(folder) if clip.split == split]
        speech = [clip for clip in clips if clip.kind == "speech"]
        full_band = [clip for clip in speech if clip.bandwidth_hz >= FULL_BAND_HZ]
        self.low_voices, self.high_voices = _low_and_high(speech)
        self._full_band_voices = _low_and_high(full_band or speech)
        self.noises = _groups(
            [clip for clip in clips if clip.kind == "noise"],
            lambda group, clips: noise_weights.get(group, 1.0),
        )
        if not speech or not self.noises:
            raise TrainingError(f"{folder} has no {split} speech or noise: begin a new run")
        self.rooms = np.load(folder / ROOMS_FILE, mmap_mode="r")
        self._audio = {
            kind: np.memmap(_audio_file(folder, kind), np.int16, "r")
            for kind in ("speech", "noise")
        }

    def read(self, clip, start=0, n_samples=None):
        """Samples of a clip from ``start`` on, (n,) float32 ±1."""
        stop = clip.n_samples if n_samples is None else min(clip.n_samples, start + n_samples)
        part = self._audio[clip.kind][clip.start + start : clip.start + stop]
        return part.astype(np.float32) / 32768

    def draw_speaker(self, rng, is_full_band=False):
        """A speaker: low and high voices equally often where there are both.

        With what was recorded up to FULL_BAND_HZ alone, where there is any, if asked to.
        """
        pools = self._full_band_voices if is_full_band else (self.low_voices, self.high_voices)
        pools = [pool for pool in pools if pool]
        return draw(rng, pools[rng.integers(len(pools))])

    def draw_category(self, rng):
        """A kind of noise, by weight."""
        return draw(rng, self.noises)

    def draw_room(self, rng):
        """One room response, (ROOM_LENGTH,) float32."""
        return np.array(self.rooms[rng.integers(len(self.rooms))])


def draw(rng, groups):
    """One group, by weight."""
    weights = np.array([group.weight for group in groups])
    return groups[rng.choice(len(groups), p=weights / weights.sum())]


def estimate_bandwidth(samples):
    """Highest frequency, Hz, within 60 dB of the peak of the loud frames' spectrum."""
    n_fft = 1024
    frames = samples[: len(samples) // n_fft * n_fft].reshape(-1, n_fft)
    if not len(frames):
        return SAMPLE_RATE / 2
    power = np.abs(np.fft.rfft(frames * np.hanning(n_fft), axis=1)) ** 2
    loud = power[power.sum(1) >= np.quantile(power.sum(1), 0.9)].mean(0)
    return float(np.flatnonzero(loud >= 1e-6 * loud.max())[-1] * SAMPLE_RATE / n_fft)


def estimate_voice(samples):
    """Median fundamental of a voice, Hz, by autocorrelation; 0 where nothing is periodic."""
    step = 12  # 4 kHz is enough below 500 Hz
    rate = SAMPLE_RATE // step
    samples = samples[: MAX_VOICE_SECONDS * SAMPLE_RATE]
    slow = samples[: len(samples) // step * step].reshape(-1, step).mean(1)
    n_frame = rate // 20  # 50 ms: three periods of a deep voice
    frames = slow[: len(slow) // n_frame * n_frame].reshape(-1, n_frame)
    if not len(frames):
        return 0.0
    spectrum = np.fft.rfft(frames - frames.mean(1, keepdims=True), 2 * n_frame)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :n_frame]
    lags = np.arange(rate // 400, rate // 60)
    # Unbiased over the shrinking overlap.
    score = correlation[:, lags] / (correlation[:, :1] + 1e-9) * n_frame / (n_frame - lags)
    voiced = (score.max(1) > 0.6) & (correlation[:, 0] > 0.1 * correlation[:, 0].max())
    if not voiced.any():
        return 0.0
    score = score[voiced]
    # The first lag that is nearly as good as the best: later ones are its multiples.
    peak = (score[:, 1:-1] >= score[:, :-2]) & (score[:, 1:-1] >= score[:, 2:])
    first = (peak & (score[:, 1:-1] > 0.85 * score.max(1, keepdims=True))).argmax(1) + 1
    return float(rate / np.median(lags[first]))


def _speaker_weight(_, clips):
    # Much speech of one person adds little; sentences teach more than single words.
    seconds = sum(clip.n_samples for clip in clips) / SAMPLE_RATE
    fluency = np.clip(seconds / len(clips) / FLUENT_SECONDS, 0.4, 3.0)
    return float(np.sqrt(min(seconds, 300)) * fluency)


def _low_and_high(speech):
    speakers = _groups(speech, _speaker_weight)
    return (
        [speaker for speaker in speakers if speaker.has_low_voice],
        [speaker for speaker in speakers if not speaker.has_low_voice],
    )


def _groups(clips, weight):
    names = {}
    for clip in clips:
        names.setdefault(clip.group, []).append(clip)
    return [Group(name, tuple(members), weight(name, members)) for name, members in names.items()]


def _describe(kind, split, group, position, bandwidth_hz, samples):
    bandwidth_hz = estimate_bandwidth(samples) if bandwidth_hz is None else bandwidth_hz
    voice_hz = estimate_voice(samples) if kind == "speech" else 0.0
    return Clip(kind, split, group, position, len(samples), bandwidth_hz, voice_hz)


def _to_int16(samples):
    return np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _audio_file(folder, kind):
    return Path(folder) / f"{kind}.int16"


def _write_clips(folder, clips):
    partial = folder / "clips.partial"
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(asdict(clips[0]))
        writer.writerows(map(astuple, clips))
    os.replace(partial, folder / CLIPS_FILE)


def _read_clips(folder):
    types = {item.name: item.type for item in fields(Clip)}
    with open(folder / CLIPS_FILE, newline="", encoding="utf-8") as file:
        return [
            Clip(**{name: types[name](value) for name, value in row.items()})
            for row in csv.DictReader(file)
        ]
