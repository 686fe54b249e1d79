"""Room responses: simulated small rooms, and the early part that a listener keeps.

Image sources up to the mixing time (Allen & Berkley 1979), then a diffuse tail whose highs decay
faster than its lows. Every response starts with the direct sound and has unit early energy.
"""

import numpy as np
from scipy.signal import butter, sosfilt

from percepnet.constants import SAMPLE_RATE

ROOM_LENGTH = 3 * SAMPLE_RATE // 2  # 1.5 s; longer responses are faded out
EARLY_SECONDS = 0.020  # kept in the target: it helps intelligibility
EARLY_FADE_SECONDS = 0.005
MIXING_SECONDS = 0.040  # images before, diffuse tail after
SPEED_OF_SOUND = 343.0  # m/s
MAX_ORDER = 6  # images per axis: 40 ms reach 14 m
TAIL_EDGES_HZ = (500, 2000, 8000)  # tail bands, each with its own decay


def early_part(response):
    """First 20 ms of a response, faded out over 5 ms, the rest zero; same shape."""
    n_keep = round(EARLY_SECONDS * SAMPLE_RATE)
    n_fade = round(EARLY_FADE_SECONDS * SAMPLE_RATE)
    early = np.zeros_like(response)
    early[:n_keep] = response[:n_keep]
    early[n_keep : n_keep + n_fade] = response[n_keep : n_keep + n_fade] * np.linspace(1, 0, n_fade)
    return early


def prepare_response(response):
    """Trim a (n,) response to its direct sound, fit it to ROOM_LENGTH, scale it.

    Returns
    -------
    (ROOM_LENGTH,) float32, of unit early energy
    """
    response = np.asarray(response, np.float32)
    start = np.flatnonzero(np.abs(response) > 0.2 * np.abs(response).max())[0]
    response = response[start : start + ROOM_LENGTH].copy()
    n_fade = len(response) // 5
    response[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    fitted = np.zeros(ROOM_LENGTH, np.float32)
    fitted[: len(response)] = response
    return fitted / np.sqrt(np.sum(early_part(fitted) ** 2))


def simulate_room(rng):
    """Response of a random small room (volume 20-200 m3, T60 0.15-0.8 s), as prepare_response."""
    size = rng.uniform((2.5, 2.5, 2.2), (8.0, 6.0, 4.0))
    t60 = rng.uniform(0.15, 0.8)
    source, listener = (rng.uniform(0.3, size - 0.3) for _ in range(2))
    # Close talkers: the direct sound leads in half of the rooms.
    if rng.random() < 0.5:
        offset = rng.normal(size=3)
        source = np.clip(
            listener + offset * rng.uniform(0.2, 0.8) / np.linalg.norm(offset), 0.1, size - 0.1
        )
    response = _images(rng, size, t60, source, listener)
    tail = _tail(rng, t60)
    # Join both where the images end: the tail goes on at their level.
    n_mix = round(MIXING_SECONDS * SAMPLE_RATE)
    arrival = round(np.linalg.norm(source - listener) / SPEED_OF_SOUND * SAMPLE_RATE)
    join = arrival + n_mix
    level = np.sqrt(np.mean(response[join - n_mix // 2 : join] ** 2))
    rise = np.clip((np.arange(ROOM_LENGTH) - join + n_mix // 2) / (n_mix // 2), 0, 1)
    decayed = level / np.sqrt(np.mean(tail[join - n_mix // 2 : join] ** 2))
    return prepare_response(response * np.sqrt(1 - rise**2) + tail * decayed * rise)


def _images(rng, size, t60, source, listener):
    """Image sources of a shoebox, (ROOM_LENGTH,), with walls that give t60 (Sabine)."""
    volume, walls = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    reflection = np.sqrt(1 - np.clip(0.161 * volume / (walls * t60), 0.05, 0.95))
    order = np.arange(-MAX_ORDER, MAX_ORDER + 1)
    # Along each axis an image sits at 2kL + s or 2kL - s, after |2k| or |2k - 1| reflections.
    offsets = [
        np.concatenate((2 * order * length + s, 2 * order * length - s)) - hear
        for length, s, hear in zip(size, source, listener, strict=True)
    ]
    bounces = np.concatenate((np.abs(2 * order), np.abs(2 * order - 1)))
    x, y, z = np.meshgrid(*offsets, indexing="ij")
    n_bounces = sum(np.meshgrid(bounces, bounces, bounces, indexing="ij"))
    distance = np.sqrt(x**2 + y**2 + z**2)
    # Uneven walls: spreads the arrivals, else the small set of lengths rings.
    delay = distance / SPEED_OF_SOUND * SAMPLE_RATE + rng.uniform(-3, 3, distance.shape) * (
        n_bounces > 0
    )
    sample = np.rint(delay).astype(np.int64)
    heard = (sample >= 0) & (sample < ROOM_LENGTH)
    amplitude = reflection**n_bounces / np.maximum(distance, 0.1)
    return np.bincount(sample[heard], amplitude[heard], ROOM_LENGTH)


def _tail(rng, t60):
    """Diffuse tail, (ROOM_LENGTH,): noise in four bands, decaying faster the higher."""
    noise = rng.standard_normal(ROOM_LENGTH)
    seconds = np.arange(ROOM_LENGTH) / SAMPLE_RATE
    tail = np.zeros(ROOM_LENGTH)
    edges = (None, *TAIL_EDGES_HZ, None)
    slowness = np.cumprod(rng.uniform(0.6, 1.0, len(edges) - 1)) * 1.2
    for low, high, ratio in zip(edges[:-1], edges[1:], slowness, strict=True):
        band = _band(noise, low, high)
        tail += band * 10 ** (-3 * seconds / (t60 * ratio))
    return tail


def _band(noise, low_hz, high_hz):
    if low_hz is None:
        sos = butter(2, high_hz, "lowpass", fs=SAMPLE_RATE, output="sos")
    elif high_hz is None:
        sos = butter(2, low_hz, "highpass", fs=SAMPLE_RATE, output="sos")
    else:
        sos = butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE, output="sos")
    return sosfilt(sos, noise)
