"""How loud: signal-to-noise ratios, levels, and what an input's gains and limits do to them."""

import numpy as np

from percepnet.constants import HOP_LENGTH

SOFT_NOISE_SHARE = 0.06  # of the mixtures with noise


def draw_snr_db(rng, loud_noise_share):
    """Signal-to-noise ratio in dB of a mixture with noise.

    The share of loud noise has -14...6 dB, a few 20...45 dB, most others -5...20 dB.
    """
    kind = rng.random()
    if kind < loud_noise_share:
        return rng.uniform(-14, 6)
    if kind < loud_noise_share + SOFT_NOISE_SHARE:
        return rng.uniform(20, 45)
    return rng.uniform(-5, 20)


def active_power(samples):
    """Mean power of the 10-ms hops within 30 dB of the loud ones."""
    power = np.mean(samples.reshape(-1, HOP_LENGTH) ** 2, axis=1, dtype=np.float64)
    loud = np.quantile(power, 0.98)
    return float(power[power >= 1e-3 * loud].mean())


def noise_gain(clean, noise, snr_db):
    """Factor on ``noise`` that puts active speech ``snr_db`` above it.

    Mixtures without speech get the noise at its own level.
    """
    speech_power, noise_power = active_power(clean), float(np.mean(noise**2, dtype=np.float64))
    if speech_power == 0 or noise_power == 0:
        return np.float32(1)
    return np.float32(np.sqrt(speech_power / noise_power * 10 ** (-snr_db / 10)))


def level_gain(rng, clean, noisy):
    """Factor that sets the speech level: -45...+10 dB about -21 dBFS, mostly -38...-14 dBFS."""
    level_dbfs = rng.normal(-26, 6) if rng.random() < 0.75 else rng.uniform(-66, -11)
    power = active_power(clean) or active_power(noisy)
    if not power:
        return np.float32(1)
    gain = np.sqrt(10 ** (level_dbfs / 10) / power)
    return np.float32(min(gain, 0.99 / np.abs(noisy).max()))


def automatic_gain(rng, noisy):
    """Slow gain of an input that evens out its level, (n,) float32, mean about 1.

    Pauses are lifted, loud words lowered, by up to 12 dB and a random share of the difference.
    """
    power = np.mean(noisy.reshape(-1, HOP_LENGTH) ** 2, axis=1, dtype=np.float64)
    n_smooth = rng.integers(20, 100)  # hops: 0.2...1 s
    smooth = np.convolve(np.pad(power, (n_smooth - 1, 0), "edge"), np.ones(n_smooth) / n_smooth)
    level_db = 10 * np.log10(smooth[n_smooth - 1 :][: len(power)] + 1e-12)
    gain_db = np.clip(rng.uniform(0.2, 0.7) * (np.median(level_db) - level_db), -12, 12)
    hops = np.arange(len(power)) * HOP_LENGTH
    gains = np.interp(np.arange(len(noisy)), hops, 10 ** (gain_db / 20))
    return (gains / gains.mean()).astype(np.float32)


def degraded(rng, noisy):
    """Clipped and rounded, as by cheap inputs, (n,) float."""
    if rng.random() < 0.1:
        limit = np.abs(noisy).max() * rng.uniform(0.3, 0.9)
        noisy = np.clip(noisy, -limit, limit)
    if rng.random() < 0.5:
        noisy = np.rint(noisy * 32768) / 32768
    return noisy
