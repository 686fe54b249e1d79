"""Write the sets that the model card's tables were measured on: OUT/SET/noisy and OUT/SET/clean.

All that is recorded comes from the `dev` split of a run's corpus, as `percepnet-train data` makes
it, but for laughter and singing: these come from Debian's package hedgewars-data, unpacked.
"""

import argparse
import zlib
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import fftconvolve
from signals import breath, mu_law, telephone_band, whispered
from sources import N_SAMPLES, N_SCORED, N_SURVIVING, SEED, Sources, spread

from percepnet.constants import SAMPLE_RATE
from percepnet_training.corpus import Corpus
from percepnet_training.noises import fan, unit_power
from percepnet_training.rooms import early_part
from percepnet_training.voices import SPEED_STEPS, played_at

N_GAINED, N_BREATHS = 8, 8
SNR_DB = 5
GAIN_SNRS_DB = (0, 5)
QUARTER = round(2 ** (5 / 12) * SPEED_STEPS)  # five semitones
N_CROWD = 6

SPEECH_DBFS = -26  # ITU-T P.56's usual level
BREATH_DBFS = -46  # 20 dB softer than speech
MAX_PEAK = 0.99


def with_noise(voice, noise, snr_db):
    """The sum of both, ``snr_db`` between their energies, (n,) float32."""
    level = np.sqrt(np.mean(voice**2, dtype=float)) * 10 ** (-snr_db / 20)
    return voice + np.float32(level) * unit_power(noise)


def levelled(noisy, clean, level_dbfs=SPEECH_DBFS):
    """Both at the level that ``clean`` is to have, or as high as ``noisy`` can go."""
    gain = 10 ** (level_dbfs / 20) / np.sqrt(np.mean(clean**2, dtype=float))
    gain = np.float32(min(gain, MAX_PEAK / np.abs(noisy).max()))
    return gain * noisy, gain * clean


def all_sets(sources):
    """Every set: its name, and a function of a random generator that yields its pairs."""
    takes = [take[:N_SAMPLES] for take in sources.speech]
    voices, few = spread(takes, N_SCORED), spread(range(N_SURVIVING), N_GAINED)

    def noisy_voices(rng, voices=voices):
        for voice, noise in zip(voices, sources.noises(rng), strict=True):
            yield levelled(with_noise(voice, noise, SNR_DB), voice)

    def higher(rng):
        takes = spread(sources.speech, N_SCORED)
        return noisy_voices(rng, [played_at(take, QUARTER)[:N_SAMPLES] for take in takes])

    def telephone(rng):
        for voice, noise in zip(voices, sources.noises(rng), strict=True):
            voice, noise = telephone_band(voice), telephone_band(noise)
            noisy, clean = levelled(with_noise(voice, noise, SNR_DB), voice)
            yield mu_law(noisy), clean

    def room(_):
        for voice, response in zip(voices, sources.rooms, strict=True):
            heard, early = (
                fftconvolve(voice, part)[:N_SAMPLES] for part in (response, early_part(response))
            )
            yield levelled(heard, early)

    def noisy_room(rng):
        for (heard, early), noise in zip(room(rng), sources.noises(rng), strict=True):
            yield levelled(with_noise(heard, noise, SNR_DB), early)

    def music(rng):
        for voice in voices:
            yield levelled(with_noise(voice, sources.noise(rng, "music"), SNR_DB), voice)

    def talker(_):
        for n, voice in enumerate(voices):
            yield levelled(with_noise(voice, voices[n - N_SCORED // 2], 0), voice)

    def full_band(_):
        for take in sources.full_band:
            yield levelled(take[:N_SAMPLES], take[:N_SAMPLES])

    def against(noise, snr_db):
        def pairs(rng):
            for n in few:
                yield levelled(with_noise(takes[n], noise(rng, n), snr_db), takes[n])

        return pairs

    def crowd(_, n):
        others = (takes[(n + 1 + 2 * k) % N_SURVIVING] for k in range(N_CROWD))
        return sum(map(unit_power, others))

    def whisper(rng):
        for take in takes:
            whisper = whispered(rng, take)
            yield levelled(whisper, whisper)

    def breaths(rng):
        for _ in range(N_BREATHS):
            samples = breath(rng, N_SAMPLES)
            yield levelled(samples, samples, BREATH_DBFS)

    against_one = {
        "fan": lambda rng, _: fan(rng, N_SAMPLES),
        "rain": lambda rng, _: sources.noise(rng, "rain"),
        "crowd": crowd,
    }
    return {
        "voices": noisy_voices,
        "higher": higher,
        "telephone": telephone,
        "room": room,
        "noisy-room": noisy_room,
        "music": music,
        "talker": talker,
        "full-band": full_band,
        **{
            f"{name}-{snr_db}-db": against(noise, snr_db)
            for name, noise in against_one.items()
            for snr_db in GAIN_SNRS_DB
        },
        "laughter": lambda _: ((samples, samples) for samples in sources.laughter()),
        "singing": lambda _: ((samples, samples) for samples in sources.singing()),
        "whisper": whisper,
        "breath": breaths,
        "speech": lambda _: (levelled(take, take) for take in takes),
    }


def write_pair(folder, name, noisy, clean):
    """Write both under one name, in folder/noisy and folder/clean."""
    for part, samples in (("noisy", noisy), ("clean", clean)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / part / f"{name}.wav", samples, SAMPLE_RATE, subtype="FLOAT")


def main():
    """Write every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument("hedgewars", type=Path, metavar="HEDGEWARS", help="the package, unpacked")
    parser.add_argument("out", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    sources = Sources(Corpus(arguments.run / "corpus", "dev", {}), arguments.hedgewars)
    for name, pairs in all_sets(sources).items():
        rng = np.random.default_rng((SEED, zlib.crc32(name.encode())))
        for n, pair in enumerate(pairs(rng)):
            write_pair(arguments.out / name, f"{n:02d}", *pair)


if __name__ == "__main__":
    main()
