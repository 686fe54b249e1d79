"""Synthesised noises: where variety comes from when recordings are few.

Every generator takes a numpy random generator and a number of samples, and returns (n,) float32 of
unit power. What it draws inside decides how the noise sounds.
"""

import math

import numpy as np
from scipy import fft

from percepnet.constants import SAMPLE_RATE
from percepnet_training.filters import NYQUIST_HZ, curve_through

LOWEST_HZ = 20  # of shaped noise
N_OBJECTS = 6  # that a noise of impacts strikes
MAX_MODES = 6
HIGHEST_MODE_HZ = 18_000
N_TURN = 2048  # samples of a turn of an engine, at 20 turns a second about a sample each


def unit_power(samples):
    """Scaled to a mean power of 1, (n,) float32; silence stays silence."""
    power = np.mean(samples**2, dtype=np.float64)
    return (samples / np.sqrt(power + 1e-12)).astype(np.float32)


def shaped_noise(rng, n_samples, levels_db, frequencies_hz):
    """Gaussian noise with levels ``levels_db`` at ``frequencies_hz``, ascending; (n,) float32."""
    n_fft = fft.next_fast_len(n_samples, real=True)
    n_bins = n_fft // 2 + 1
    magnitude = curve_through(n_bins, levels_db, frequencies_hz)
    magnitude[: math.ceil(LOWEST_HZ / NYQUIST_HZ * (n_bins - 1))] = 0
    spectrum = rng.standard_normal((2, n_bins), np.float32)
    spectrum *= magnitude
    return unit_power(fft.irfft(spectrum[0] + 1j * spectrum[1], n_fft)[:n_samples])


def slow_curve(rng, n_samples, rate_hz, low=0.0, high=1.0):
    """Random smooth curve, (n,) float32 in low...high, with about ``rate_hz`` knots a second."""
    n_knots = max(4, int(n_samples / SAMPLE_RATE * rate_hz) + 2)
    knots = rng.uniform(low, high, n_knots)
    # Cosine between knots, on a grid of 1 ms.
    x = np.linspace(0, n_knots - 1.001, max(2, n_samples // 48))
    share = 0.5 - 0.5 * np.cos(np.pi * (x % 1))
    coarse = knots[x.astype(int)] * (1 - share) + knots[x.astype(int) + 1] * share
    return np.interp(np.arange(n_samples), np.linspace(0, n_samples, len(coarse)), coarse).astype(
        np.float32
    )


def coloured(rng, n_samples):
    """Stationary noise with a random spectrum: white, pink, brown and anything between."""
    slope_db = rng.uniform(-9, 1)  # per octave
    knots_hz = np.geomspace(50, 22000, rng.integers(3, 10))
    bumps_db = rng.normal(0, rng.uniform(1, 8), len(knots_hz))
    return shaped_noise(rng, n_samples, slope_db * np.log2(knots_hz / 1000) + bumps_db, knots_hz)


def modulated(rng, n_samples):
    """Coloured noise whose level wanders, swells or pulses."""
    depth_db = rng.uniform(5, 30)
    rate_hz = 10 ** rng.uniform(-0.7, 1.2)
    level_db = slow_curve(rng, n_samples, rate_hz, -depth_db, 0)
    return unit_power(coloured(rng, n_samples) * 10 ** (level_db / 20))


def hiss(rng, n_samples):
    """Sensor or tape hiss: flat or rising."""
    slope_db = rng.uniform(-1, 4)
    knots_hz = np.geomspace(100, 22000, 6)
    return shaped_noise(rng, n_samples, slope_db * np.log2(knots_hz / 1000), knots_hz)


def hum(rng, n_samples):
    """Mains hum: harmonics of 50 or 60 Hz over a little hiss."""
    mains_hz = rng.choice((50.0, 60.0)) * rng.uniform(0.998, 1.002)
    n_harmonics = rng.integers(3, 40)
    levels_db = rng.normal(0, 8, n_harmonics) - rng.uniform(1, 12) * np.log2(
        np.arange(1, n_harmonics + 1)
    )
    phase = 2 * np.pi * mains_hz / SAMPLE_RATE * np.arange(n_samples)
    tones = _harmonics(phase, 10 ** (levels_db / 20), rng)
    return unit_power(tones + hiss(rng, n_samples) * 10 ** (rng.uniform(-40, -10) / 20))


def fan(rng, n_samples):
    """Ventilator: broadband flow, blade tone with harmonics, slow flutter."""
    slope_db = rng.uniform(-8, -2)
    knots_hz = np.geomspace(40, 22000, 7)
    flow = shaped_noise(
        rng, n_samples, slope_db * np.log2(knots_hz / 500) + rng.normal(0, 4, 7), knots_hz
    )
    blade_hz = rng.uniform(40, 400) * (1 + 0.01 * slow_curve(rng, n_samples, 0.5, -1, 1))
    phase = np.cumsum(2 * np.pi * blade_hz / SAMPLE_RATE)
    n_harmonics = rng.integers(2, 10)
    levels = 10 ** ((rng.normal(0, 5, n_harmonics) - 4 * np.arange(n_harmonics)) / 20)
    tones = _harmonics(phase, levels, rng)
    flutter = 1 + rng.uniform(0, 0.4) * np.sin(phase / rng.integers(3, 9)).astype(np.float32)
    return unit_power(flow * flutter + tones * 10 ** (rng.uniform(-30, -3) / 20))


def car(rng, n_samples):
    """Inside a car: rumble, tyres, and an engine that changes speed."""
    knots_hz = np.array((20, 60, 150, 500, 2000, 8000, 22000))
    levels_db = np.array((0, 0, -8, -25, -38, -52, -65)) + rng.normal(0, 4, 7)
    rumble = shaped_noise(rng, n_samples, levels_db, knots_hz)
    engine_hz = slow_curve(rng, n_samples, 0.3, 20, 90)
    phase = np.cumsum(2 * np.pi * engine_hz / SAMPLE_RATE)
    levels = 10 ** ((rng.normal(0, 4, 12) - 2.5 * np.arange(12)) / 20)
    engine = _harmonics(phase, levels, rng)
    tyres = slow_curve(rng, n_samples, 0.5, 0.6, 1.2)
    return unit_power(rumble * tyres + engine * 10 ** (rng.uniform(-25, 0) / 20))


def engine(rng, n_samples):
    """Motor or rotor: any sound once a turn, and noise that swells with it."""
    turn_hz = 8 * 30 ** rng.random() * (1 + rng.uniform(0, 0.3) * slow_curve(rng, n_samples, 0.4))
    place = (np.cumsum(turn_hz / SAMPLE_RATE) % 1 * N_TURN).astype(int)
    harmonics = np.arange(1, N_TURN // 8)
    levels_db = rng.normal(0, 6, len(harmonics)) - rng.uniform(2, 9) * np.log2(harmonics)
    spectrum = 10 ** (levels_db / 20) * np.exp(2j * np.pi * rng.random(len(harmonics)))
    tone = fft.irfft(np.concatenate(([0], spectrum)), N_TURN).astype(np.float32)[place]
    swell = np.exp(-rng.uniform(0, 6) * np.arange(N_TURN, dtype=np.float32) / N_TURN)[place]
    noise = unit_power(coloured(rng, n_samples) * swell)
    return unit_power(noise + unit_power(tone) * 10 ** (rng.uniform(-25, 5) / 20))


def wind(rng, n_samples):
    """Wind on a microphone: low, gusty."""
    knots_hz = np.array((20, 100, 400, 1500, 6000, 22000))
    slope_db = rng.uniform(-9, -5)
    base = shaped_noise(rng, n_samples, slope_db * np.log2(knots_hz / 100), knots_hz)
    gusts_db = slow_curve(rng, n_samples, rng.uniform(0.5, 4), -30, 0)
    buffet_db = slow_curve(rng, n_samples, rng.uniform(8, 25), -10, 0)
    return unit_power(base * 10 ** ((gusts_db + buffet_db) / 20))


def rain(rng, n_samples):
    """Rain or frying: dense small drops over a hiss."""
    drops = _impacts(rng, n_samples, rng.uniform(20, 400), (0.0005, 0.004), (1500, 9000))
    knots_hz = np.geomspace(200, 22000, 6)
    slope_db = rng.uniform(-5, 1)
    bed = shaped_noise(
        rng, n_samples, slope_db * np.log2(knots_hz / 2000) + rng.normal(0, 3, 6), knots_hz
    )
    return unit_power(drops * 10 ** (rng.uniform(-15, 8) / 20) + bed)


def crackle(rng, n_samples):
    """Fire, rustling paper, a bad contact: sparse sharp impacts."""
    return _impacts(rng, n_samples, rng.uniform(3, 40), (0.0003, 0.006), (800, 10000))


def typing(rng, n_samples):
    """Keyboard or mouse: bursts of key strokes, each a press and a softer release."""
    times, time = [], rng.exponential(0.5)
    while time < n_samples / SAMPLE_RATE:
        times += [time, time + rng.uniform(0.04, 0.12)]
        time += rng.gamma(4, 0.04) if rng.random() < 0.88 else rng.exponential(1.5)
    levels = np.tile((1.0, rng.uniform(0.2, 0.7)), len(times) // 2) * 10 ** rng.normal(
        0, 0.15, len(times)
    )
    return _struck(rng, n_samples, np.array(times), levels, (0.001, 0.02), (300, 7000))


def knocks(rng, n_samples):
    """Footsteps, knocks, dishes: single hits on what rings."""
    times = np.cumsum(rng.gamma(3, rng.uniform(0.1, 0.6), 200))
    levels = 10 ** rng.normal(0, 0.25, len(times))
    return _struck(rng, n_samples, times, levels, (0.005, 0.4), (80, 5000))


def alarm(rng, n_samples):
    """Beeps, sirens and ring tones: harmonic tones switched or swept."""
    seconds = np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE
    period = rng.uniform(0.15, 2.5)
    low_hz = rng.uniform(300, 3000)
    high_hz = low_hz * rng.uniform(1, 2)
    turn = (seconds / period + rng.random()) % 1
    if rng.random() < 0.5:
        frequency_hz = np.where(turn < 0.5, low_hz, high_hz)
        gate = (turn * 2 % 1 < rng.uniform(0.3, 1)).astype(np.float32)
    else:
        frequency_hz = low_hz + (high_hz - low_hz) * (0.5 - 0.5 * np.cos(2 * np.pi * turn))
        gate = np.ones(n_samples, np.float32)
    n_smooth = 200  # switching in 4 ms, as loudspeakers do
    edges = np.cumsum(np.concatenate((np.zeros(n_smooth), gate)))
    gate = (edges[n_smooth:] - edges[:-n_smooth]) / n_smooth
    phase = np.cumsum(2 * np.pi * frequency_hz / SAMPLE_RATE)
    levels = 10 ** (-rng.uniform(4, 20) * np.arange(rng.integers(1, 6)) / 20)
    return unit_power(_harmonics(phase, levels, rng) * gate + 1e-4 * hiss(rng, n_samples))


GENERATORS = {
    coloured: 2.0,
    modulated: 2.0,
    hiss: 1.0,
    hum: 0.7,
    fan: 1.5,
    car: 1.0,
    engine: 2.0,
    wind: 1.2,
    rain: 1.5,
    crackle: 1.0,
    typing: 1.5,
    knocks: 1.5,
    alarm: 0.7,
}


def synthesise(rng, n_samples):
    """Noise from one generator drawn at random, (n,) float32 of unit power."""
    weights = np.array(list(GENERATORS.values()))
    index = rng.choice(len(weights), p=weights / weights.sum())
    return list(GENERATORS)[index](rng, n_samples)


def switched(rng, first, second):
    """One noise or the other, each for a while, from one moment to the next, (n,) float32."""
    samples = np.zeros_like(first)
    n_fade = round(10 ** rng.uniform(-3, -0.7) * SAMPLE_RATE)  # 1...200 ms
    sources, position = (first, second), 0
    while position < len(samples):
        n_part = round(0.3 * 15 ** rng.random() * SAMPLE_RATE) + n_fade  # 0.3...4.5 s
        part = sources[0][position : position + n_part] * np.float32(10 ** (rng.normal(0, 3) / 20))
        samples[position : position + n_part] += faded(part, n_fade)
        sources, position = sources[::-1], position + n_part - n_fade
    return samples


def faded(samples, n_fade):
    """Copy with linear fades at both ends, so that cuts do not click, (n,) float32."""
    n_fade = min(n_fade, len(samples) // 2)
    ramp = np.linspace(0, 1, n_fade, dtype=np.float32)
    samples = np.array(samples, np.float32)
    samples[:n_fade] *= ramp
    samples[len(samples) - n_fade :] *= ramp[::-1]
    return samples


def _harmonics(phase, levels, rng):
    """Sum of harmonics of a running phase, (n,) float32 of unit power."""
    turns = rng.uniform(0, 2 * np.pi, len(levels))
    base = np.exp(1j * phase).astype(np.complex64)
    power, total = np.ones_like(base), np.zeros(len(phase), np.float32)
    for level, turn in zip(levels, turns, strict=True):
        power = power * base
        total += level * (
            power.real * np.float32(np.cos(turn)) - power.imag * np.float32(np.sin(turn))
        )
    return unit_power(total)


def _impacts(rng, n_samples, rate_hz, decay_seconds, band_hz):
    """Poisson impacts of exponentially spread level, (n,) float32."""
    n_impacts = max(1, rng.poisson(rate_hz * n_samples / SAMPLE_RATE))
    times = rng.uniform(0, n_samples / SAMPLE_RATE, n_impacts)
    return _struck(
        rng, n_samples, times, rng.exponential(1, n_impacts) ** 1.5, decay_seconds, band_hz
    )


def _struck(rng, n_samples, times, levels, decay_seconds, band_hz):
    """Decaying resonances, drawn from a few objects, started at ``times``; (n,) float32."""
    n_ring = round(4 * decay_seconds[1] * SAMPLE_RATE)
    objects = [_ring(rng, n_ring, decay_seconds, band_hz) for _ in range(N_OBJECTS)]
    samples = np.zeros(n_samples + n_ring, np.float32)
    starts = (times * SAMPLE_RATE).astype(int)
    for start, level in zip(starts[starts < n_samples], levels[starts < n_samples], strict=True):
        samples[start : start + n_ring] += level * objects[rng.integers(N_OBJECTS)]
    return unit_power(samples[:n_samples])


def _ring(rng, n_samples, decay_seconds, band_hz):
    """What one object says when it is struck: noise and a mode or several, (n,) float64."""
    seconds = np.arange(n_samples) / SAMPLE_RATE
    decay, lowest_hz = (np.exp(rng.uniform(*np.log(edges))) for edges in (decay_seconds, band_hz))
    tone = np.zeros(n_samples)
    for n in range(rng.integers(1, MAX_MODES + 1)):
        mode_hz = min(lowest_hz * (1 + rng.gamma(n, 0.7)), HIGHEST_MODE_HZ) if n else lowest_hz
        # Higher modes are softer and die sooner
        level, damping = 10 ** (rng.normal(-3 * n, 5) / 20), (mode_hz / lowest_hz) ** 0.7 / decay
        turns = 2 * np.pi * (mode_hz * seconds + rng.random())
        tone += level * np.sin(turns) * np.exp(-damping * seconds)
    share = rng.uniform(0.1, 1)
    return tone * (1 - share) + rng.standard_normal(n_samples) * share * np.exp(-seconds / decay)
