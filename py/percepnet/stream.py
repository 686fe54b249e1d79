"""Signals of any length, in pieces of any size: aligned with the input, equally long."""

from math import prod

import numpy as np

from percepnet.constants import HOP_LENGTH, LATENCY, MAX_PEAK, SAMPLE_RATE
from percepnet.enhancer import Enhancer
from percepnet.errors import AudioError


def check_samples(samples, n_dims=None):
    """Check that an array holds ±1 audio; the one place where audio in memory is checked.

    Parameters
    ----------
    samples : array_like
    n_dims : int, optional
        Number of dimensions asked for.

    Returns
    -------
    ndarray [dtype=float32]

    Raises
    ------
    AudioError
        If the samples are not real floats, not finite, or far beyond ±1.
    """
    samples = np.asarray(samples)
    if samples.dtype.kind != "f":
        raise AudioError(
            f"expected floating-point samples, got {samples.dtype}: "
            "convert integers first, for example samples / 32768 for 16 bits"
        )
    if samples.ndim == 0 or (n_dims is not None and samples.ndim != n_dims):
        raise AudioError(
            f"expected an array of samples with {n_dims or 'at least 1'} dimension(s), "
            f"got shape {samples.shape}"
        )
    peak = np.abs(samples).max(initial=0.0)
    if not np.isfinite(peak):
        bad = int(np.argmin(np.isfinite(samples).reshape(-1)))
        raise AudioError(
            f"sample {bad} is {samples.reshape(-1)[bad]}: replace NaN and infinity first"
        )
    if peak > MAX_PEAK:
        raise AudioError(f"peak is {peak:.6g}, expected ±1: scale the samples first")
    return samples.astype(np.float32, copy=False)


class Stream:
    """Denoiser of one channel, or of several with linked gains, in pieces of any size.

    What comes out, put together, is aligned with what went in and, after `flush`, as long.
    A piece comes back when `latency` and the rest of its hop have arrived.

    Parameters
    ----------
    model : PercepNet
        From `load_model`.
    n_channels : int
        Of more than one, the network hears the mean, and all are given the same gains: voices
        stay where they are heard.
    strength : float
        0 to 1: how much of the method to apply.
    attenuation_limit_db : float
        The most that noise is attenuated, 0 or more.

    Attributes
    ----------
    latency : int
        Samples of the future that the method needs: LATENCY.

    Examples
    --------
    >>> import numpy as np
    >>> from percepnet import Stream, load_model
    >>> stream = Stream(load_model("default"))
    >>> pieces = [stream.push(np.zeros(4096, np.float32)) for _ in range(3)]
    >>> pieces.append(stream.flush())
    >>> sum(len(piece) for piece in pieces)
    12288
    """

    latency = LATENCY

    def __init__(self, model, *, n_channels=1, strength=1.0, attenuation_limit_db=np.inf):
        if n_channels < 1:
            raise AudioError(f"number of channels is {n_channels}, expected 1 or more")
        if not 0 <= strength <= 1:
            raise AudioError(f"strength is {strength}, expected 0 to 1")
        if not attenuation_limit_db >= 0:
            raise AudioError(f"attenuation limit is {attenuation_limit_db} dB, expected 0 or more")
        self._enhancer = Enhancer(
            model,
            n_channels=n_channels,
            strength=strength,
            attenuation_limit_db=attenuation_limit_db,
        )
        self._channels = (n_channels,) if n_channels > 1 else ()
        self.reset()

    def reset(self):
        """Forget the past and what has not come out yet."""
        self._enhancer.reset()
        self._pending = np.zeros((*self._channels, 0), np.float32)
        self._n_early = LATENCY  # samples of the start-up delay still to drop
        self._n_owed = 0  # samples taken in and not yet given back

    def push(self, samples):
        """Take in samples, give back those that are ready.

        Parameters
        ----------
        samples : ndarray [shape=(n,) or (n_channels, n), dtype=float]
            ±1, finite; any n; of one channel without a dimension for it.

        Returns
        -------
        ndarray [shape=(m,) or (n_channels, m), dtype=float32]

        Raises
        ------
        AudioError
            If the samples are not finite ±1 floats, or of another number of channels.
        """
        samples = check_samples(samples, 1 + len(self._channels))
        if samples.shape[:-1] != self._channels:
            raise AudioError(
                f"expected {self._channels[0]} channels, got {len(samples)}: "
                "make a stream with another n_channels"
            )
        self._n_owed += samples.shape[-1]
        return self._process(samples)

    def flush(self):
        """Give back the rest, as if silence followed; then ready for a new signal.

        Returns
        -------
        ndarray [shape=(k,) or (n_channels, k), dtype=float32]
        """
        n_owed = self._n_owed
        n_hops = -(-(n_owed + self._n_early) // HOP_LENGTH)
        silence = np.zeros((*self._channels, n_hops * HOP_LENGTH), np.float32)
        rest = self._process(silence)[..., :n_owed]
        self.reset()
        return rest

    def _process(self, samples):
        samples = np.concatenate([self._pending, samples], axis=-1)
        n_whole = samples.shape[-1] - samples.shape[-1] % HOP_LENGTH
        hops = samples[..., :n_whole].reshape(*self._channels, -1, HOP_LENGTH)
        enhanced = [self._enhancer.process(hop) for hop in np.moveaxis(hops, -2, 0)]
        self._pending = samples[..., n_whole:]
        ready = np.concatenate([*enhanced, np.zeros((*self._channels, 0), np.float32)], axis=-1)
        n_dropped = min(self._n_early, ready.shape[-1])
        self._n_early -= n_dropped
        ready = ready[..., n_dropped:]
        self._n_owed -= ready.shape[-1]
        return ready


def enhance(
    samples,
    model,
    sample_rate=SAMPLE_RATE,
    *,
    linked=False,
    strength=1.0,
    attenuation_limit_db=np.inf,
):
    """Denoise a whole signal.

    Parameters
    ----------
    samples : ndarray [shape=(..., n), dtype=float]
        ±1.
    model : PercepNet
        From `load_model`.
    sample_rate : float
        Must be SAMPLE_RATE.
    linked : bool
        Whether all channels are given the same gains, so that voices stay where they are heard;
        else every channel is enhanced on its own.
    strength, attenuation_limit_db : float
        As for `Stream`.

    Returns
    -------
    ndarray [shape=(..., n), dtype=float32]
        Aligned with the input.

    Raises
    ------
    AudioError
        If the rate is another, or the samples are not finite ±1 floats.
    """
    if sample_rate != SAMPLE_RATE:
        raise AudioError(f"expected {SAMPLE_RATE} Hz, got {sample_rate}: resample first")
    samples = check_samples(samples)
    n_channels = prod(samples.shape[:-1])
    is_linked = linked and n_channels > 1
    stream = Stream(
        model,
        n_channels=n_channels if is_linked else 1,
        strength=strength,
        attenuation_limit_db=attenuation_limit_db,
    )
    if is_linked:
        return _through(stream, samples.reshape(n_channels, -1)).reshape(samples.shape)
    enhanced = np.empty(samples.shape, np.float32)
    for channel in np.ndindex(samples.shape[:-1]):
        enhanced[channel] = _through(stream, samples[channel])
    return enhanced


def _through(stream, samples):
    return np.concatenate([stream.push(samples), stream.flush()], axis=-1)
