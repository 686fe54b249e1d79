"""What the sets of the card hold beside recordings: rooms, a telephone, whisper and breath."""

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import butter, lfilter, resample_poly, sosfiltfilt
from scipy.signal.windows import hann

from percepnet.constants import SAMPLE_RATE
from percepnet_training.noises import shaped_noise
from percepnet_training.rooms import EARLY_FADE_SECONDS, EARLY_SECONDS, early_part, simulate_room

ROOM_T60 = (0.45, 0.55)  # s
ROOM_CLARITY_DB = (7, 11)  # early energy above the rest: somebody near the microphone
DECAY_DB = (-5, -25)  # between which a decay is measured: T20 of ISO 3382-1

TELEPHONE_HZ = (300, 3400)  # ITU-T G.712
TELEPHONE_RATE = 8_000
MU, MU_STEPS = 255, 127  # ITU-T G.711: compression, and steps on each side of zero

LPC_ORDER = SAMPLE_RATE // 1000 + 2  # a pair of poles each kHz of the band, and one for the tilt
LPC_FRAME = 3 * SAMPLE_RATE // 100  # 30 ms: longer than the longest period

# A breath through the open mouth: broad about 1.7 kHz, falling to both sides.
BREATH_HZ = (100, 300, 1000, 1700, 4000, 8000, 16000)
BREATH_DB = (-25, -12, -3, 0, -8, -18, -32)
BREATH_SPREAD_DB = 3  # from one breather to another
BREATH_SECONDS, REST_SECONDS = (0.8, 1.6), (0.3, 1.0)


def draw_room(rng):
    """Response of a simulated room within ROOM_T60 and ROOM_CLARITY_DB, (ROOM_LENGTH,) float32."""
    while True:
        response = simulate_room(rng)
        late = response - early_part(response)
        clarity_db = -10 * np.log10(np.sum(late**2))  # the early energy is 1
        if (
            ROOM_CLARITY_DB[0] <= clarity_db <= ROOM_CLARITY_DB[1]
            and ROOM_T60[0] <= reverberation_seconds(response) <= ROOM_T60[1]
        ):
            return response


def reverberation_seconds(response):
    """T60 of the echoes after the early ones, from the fall of the energy still to come."""
    n_early = round((EARLY_SECONDS + EARLY_FADE_SECONDS) * SAMPLE_RATE)
    energy = np.cumsum(response[:n_early:-1].astype(float) ** 2)[::-1]
    level_db = 10 * np.log10(energy / energy[0] + 1e-12)
    first, last = (np.argmax(level_db < edge_db) for edge_db in DECAY_DB)
    return 60 / (DECAY_DB[0] - DECAY_DB[1]) * (last - first) / SAMPLE_RATE


def telephone_band(samples):
    """What a line lets pass, (n,) float32; zero phase: pairs stay aligned."""
    sos = butter(4, TELEPHONE_HZ, "bandpass", fs=SAMPLE_RATE, output="sos")
    return sosfiltfilt(sos, samples).astype(np.float32)


def mu_law(samples):
    """Samples, ±1 and a whole number of hops, after coding by µ-law at 8 kHz, (n,) float32."""
    factor = SAMPLE_RATE // TELEPHONE_RATE
    slow = resample_poly(samples, 1, factor)
    steps = np.rint(MU_STEPS * np.log1p(MU * np.abs(slow)) / np.log1p(MU))
    decoded = np.sign(slow) * np.expm1(steps / MU_STEPS * np.log1p(MU)) / MU
    return resample_poly(decoded, factor, 1).astype(np.float32)


def whispered(rng, samples):
    """Speech whose vocal tract (linear prediction) is excited by noise alone, (n,) float32."""
    window = hann(LPC_FRAME, sym=False)
    whisper = np.zeros(len(samples), np.float32)
    for start in range(0, len(samples) - LPC_FRAME + 1, LPC_FRAME // 2):
        frame = slice(start, start + LPC_FRAME)
        power = np.abs(np.fft.rfft(samples[frame] * window, 2 * LPC_FRAME)) ** 2
        correlation = np.fft.irfft(power)[: LPC_ORDER + 1]
        correlation[0] = correlation[0] * (1 + 1e-6) + 1e-9  # solvable in silence, too
        predictor = solve_toeplitz(correlation[:-1], correlation[1:])
        residual = max(correlation[0] - predictor @ correlation[1:], 0.0)
        noise = rng.standard_normal(LPC_FRAME) * np.sqrt(residual / LPC_FRAME)
        whisper[frame] += window * lfilter([1], np.append(1, -predictor), noise)
    return whisper


def breath(rng, n_samples):
    """Breaths with rests between them, (n,) float32."""
    levels_db = np.array(BREATH_DB) + rng.normal(0, BREATH_SPREAD_DB, len(BREATH_DB))
    flow = np.zeros(n_samples, np.float32)
    position = 0
    while position < n_samples:
        length = round(rng.uniform(*BREATH_SECONDS) * SAMPLE_RATE)
        swell = hann(length)[: n_samples - position]
        flow[position : position + length] = swell
        position += length + round(rng.uniform(*REST_SECONDS) * SAMPLE_RATE)
    return flow * shaped_noise(rng, n_samples, levels_db, BREATH_HZ)
