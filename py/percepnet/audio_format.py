"""What kinds of audio files there are, and which of them a result becomes."""

from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from percepnet.errors import AudioError

MAX_VORBIS_RATE = 192_000  # libsndfile's encoder crashes beyond

CONTAINERS = {
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".au": "AU",
    ".caf": "CAF",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".oga": "OGG",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".rf64": "RF64",
    ".w64": "W64",
    ".wav": "WAV",
}
WAV_VARIANTS = {"WAV", "WAVEX", "RF64"}  # all of them go by the name .wav

MAX_WAV_BYTES = 2**32 - 2**16  # of samples: 32 bits count them with the header

INTEGER_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
BYTES = {**{name: bits // 8 for name, bits in INTEGER_BITS.items()}, "FLOAT": 4, "DOUBLE": 8}
# The ADPCM family is left out: it pads the last block, so that the length would change.
KEPT_SUBTYPES = {
    *INTEGER_BITS, "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32",
    "VORBIS", "OPUS", "MPEG_LAYER_III",
}  # fmt: skip
FINER_THAN_16_BITS = {"PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAC_20", "ALAC_24", "ALAC_32"}


@dataclass(frozen=True)
class AudioFormat:
    """What a file holds besides its samples; container and subtype in libsndfile's words."""

    sample_rate: int
    n_channels: int
    container: str
    subtype: str

    def written_to(self, path: Path, n_samples: int) -> "AudioFormat":
        """The format of a file of `n_samples`: container by extension, subtype if it can be kept.

        What would be too long for WAV becomes RF64, which goes by the same name.
        """
        suffix = path.suffix.lower()
        if suffix not in CONTAINERS:
            raise AudioError(
                f"{path}: cannot write {f'{suffix} files' if suffix else 'without an extension'}: "
                f"end the name in one of {' '.join(CONTAINERS)}"
            )
        container = CONTAINERS[suffix]
        if container == "WAV" and self.container in WAV_VARIANTS:
            container = self.container
        subtype = "OPUS" if suffix == ".opus" else self._subtype_in(container)
        if subtype == "VORBIS" and self.sample_rate > MAX_VORBIS_RATE:
            raise AudioError(
                f"{path}: Vorbis goes up to {MAX_VORBIS_RATE} Hz, not {self.sample_rate} Hz: "
                "write .flac or .wav"
            )
        n_bytes = n_samples * self.n_channels * BYTES.get(subtype, 1)
        if container in ("WAV", "WAVEX") and n_bytes > MAX_WAV_BYTES:
            container = "RF64"
        return AudioFormat(self.sample_rate, self.n_channels, container, subtype)

    def _subtype_in(self, container: str) -> str:
        if self.subtype in KEPT_SUBTYPES and _holds(container, self.subtype):
            return self.subtype
        if self.subtype in FINER_THAN_16_BITS and _holds(container, "PCM_24"):
            return "PCM_24"
        return sf.default_subtype(container)


def _holds(container, subtype):
    # libsndfile says that it writes MP3 into WAV files, and then does not.
    is_mp3 = subtype == "MPEG_LAYER_III"
    return sf.check_format(container, subtype) and (not is_mp3 or container == "MP3")
