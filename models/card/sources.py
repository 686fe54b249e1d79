"""What the sets of the card are made from: takes of speech, rooms, noises, laughter, singing."""

import hashlib
from dataclasses import replace

import numpy as np
import soundfile
from signals import draw_room

from percepnet.constants import SAMPLE_RATE
from percepnet_training.recordings import decode

SEED = 48
N_SAMPLES = 6 * SAMPLE_RATE
N_TAKE = 9 * SAMPLE_RATE  # played a quarter higher, it still fills N_SAMPLES
N_PAUSE = SAMPLE_RATE // 5  # between two clips, and around a recording
FULL_BAND_HZ = 15_000

N_SCORED, N_SURVIVING, N_SUNG = 12, 16, 15

VOICES = "usr/share/games/hedgewars/Data/Sounds/voices"
NO_PERSON = "Robot"
SINGER = "Singer"


class Sources:
    """What several sets have in common: takes of speech, rooms, kinds of noise.

    Parameters
    ----------
    corpus : Corpus
    hedgewars : Path
        The unpacked package.

    Attributes
    ----------
    speech, full_band : list of (N_TAKE,) float32
        From deep voices to high ones, one speaker each.
    rooms : list of (ROOM_LENGTH,) float32
    """

    def __init__(self, corpus, hedgewars):
        self._corpus, self._voices = corpus, hedgewars / VOICES
        rng = np.random.default_rng(SEED)
        known = [voice for voice in corpus.low_voices + corpus.high_voices if voice.voice_hz]
        speakers = sorted(filter(_fills_a_take, known), key=lambda speaker: speaker.voice_hz)
        wide = list(filter(_fills_a_take, map(_full_band_part, speakers)))
        self.speech, self.full_band = (
            [self._strung(rng, speaker.clips, N_PAUSE) for speaker in spread(group, n)]
            for group, n in ((speakers, N_SURVIVING), (wide, N_SCORED))
        )
        self.rooms = [draw_room(rng) for _ in range(N_SCORED)]
        self._noises = {noise.name: noise.clips for noise in corpus.noises}

    def noises(self, rng):
        """N_SCORED noises of different kinds, none of them music, (N_SAMPLES,) float32 each."""
        kinds = sorted(kind for kind in self._noises if "music" not in kind)
        return [self.noise(rng, kind) for kind in spread(kinds, N_SCORED)]

    def noise(self, rng, kind):
        """Noise of one kind, (N_SAMPLES,) float32."""
        return self._strung(rng, self._noises[kind])[:N_SAMPLES]

    def laughter(self):
        """Every person's laughter, once: two voices share one."""
        paths = sorted(self._voices.glob("*/Laugh.ogg"))
        people = [path for path in paths if path.parent.name != NO_PERSON]
        once = {hashlib.sha256(path.read_bytes()).digest(): path for path in people}
        return map(_read_padded, once.values())

    def singing(self):
        """The singer's longest recordings."""
        paths = sorted((self._voices / SINGER).glob("*.ogg"))
        paths.sort(key=lambda path: soundfile.info(path).duration, reverse=True)
        return map(_read_padded, paths[:N_SUNG])

    def _strung(self, rng, clips, n_pause=0):
        """Clips drawn at random one after another, (N_TAKE,) float32."""

        def draw(n_most):
            clip = clips[rng.integers(len(clips))]
            start = rng.integers(max(1, clip.n_samples - N_TAKE))
            return self._corpus.read(clip, start, n_most)

        return strung(draw, N_TAKE, n_pause)


def strung(draw, n_samples, n_pause=0):
    """What ``draw`` gives, asked for so many samples at most, in a row, (n_samples,) float32."""
    samples = np.zeros(n_samples, np.float32)
    position = 0
    while position < n_samples:
        part = draw(n_samples - position)
        samples[position : position + len(part)] = part
        position += len(part) + n_pause
    return samples


def spread(items, n):
    """``n`` of the items, from the first to the last, evenly."""
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, n)]


def _fills_a_take(speaker):
    return sum(clip.n_samples for clip in speaker.clips) >= N_TAKE


def _full_band_part(speaker):
    clips = tuple(clip for clip in speaker.clips if clip.bandwidth_hz >= FULL_BAND_HZ)
    return replace(speaker, clips=clips)


def _read_padded(path):
    """A recording at its own level, in silence, (n,) float32."""
    return np.pad(decode(path), N_PAUSE)
