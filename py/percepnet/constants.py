"""Every number of the method, with its source.

"Paper" is Valin et al., "A Perceptually-Motivated Approach for Low-Complexity,
Real-Time Enhancement of Fullband Speech", Interspeech 2020.
"""

# Framing (paper, Sec. 2)
SAMPLE_RATE = 48_000
MAX_PEAK = 100.0  # 40 dB over full scale: no longer ±1 audio
HOP_LENGTH = 480  # 10 ms
WINDOW_LENGTH = 2 * HOP_LENGTH  # 20 ms, 50 % overlap
N_BINS = WINDOW_LENGTH // 2 + 1  # 481, 50 Hz apart

# Delay: 10 ms of overlap and two hops of look-ahead
LOOKAHEAD_HOPS = 2
LOOKAHEAD = LOOKAHEAD_HOPS * HOP_LENGTH  # samples known beyond the frame being enhanced
LATENCY = LOOKAHEAD + HOP_LENGTH  # 1440 samples, 30 ms

PASSBAND_EDGE = 400  # bin of 20 kHz: nothing is let through above (paper, Sec. 2.1)

# Bands: the paper's triangles, but 4.25 to the ERB. Below 2.6 kHz that is one for every bin, where
# the harmonics of a voice lie apart.
BANDS_PER_ERB = 4.25


def _band_centres():
    """Bins, from the top down: each a band's width below the one before (paper, Sec. 2.1)."""
    centres = [PASSBAND_EDGE]
    while centres[-1] > 1:
        erb = 24.7 * (4.37 * centres[-1] / 20 + 1) / 50  # in bins
        centres.append(centres[-1] - max(1, round(erb / BANDS_PER_ERB)))
    return tuple(reversed(centres))


BAND_CENTRES = _band_centres()  # 50 Hz to 20 kHz
N_BANDS = len(BAND_CENTRES)  # 128

# What the network sees and says of a few neighbouring bands is one row of numbers
GROUP_BANDS = 4
N_GROUPS = N_BANDS // GROUP_BANDS  # 32

# Multi-frame filter (not in the paper; models/README.md): in bands of a single bin, the frames
# around the one being enhanced are weighted and added. Two before it, and those of the look-ahead.
FILTER_PAST = 2
N_FILTER_FRAMES = FILTER_PAST + 1 + LOOKAHEAD_HOPS  # 5
N_FILTER_GROUPS = 13
N_FILTER_BANDS = N_FILTER_GROUPS * GROUP_BANDS  # 52: up to 2.6 kHz

# Per band its level in three frames, pitch coherence, level of the periodic part, and how far the
# phase is ahead in the other frames of the filter; then the period and the correlation (paper,
# Sec. 3)
N_GROUP_FEATURES = (LOOKAHEAD_HOPS + 1 + 2 + 2 * (N_FILTER_FRAMES - 1)) * GROUP_BANDS + 2

# Input high-pass: one real pole at this radius, -3 dB at 1.5 Hz
HIGHPASS_RADIUS = 0.9998
SILENCE = 1e-15  # ±1 samples: what fades below is nothing, else subnormal numbers slow all down

# Pitch (RAPT-like, after LPCNet's tracker): lags searched at 12 kHz, refined at 48 kHz
PITCH_DECIMATION = 4
MIN_PERIOD = 96  # samples at 48 kHz: 500 Hz
MAX_PERIOD = 800  # 60 Hz

# Comb filter (paper, Sec. 2.2): Hann-weighted taps, this many periods on each side
COMB_PERIODS = 5

# Squared spectrum of ±1 audio to RNNoise's unit: 16-bit samples, forward FFT over 960
ENERGY_SCALE = (32_768 / WINDOW_LENGTH) ** 2

# Gains (paper, Sec. 4)
POSTFILTER_BETA = 0.02  # at most +5.6 dB of global gain
MAX_LEVEL_CORRECTION = 4.0  # 12 dB of what a steep slope of gains lets in
MAX_DECAY = 0.6  # gain ratio from hop to hop: RT60 of 135 ms (RNNoise)
DECAY_FLOOR = 1e-3  # energy that counts as nothing beside it
GAIN_FLOOR = 1e-8  # of a gain's square: followed down to -80 dB
LEVEL_FLOOR = 1e-9  # of an energy: nine decades under the unit
OVERSHOOT = 1.4  # neighbours share bins: a correction falls short
