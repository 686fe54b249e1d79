"""The only audio file I/O: block by block in, whole or not at all out.

Blocks are float32, shape (n_channels, n_samples), full scale ±1.
"""

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile as sf

from percepnet.audio_format import INTEGER_BITS, AudioFormat
from percepnet.constants import MAX_PEAK
from percepnet.errors import AudioError
from percepnet.interrupts import interrupts_held_back

BLOCK_LENGTH = 1 << 16

# Outside of these nobody records speech, and a damaged header would cost gigabytes of filter.
MIN_SAMPLE_RATE = 4_000
MAX_SAMPLE_RATE = 384_000
MAX_CHANNELS = 255  # libsndfile's Ogg encoders crash beyond

# In these a hole is passed over without an error: what is missing of the length tells of it. An
# MP3 without a header of its own is estimated; elsewhere a block of the codec may be cut off.
LENGTH_TOLERANCES = {"OGG": 0.0, "MP3": 0.02}
CODEC_BLOCK = 8192  # samples: the longest, Vorbis's

CLIPPED_SUBTYPES = {"ULAW", "ALAW"}  # libsndfile looks up what is beyond full scale all the same


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
        tolerance = LENGTH_TOLERANCES.get(self.format.container)
        if tolerance is not None and self.n_read < (1 - tolerance) * self.n_samples - CODEC_BLOCK:
            raise AudioError(
                f"{self._path}: is damaged: {self.n_read} of its {self.n_samples} samples could be "
                "decoded: copy or convert it again"
            )

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
    n_samples : int
        How many there will be, of each channel.

    Raises
    ------
    AudioError
        The folder is missing or not writable, the format cannot hold this rate or number of
        channels, or the disk is full.
    """

    def __init__(self, path: Path, source: AudioFormat, n_samples: int):
        self._failure = f"{path}: cannot be written"
        self._path = Path(os.path.realpath(path))
        with os_errors_as_audio_errors(self._failure):
            if self._path.is_dir():
                raise AudioError(f"{path}: is a folder: name a file in it")
            folder = self._path.parent
            if not folder.is_dir():
                raise AudioError(f"{path}: its folder does not exist: make {folder} first")
        self.format = source.written_to(path, n_samples)
        self._temporary = self._path.with_name(f".percepnet-{secrets.token_hex(8)}.part")

    def __enter__(self):
        self._sink = self._file = None
        try:
            with os_errors_as_audio_errors(self._failure):
                self._sink = _Sink(self._temporary)
            with interrupts_held_back():
                self._file = self._open()
        except BaseException:  # an interrupt, too, leaves no file
            self._discard()
            raise
        return self

    def _open(self):
        form = self.format
        try:
            return sf.SoundFile(
                self._sink,
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
        subtype = self.format.subtype
        if subtype in INTEGER_BITS:
            block = to_int32(block, INTEGER_BITS[subtype])
        elif subtype in CLIPPED_SUBTYPES:
            block = block.clip(-1, 1)
        self._libsndfile(self._file.write, block.T)

    def __exit__(self, kind, *_):
        try:
            if kind:
                return
            self._libsndfile(self._file.close)
            with os_errors_as_audio_errors(self._failure):
                self._sink.close()
                os.replace(self._temporary, self._path)
        finally:
            self._discard()

    def _libsndfile(self, function, *arguments):
        """Call it; raise also what it does not tell: its encoders lose errors when they close."""
        try:
            with interrupts_held_back():
                function(*arguments)
        except (sf.LibsndfileError, AssertionError) as error:  # the latter: not all was written
            with os_errors_as_audio_errors(self._failure):
                self._sink.check()
            raise AudioError(f"{self._failure}: {error}") from error
        with os_errors_as_audio_errors(self._failure):
            self._sink.check()

    def _discard(self):
        """Close what is open, from libsndfile on, and remove what was not moved."""
        with interrupts_held_back():
            for part in (self._file, self._sink):
                if part:
                    with suppress(sf.LibsndfileError, OSError):
                        part.close()
            self._temporary.unlink(missing_ok=True)


class _Sink:
    """A new file for libsndfile to write, which remembers what went wrong.

    Raises
    ------
    OSError
        The file cannot be made; from `check`, it could not be written.
    """

    def __init__(self, path):
        self._error = None
        self._file = path.open("xb", buffering=0)
        self.seek, self.tell = self._file.seek, self._file.tell

    def write(self, data):
        """Bytes written, fewer after an error: libsndfile calls this, and knows no exceptions."""
        n_written = 0
        try:
            while n_written < len(data):
                n_written += self._file.write(data[n_written:])
        except OSError as error:
            self._error = self._error or error
        return n_written

    def check(self):
        if self._error:
            raise self._error

    def close(self):
        self._file.close()


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
