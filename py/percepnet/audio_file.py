"""The only audio file I/O: block by block in, whole or not at all out.

Blocks are float32, shape (n_channels, n_samples), full scale ±1.
"""

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from percepnet.constants import MAX_PEAK
from percepnet.errors import AudioError

BLOCK_LENGTH = 1 << 16

# Outside of these nobody records speech, and a damaged header would cost gigabytes of filter.
MIN_SAMPLE_RATE = 4_000
MAX_SAMPLE_RATE = 384_000
MAX_CHANNELS = 255  # libsndfile's Ogg encoders crash beyond
MAX_VORBIS_RATE = 192_000  # likewise

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

INTEGER_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
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

    def written_to(self, path: Path) -> "AudioFormat":
        """The format of an output file: container by extension, subtype kept where it can be."""
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
        return AudioFormat(self.sample_rate, self.n_channels, container, subtype)

    def _subtype_in(self, container: str) -> str:
        if self.subtype in KEPT_SUBTYPES and sf.check_format(container, self.subtype):
            return self.subtype
        if self.subtype in FINER_THAN_16_BITS and sf.check_format(container, "PCM_24"):
            return "PCM_24"
        return sf.default_subtype(container)


class AudioReader:
    """One audio file, read block by block and checked on the way. A context manager.

    Attributes
    ----------
    format : AudioFormat
    n_samples : int
        Samples per channel, as the header says.
    n_read : int
        Samples per channel that `blocks` has yielded.

    Raises
    ------
    AudioError
        The file is missing, not audio, holds no sample, or an impossible rate or channel count;
        from `blocks` also when it is damaged further on or not ±1 audio.
    """

    def __init__(self, path: Path):
        self._path = path
        with os_errors_as_audio_errors(f"{path}: cannot be read"):
            if path.is_dir():
                raise AudioError(f"{path}: is a folder, not an audio file")
            path.open("rb").close()
            n_bytes = path.stat().st_size
        if n_bytes == 0:
            raise AudioError(f"{path}: is empty (0 bytes): record or copy it again")
        try:
            self._file = sf.SoundFile(path)
        except (sf.LibsndfileError, TypeError) as error:  # TypeError: .raw, which has no header
            raise AudioError(
                f"{path}: is not audio that can be read: convert it to WAV, FLAC, Ogg or Opus"
            ) from error
        self.format = AudioFormat(
            self._file.samplerate, self._file.channels, self._file.format, self._file.subtype
        )
        self.n_samples = self._file.frames
        self.n_read = 0
        try:
            self._check_header()
        except AudioError:
            self._file.close()
            raise

    def _check_header(self):
        if not MIN_SAMPLE_RATE <= self.format.sample_rate <= MAX_SAMPLE_RATE:
            raise AudioError(
                f"{self._path}: has a sample rate of {self.format.sample_rate} Hz: resample it to "
                f"{MIN_SAMPLE_RATE}...{MAX_SAMPLE_RATE} Hz"
            )
        if self.format.n_channels > MAX_CHANNELS:
            raise AudioError(
                f"{self._path}: has {self.format.n_channels} channels: split it into files of "
                f"at most {MAX_CHANNELS}"
            )
        if self.n_samples == 0:
            raise AudioError(f"{self._path}: holds no sample: there is nothing to process")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def blocks(self):
        """Yield the samples in order: float32 arrays (n_channels, up to `BLOCK_LENGTH`)."""
        while True:
            try:
                block = self._file.read(BLOCK_LENGTH, dtype="float32", always_2d=True).T
            except sf.LibsndfileError as error:
                raise AudioError(
                    f"{self._path}: is damaged after {self.n_read} samples ({error.error_string}): "
                    "copy or convert it again"
                ) from error
            if block.shape[1] == 0:
                break
            self._check_values(block)
            self.n_read += block.shape[1]
            yield block
        if self.n_read == 0:
            raise AudioError(f"{self._path}: holds no sample that can be decoded: copy it again")

    def _check_values(self, block):
        peaks = np.abs(block).max(axis=0)
        good = peaks <= MAX_PEAK  # not so for NaN
        if not good.all():
            first = int(np.argmin(good))
            raise AudioError(
                f"{self._path}: sample {self.n_read + first} is {peaks[first]:.6g}, expected ±1: "
                "repair or rescale the file"
            )


class AudioWriter:
    """A new audio file, there under its name only once it is whole. A context manager.

    The samples go to a temporary file in the same folder, moved over `path` when the ``with``
    block ends, removed when it ends by an exception.

    Parameters
    ----------
    path : Path
        An existing file is replaced; a symbolic link is followed.
    source : AudioFormat
        Rate and channels of the new file; its subtype too, where the extension of `path` allows.

    Raises
    ------
    AudioError
        The folder is missing or not writable, the format cannot hold this rate or number of
        channels, or the disk is full.
    """

    def __init__(self, path: Path, source: AudioFormat):
        self._failure = f"{path}: cannot be written"
        self._path = Path(os.path.realpath(path))
        with os_errors_as_audio_errors(self._failure):
            if self._path.is_dir():
                raise AudioError(f"{path}: is a folder: name a file in it")
            folder = self._path.parent
            if not folder.is_dir():
                raise AudioError(f"{path}: its folder does not exist: make {folder} first")
        self.format = source.written_to(path)
        self._temporary = self._path.with_name(f".percepnet-{secrets.token_hex(8)}.part")

    def __enter__(self):
        try:
            with os_errors_as_audio_errors(self._failure):
                self._temporary.open("xb").close()
            self._file = self._open()
        except BaseException:  # an interrupt, too, leaves no file
            self._temporary.unlink(missing_ok=True)
            raise
        return self

    def _open(self):
        form = self.format
        try:
            return sf.SoundFile(
                self._temporary,
                "w",
                samplerate=form.sample_rate,
                channels=form.n_channels,
                format=form.container,
                subtype=form.subtype,
            )
        except sf.LibsndfileError as error:
            raise AudioError(
                f"{self._failure}: {form.container} {form.subtype} cannot hold "
                f"{form.n_channels} channels at {form.sample_rate} Hz: write .wav or .flac"
            ) from error

    def write(self, block: np.ndarray) -> None:
        """Append float32 samples (n_channels, n); integer subtypes clip at full scale."""
        bits = INTEGER_BITS.get(self.format.subtype)
        try:
            self._file.write((block if bits is None else to_int32(block, bits)).T)
        except sf.LibsndfileError as error:
            raise AudioError(
                f"{self._failure} ({error.error_string}): is the disk full?"
            ) from error

    def __exit__(self, kind, *_):
        try:
            self._file.close()
            if kind is None:
                with os_errors_as_audio_errors(self._failure):
                    os.replace(self._temporary, self._path)
        finally:
            self._temporary.unlink(missing_ok=True)


@contextmanager
def os_errors_as_audio_errors(failure: str):
    """Let an OSError inside the ``with`` block say what it is that failed."""
    try:
        yield
    except OSError as error:
        raise AudioError(f"{failure}: {error.strerror}") from error


def to_int32(samples: np.ndarray, bits: int) -> np.ndarray:
    """Round ±1 samples to `bits` bits, in the upper bits of int32 as libsndfile wants them.

    libsndfile's own conversion rounds down, half a step of offset; this one returns the integers
    of an integer file unchanged.
    """
    full_scale = 2.0 ** (bits - 1)
    steps = np.rint(samples * np.float64(full_scale)).clip(-full_scale, full_scale - 1)
    return steps.astype(np.int32) << (32 - bits)
