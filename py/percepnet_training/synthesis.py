"""Noisy mixtures, each a pure function of (seed, index), after Sec. 6 of the 2021 follow-up.

speech clips -> other voice, song -> string, breaths -> filter -> room (early: the target) ┐
noises in guises, synthesised, babble -> sum -> filter -> room ────────────────────────────┴-> SNR
-> level -> low-pass on both -> automatic gain on both -> clipping, rounding of the noisy one
"""

import zlib
from dataclasses import dataclass

import numpy as np
from scipy import fft

from percepnet.constants import HOP_LENGTH, SAMPLE_RATE
from percepnet_training.breathing import breathed
from percepnet_training.filters import NYQUIST_HZ, random_filter, random_lowpass
from percepnet_training.guises import LENT_SHARES, draw_guise, shaped_by
from percepnet_training.levels import (
    active_power,
    automatic_gain,
    degraded,
    draw_snr_db,
    level_gain,
    noise_gain,
)
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
from percepnet_training.voices import UNCHANGED, draw_voice

MAX_CLIP_SECONDS = 10  # of one take, so that a sequence mixes several
SUNG_SHARE = 0.08  # of the mixtures
MAX_SUNG = 4 * SAMPLE_RATE  # of a take: a song takes up to four times as long
BREATHING_SHARE = 0.2  # of the mixtures
BREATH_DB = (-35.0, -10.0)  # beside the speech
N_FADE = HOP_LENGTH // 2  # where takes are cut
TAIL_HOPS = 10  # a clip's bandwidth holds while its echo rings
SHAPED_SHARE = 0.25  # of the recorded noises, by another one


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
    data : percepnet_training.recipe.Data
    seed : int
    """

    def __init__(self, corpus, data, seed):
        self._corpus = corpus
        self._noiseless_share = data.noiseless_share
        self._loud_noise_share = data.loud_noise_share
        self._n_hops = round(data.sequence_seconds * SAMPLE_RATE / HOP_LENGTH)
        self._n_samples = self._n_hops * HOP_LENGTH
        self._n_fft = fft.next_fast_len(self._n_samples + ROOM_LENGTH, real=True)
        self._n_bins = self._n_fft // 2 + 1
        self._seed = seed

    def mixture(self, index):
        """Mixture number ``index``: the same whenever and wherever it is made."""
        rng = np.random.default_rng((self._seed, index, zlib.crc32(b"mixture")))
        is_noiseless = rng.random() < self._noiseless_share
        speech, bandwidth_hz = self._speech(rng, is_noiseless)
        speech_spectrum = self._spectrum(speech) * random_filter(rng, self._n_bins)
        early_spectrum, wet_spectrum = self._speech_in_room(rng, speech_spectrum)
        lowpass, edge_hz = random_lowpass(rng, self._n_bins)
        clean = self._samples(early_spectrum * lowpass)
        noisy = (
            self._samples(wet_spectrum * lowpass)
            if wet_spectrum is not early_spectrum
            else clean.copy()
        )
        if not is_noiseless:
            snr_db = draw_snr_db(rng, self._loud_noise_share)
            noise_spectrum = self._spectrum(self._noise(rng)) * random_filter(rng, self._n_bins)
            noise = self._samples(self._noise_in_room(rng, noise_spectrum) * lowpass)
            noisy += noise * noise_gain(clean, noise, snr_db)
        if rng.random() < 0.15:
            gains = automatic_gain(rng, noisy)
            clean, noisy = clean * gains, noisy * gains
        level = level_gain(rng, clean, noisy)
        clean, noisy = clean * level, degraded(rng, noisy * level)
        return Mixture(
            noisy.astype(np.float32), clean.astype(np.float32), np.minimum(bandwidth_hz, edge_hz)
        )

    def _speech(self, rng, is_full_band):
        """Clips of one speaker with pauses: samples (n,) and bandwidth per hop."""
        speaker = self._corpus.draw_speaker(rng, is_full_band)
        voice = draw_voice(rng, speaker.voice_hz)
        sings, breathes = rng.random(2) < (SUNG_SHARE, BREATHING_SHARE)
        samples = np.zeros(self._n_samples, np.float32)
        bandwidth_hz = np.full(self._n_hops, NYQUIST_HZ, np.float32)
        position = _draw_start(rng)
        pauses = [(0, min(position, self._n_samples))]
        while position < self._n_samples:
            clip = speaker.clips[rng.integers(len(speaker.clips))]
            take = voice.spoken(self._take(rng, clip))
            if sings:
                take = sung(rng, take[:MAX_SUNG])
            take = faded(take * 10 ** (rng.normal(0, 2) / 20), N_FADE)[: self._n_samples - position]
            samples[position : position + len(take)] = take
            hops = slice(position // HOP_LENGTH, (position + len(take)) // HOP_LENGTH + TAIL_HOPS)
            bandwidth_hz[hops] = np.minimum(bandwidth_hz[hops], voice.known_hz(clip.bandwidth_hz))
            start = position + len(take)
            position = start + _draw_pause(rng)
            pauses.append((start, min(position, self._n_samples)))
        if breathes:
            level = active_power(samples) ** 0.5 * 10 ** (rng.uniform(*BREATH_DB) / 20)
            for start, stop in pauses:
                samples[start:stop] += np.float32(level) * breathed(rng, stop - start)
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
            noise = self._recorded_noise(rng)
            if rng.random() < SHAPED_SHARE:
                return shaped_by(noise, self._recorded_noise(rng), rng.uniform(*LENT_SHARES))
            return unit_power(noise)
        if kind < 0.87:
            return synthesise(rng, self._n_samples)
        return unit_power(self._babble(rng))

    def _recorded_noise(self, rng):
        """Clips of one kind of noise in one guise, cross-faded, to the length of the mixture."""
        category = self._corpus.draw_category(rng)
        clip = category.draw_clip(rng)
        holds_clip = rng.random() < 0.5
        guise = draw_guise(rng)
        samples = np.zeros(self._n_samples, np.float32)
        position, n_fade = 0, SAMPLE_RATE // 20
        while position < self._n_samples:
            start = rng.integers(max(1, clip.n_samples - self._n_samples))
            take = guise.heard(self._corpus.read(clip, start, self._n_samples))
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
        is_few = rng.random() < 0.6
        for _ in range(rng.integers(3, 9) if is_few else rng.integers(9, 21)):
            speaker = self._corpus.draw_speaker(rng)
            # Changed like the targets where one is heard: else that they are not would tell them.
            person = draw_voice(rng, speaker.voice_hz) if is_few else UNCHANGED
            position = -int(rng.uniform(0, 2) * SAMPLE_RATE)
            voice = np.zeros(self._n_samples, np.float32)
            while position < self._n_samples:
                take = self._take(rng, speaker.clips[rng.integers(len(speaker.clips))])
                take = faded(person.spoken(take), N_FADE)
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


def split_echoes(rng, response):
    """Target response (direct sound, early echoes) and the whole one, late echoes re-weighted."""
    early = early_part(response)
    # Nearer or farther than the room's own direct-to-late ratio.
    late = (response - early) * np.float32(10 ** (rng.uniform(-12, 2) / 20))
    return early, early + late


def _draw_start(rng):
    """Samples before the first word: a quarter of the mixtures start without speech."""
    return int(rng.exponential(3.0) * SAMPLE_RATE) if rng.random() < 0.25 else 0


def _draw_pause(rng):
    """Samples between two clips: mostly short, sometimes a listener's turn."""
    mean = 0.3 if rng.random() < 0.85 else 2.5
    return int((0.05 + rng.exponential(mean)) * SAMPLE_RATE)
