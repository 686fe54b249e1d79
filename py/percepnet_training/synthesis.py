"""Noisy mixtures, each a pure function of (seed, index), after Sec. 6 of the 2021 follow-up.

speech clips -> other voice, song -> string -> filter -> room (target: direct + early) ┐
recorded, synthesised noises, babble -> sum -> filter -> room ────────────────────┴-> SNR -> level
-> low-pass on both -> automatic gain on both -> clipping, rounding of the noisy one
"""

import zlib
from dataclasses import dataclass

import numpy as np
from scipy import fft

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet_training.filters import NYQUIST_HZ, random_filter, random_lowpass
from percepnet_training.noises import (
    faded,
    shaped_noise,
    slow_curve,
    switched,
    synthesise,
    unit_power,
)
from percepnet_training.rooms import ROOM_LENGTH, early_part
from percepnet_training.singing import sung
from percepnet_training.voices import SPEED_STEPS, draw_voice, played_at

MAX_CLIP_SECONDS = 10  # of one take, so that a sequence mixes several
SUNG_SHARE = 0.08  # of the mixtures
MAX_SUNG = 4 * SAMPLE_RATE  # of a take: a song takes up to four times as long
N_FADE = HOP_LENGTH // 2  # where takes are cut
TAIL_HOPS = 10  # a clip's bandwidth holds while its echo rings
NOISE_STEPS = (28, 37)  # of play-back speeds, in 1 / SPEED_STEPS


@dataclass(frozen=True)
class Mixture:
    """One training sequence.

    Attributes
    ----------
    noisy, clean : (n_samples,) float32, ±1
        What is heard, and the direct sound and early echoes of the speech in it.
    bandwidth_hz : (n_hops,) float32
        Above it the clean speech is unknown: bands there belong out of the loss.
    """

    noisy: np.ndarray
    clean: np.ndarray
    bandwidth_hz: np.ndarray


class Mixer:
    """Makes mixtures from one split of a corpus.

    Parameters
    ----------
    corpus : Corpus
    seconds : float
        Length of a mixture.
    seed : int
    """

    def __init__(self, corpus, seconds, seed):
        self._corpus = corpus
        self._n_hops = round(seconds * SAMPLE_RATE / HOP_LENGTH)
        self._n_samples = self._n_hops * HOP_LENGTH
        self._n_fft = fft.next_fast_len(self._n_samples + ROOM_LENGTH, real=True)
        self._n_bins = self._n_fft // 2 + 1
        self._seed = seed

    def mixture(self, index):
        """Mixture number ``index``: the same whenever and wherever it is made."""
        rng = np.random.default_rng((self._seed, index, zlib.crc32(b"mixture")))
        speech, bandwidth_hz = self._speech(rng)
        speech_spectrum = self._spectrum(speech) * random_filter(rng, self._n_bins)
        early_spectrum, wet_spectrum = self._speech_in_room(rng, speech_spectrum)
        lowpass, edge_hz = random_lowpass(rng, self._n_bins)
        clean = self._samples(early_spectrum * lowpass)
        noisy = (
            self._samples(wet_spectrum * lowpass)
            if wet_spectrum is not early_spectrum
            else clean.copy()
        )
        snr_db = draw_snr_db(rng)
        if snr_db is not None:
            noise_spectrum = self._spectrum(self._noise(rng)) * random_filter(rng, self._n_bins)
            noise = self._samples(self._noise_in_room(rng, noise_spectrum) * lowpass)
            noisy += noise * noise_gain(clean, noise, snr_db)
        if rng.random() < 0.15:
            gains = automatic_gain(rng, noisy)
            clean, noisy = clean * gains, noisy * gains
        level = level_gain(rng, clean, noisy)
        clean, noisy = clean * level, _degrade(rng, noisy * level)
        return Mixture(
            noisy.astype(np.float32), clean.astype(np.float32), np.minimum(bandwidth_hz, edge_hz)
        )

    def _speech(self, rng):
        """Clips of one speaker with pauses: samples (n,) and bandwidth per hop."""
        speaker = self._corpus.draw_speaker(rng)
        voice = draw_voice(rng, speaker.voice_hz)
        sings = rng.random() < SUNG_SHARE
        samples = np.zeros(self._n_samples, np.float32)
        bandwidth_hz = np.full(self._n_hops, NYQUIST_HZ, np.float32)
        position = _draw_start(rng)
        while position < self._n_samples:
            clip = speaker.clips[rng.integers(len(speaker.clips))]
            take = voice.spoken(self._take(rng, clip))
            if sings:
                take = sung(rng, take[:MAX_SUNG])
            take = faded(take * 10 ** (rng.normal(0, 2) / 20), N_FADE)[: self._n_samples - position]
            samples[position : position + len(take)] = take
            hops = slice(position // HOP_LENGTH, (position + len(take)) // HOP_LENGTH + TAIL_HOPS)
            bandwidth_hz[hops] = np.minimum(bandwidth_hz[hops], voice.known_hz(clip.bandwidth_hz))
            position += len(take) + _draw_pause(rng)
        return samples, bandwidth_hz

    def _take(self, rng, clip):
        n_longest = round(rng.uniform(0.4, 1) * MAX_CLIP_SECONDS * SAMPLE_RATE)
        start = rng.integers(max(1, clip.n_samples - n_longest))
        return self._corpus.read(clip, start, n_longest)

    def _noise(self, rng):
        """One to three noises, some coming and going, over a floor of hiss; (n,) float32."""
        total = np.zeros(self._n_samples, np.float32)
        for _ in range(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15))):
            noise = self._one_noise(rng)
            kind = rng.random()
            if kind < 0.25:
                noise = noise * 10 ** (slow_curve(rng, self._n_samples, 0.3, -20, 0) / 20)
            elif kind < 0.55:
                other = self._one_noise(rng) if rng.random() < 0.75 else np.zeros_like(noise)
                noise = switched(rng, noise, other)
            total += unit_power(noise) * np.float32(10 ** (rng.uniform(-12, 0) / 20))
        if rng.random() < 0.3:
            knots_hz = np.geomspace(100, NYQUIST_HZ, 5)
            floor = shaped_noise(rng, self._n_samples, rng.normal(0, 5, 5), knots_hz)
            total = unit_power(total) + floor * 10 ** (rng.uniform(-40, -10) / 20)
        return unit_power(total)

    def _one_noise(self, rng):
        """Recorded, synthesised, or people; (n,) float32 of unit power."""
        kind = rng.random()
        if kind < 0.5:
            return unit_power(self._recorded_noise(rng))
        if kind < 0.87:
            return synthesise(rng, self._n_samples)
        return unit_power(self._babble(rng))

    def _recorded_noise(self, rng):
        """Clips of one kind of noise, cross-faded, to the length of the mixture."""
        category = self._corpus.draw_category(rng)
        clip = category.draw_clip(rng)
        holds_clip = rng.random() < 0.5
        steps = SPEED_STEPS if rng.random() < 0.5 else rng.integers(*NOISE_STEPS)
        samples = np.zeros(self._n_samples, np.float32)
        position, n_fade = 0, SAMPLE_RATE // 20
        while position < self._n_samples:
            start = rng.integers(max(1, clip.n_samples - self._n_samples))
            take = played_at(self._corpus.read(clip, start, self._n_samples), steps)
            take = faded(take, n_fade)[: self._n_samples - position]
            samples[position : position + len(take)] += take
            # Long clips go on without a seam; short ones (a bark) come with pauses.
            gap = -n_fade if len(take) > 3 * SAMPLE_RATE else rng.exponential(0.3) * SAMPLE_RATE
            position += max(len(take) + int(gap), n_fade)
            if not holds_clip:
                clip = category.draw_clip(rng)
        return samples

    def _babble(self, rng):
        """Three to twenty people at once, mostly in one room, (n,) float32."""
        total = np.zeros(self._n_samples, np.float32)
        for _ in range(rng.integers(3, 9) if rng.random() < 0.6 else rng.integers(9, 21)):
            speaker = self._corpus.draw_speaker(rng)
            position = -int(rng.uniform(0, 2) * SAMPLE_RATE)
            voice = np.zeros(self._n_samples, np.float32)
            while position < self._n_samples:
                take = self._take(rng, speaker.clips[rng.integers(len(speaker.clips))])
                take = faded(take, N_FADE)
                skip = min(max(0, -position), len(take))
                part = take[skip:][: self._n_samples - position - skip]
                voice[position + skip : position + skip + len(part)] = part
                position += len(take) + int(rng.exponential(0.15) * SAMPLE_RATE) + 1
            total += unit_power(voice) * np.float32(10 ** (rng.uniform(-6, 0) / 20))
        if rng.random() < 0.6 and len(self._corpus.rooms):
            room = self._spectrum(self._corpus.draw_room(rng))
            total = self._samples(self._spectrum(total) * room).astype(np.float32)
        return total

    def _spectrum(self, samples):
        return fft.rfft(samples, self._n_fft)

    def _samples(self, spectrum):
        return fft.irfft(spectrum, self._n_fft)[: self._n_samples]

    def _speech_in_room(self, rng, spectrum):
        """Spectra of the target and of what arrives; one and the same object without a room."""
        if rng.random() < 0.45 or not len(self._corpus.rooms):
            return spectrum, spectrum
        target, heard = split_echoes(rng, self._corpus.draw_room(rng))
        return spectrum * self._spectrum(target), spectrum * self._spectrum(heard)

    def _noise_in_room(self, rng, spectrum):
        if rng.random() < 0.7 or not len(self._corpus.rooms):
            return spectrum
        return spectrum * self._spectrum(self._corpus.draw_room(rng))


def draw_snr_db(rng):
    """Signal-to-noise ratio in dB, -15...45 with most mass in -5...20; None: no noise."""
    kind = rng.random()
    if kind < 0.05:
        return None
    if kind < 0.77:
        return rng.uniform(-5, 20)
    return rng.uniform(-15, -5) if kind < 0.91 else rng.uniform(20, 45)


def split_echoes(rng, response):
    """Target response (direct sound, early echoes) and the whole one, late echoes re-weighted."""
    early = early_part(response)
    # Nearer or farther than the room's own direct-to-late ratio.
    late = (response - early) * np.float32(10 ** (rng.uniform(-12, 2) / 20))
    return early, early + late


def active_power(samples):
    """Mean power of the 10-ms hops within 30 dB of the loud ones."""
    power = np.mean(samples.reshape(-1, HOP_LENGTH) ** 2, axis=1, dtype=np.float64)
    loud = np.quantile(power, 0.98)
    return float(power[power >= 1e-3 * loud].mean())


def noise_gain(clean, noise, snr_db):
    """Factor on ``noise`` that puts active speech ``snr_db`` above it.

    Mixtures without speech get the noise at its own level.
    """
    speech_power, noise_power = active_power(clean), float(np.mean(noise**2, dtype=np.float64))
    if speech_power == 0 or noise_power == 0:
        return np.float32(1)
    return np.float32(np.sqrt(speech_power / noise_power * 10 ** (-snr_db / 10)))


def level_gain(rng, clean, noisy):
    """Factor that sets the speech level: -45...+10 dB about -21 dBFS, mostly -38...-14 dBFS."""
    level_dbfs = rng.normal(-26, 6) if rng.random() < 0.75 else rng.uniform(-66, -11)
    power = active_power(clean) or active_power(noisy)
    if not power:
        return np.float32(1)
    gain = np.sqrt(10 ** (level_dbfs / 10) / power)
    return np.float32(min(gain, 0.99 / np.abs(noisy).max()))


def automatic_gain(rng, noisy):
    """Slow gain of an input that evens out its level, (n,) float32, mean about 1.

    Pauses are lifted, loud words lowered, by up to 12 dB and a random share of the difference.
    """
    power = np.mean(noisy.reshape(-1, HOP_LENGTH) ** 2, axis=1, dtype=np.float64)
    n_smooth = rng.integers(20, 100)  # hops: 0.2...1 s
    smooth = np.convolve(np.pad(power, (n_smooth - 1, 0), "edge"), np.ones(n_smooth) / n_smooth)
    level_db = 10 * np.log10(smooth[n_smooth - 1 :][: len(power)] + 1e-12)
    gain_db = np.clip(rng.uniform(0.2, 0.7) * (np.median(level_db) - level_db), -12, 12)
    hops = np.arange(len(power)) * HOP_LENGTH
    gains = np.interp(np.arange(len(noisy)), hops, 10 ** (gain_db / 20))
    return (gains / gains.mean()).astype(np.float32)


def _degrade(rng, noisy):
    """Clip and round, as cheap inputs do."""
    if rng.random() < 0.1:
        limit = np.abs(noisy).max() * rng.uniform(0.3, 0.9)
        noisy = np.clip(noisy, -limit, limit)
    if rng.random() < 0.5:
        noisy = np.rint(noisy * 32768) / 32768
    return noisy


def _draw_start(rng):
    """Samples before the first word: a quarter of the mixtures start without speech."""
    return int(rng.exponential(3.0) * SAMPLE_RATE) if rng.random() < 0.25 else 0


def _draw_pause(rng):
    """Samples between two clips: mostly short, sometimes a listener's turn."""
    mean = 0.3 if rng.random() < 0.85 else 2.5
    return int((0.05 + rng.exponential(mean)) * SAMPLE_RATE)
