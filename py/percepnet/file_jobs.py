"""Files and folders through the denoiser, in this process or in several."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from percepnet.audio_file import AudioReader, AudioWriter
from percepnet.audio_format import CONTAINERS
from percepnet.constants import SAMPLE_RATE
from percepnet.errors import AudioError
from percepnet.network import PercepNet, load_model
from percepnet.resampler import Resampler
from percepnet.stream import Stream


@dataclass(frozen=True)
class Settings:
    """What is done to every file; see `percepnet.enhance` for all but the first."""

    model: str
    strength: float
    attenuation_limit_db: float
    linked: bool


@dataclass(frozen=True)
class Job:
    """One file to read and one to write."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job: seconds of audio denoised, or why it failed."""

    audio_seconds: float
    error: str | None = None


class Denoiser:
    """`percepnet.Stream` for (n_channels, n) blocks, of all or of every channel on its own."""

    def __init__(self, n_channels: int, model: PercepNet, settings: Settings):
        self._n_linked = n_channels if settings.linked else 1
        self._streams = [
            Stream(
                model,
                n_channels=self._n_linked,
                strength=settings.strength,
                attenuation_limit_db=settings.attenuation_limit_db,
            )
            for _ in range(n_channels // self._n_linked)
        ]

    def push(self, samples: np.ndarray) -> np.ndarray:
        groups = samples if self._n_linked == 1 else [samples]
        pairs = zip(self._streams, groups, strict=True)
        return np.vstack([stream.push(group) for stream, group in pairs])

    def flush(self) -> np.ndarray:
        return np.vstack([stream.flush() for stream in self._streams])


def through(stages: list, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Push blocks through the stages one after the other, then flush each into the next."""
    for block in blocks:
        for stage in stages:
            block = stage.push(block)
        yield block
    for i, stage in enumerate(stages):
        block = stage.flush()
        for later in stages[i + 1 :]:
            block = later.push(block)
        yield block


def denoise_file(
    job: Job, model: PercepNet, settings: Settings, advance: Callable[[float], None]
) -> float:
    """Denoise one file; return its seconds of audio.

    Memory does not grow with the length of the file. `advance` is told the seconds read since it
    was called last.
    """
    with (
        AudioReader(job.source) as reader,
        AudioWriter(job.target, reader.format, reader.n_samples) as writer,
    ):
        rate = reader.format.sample_rate
        stages = [Denoiser(reader.format.n_channels, model, settings)]
        if rate != SAMPLE_RATE:
            stages = [Resampler(rate, SAMPLE_RATE), *stages, Resampler(SAMPLE_RATE, rate)]
        n_written = n_told = 0
        for block in through(stages, reader.blocks()):
            # Two resamplings round the length up; the input's is the one to keep.
            block = block[:, : reader.n_read - n_written]
            writer.write(block)
            n_written += block.shape[1]
            advance((reader.n_read - n_told) / rate)
            n_told = reader.n_read
        return reader.n_read / rate


def folder_jobs(source: Path, target: Path) -> list[Job]:
    """One job per audio file under `source`, by extension, with the same name under `target`.

    Hidden files are passed over, and so is `target` where it lies inside `source`. The folders
    under `target` are made.

    Raises
    ------
    AudioError
        There is no audio file, an output would replace an input, or a folder cannot be made.
    """
    results = target.resolve()
    are_inside = source.resolve() in results.parents
    jobs = [
        Job(path, target / path.relative_to(source))
        for path in sorted(source.rglob("*"))
        if path.suffix.lower() in CONTAINERS
        and not path.name.startswith(".")
        and path.is_file()
        and not (are_inside and results in path.resolve().parents)
    ]
    if not jobs:
        raise AudioError(f"{source}: holds no audio file (looked for {' '.join(CONTAINERS)})")
    inputs = {job.source.resolve() for job in jobs}
    for job in jobs:
        if job.target.resolve() in inputs:
            raise AudioError(f"{job.target}: is an input itself: name another folder")
    try:
        for job in jobs:
            job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"{error.filename}: cannot be made a folder: {error.strerror}") from error
    return jobs


def duration(job: Job) -> float:
    """Seconds of audio by the header, 0 where it cannot be read: that is reported by the run."""
    try:
        with AudioReader(job.source) as reader:
            return reader.n_samples / reader.format.sample_rate
    except AudioError:
        return 0.0


def run_jobs(
    jobs: list[Job], settings: Settings, n_processes: int, advance: Callable[[float], None]
) -> Iterator[Outcome]:
    """Do every job, also after one that fails, and yield the outcomes as they come.

    Raises
    ------
    ModelError
        The model cannot be used: no job is begun.
    AudioError
        A process died.
    """
    model = load_model(settings.model)
    if n_processes == 1 or len(jobs) == 1:
        for job in jobs:
            yield attempt(job, model, settings, advance)
        return
    # Spawned, not forked: a child then starts with no lock or thread of this process.
    with ProcessPoolExecutor(
        min(n_processes, len(jobs)),
        multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(model, settings),
    ) as pool:
        queue = iter(jobs)
        # One job in flight per process: what is interrupted has nothing waiting behind it.
        running = {pool.submit(work, job) for job in islice(queue, n_processes)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    running.update(pool.submit(work, job) for job in islice(queue, 1))
                    outcome = future.result()
                    advance(outcome.audio_seconds)
                    yield outcome
        except BrokenProcessPool as error:
            raise AudioError(
                "a process was ended from outside, for want of memory perhaps: use fewer --jobs"
            ) from error
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def attempt(
    job: Job, model: PercepNet, settings: Settings, advance: Callable[[float], None]
) -> Outcome:
    """Do one job; what is wrong with its files becomes part of the outcome."""
    try:
        return Outcome(denoise_file(job, model, settings, advance))
    except AudioError as error:
        return Outcome(0.0, str(error))


def stop_worker(*_) -> None:
    """Leave the job by way of its clean-up; what ends so says nothing."""
    raise SystemExit(1)


def start_worker(model: PercepNet, settings: Settings) -> None:
    """Make this process a worker: it ends when its parent says so, not by the user's Ctrl-C."""
    global _model, _settings
    _model, _settings = model, settings
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop_worker)


def work(job: Job) -> Outcome:
    """Do one job in a worker."""
    return attempt(job, _model, _settings, lambda seconds: None)
