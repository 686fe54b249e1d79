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

# Bands: centres in bins of the 34 triangles, 100 Hz to 20 kHz (paper, Sec. 2.1).
# From the top, centre - max(2, round(24.7 * (4.37 * centre / 20 + 1) / 50)): one ERB apart.
BAND_CENTRES = (
    2, 4, 6, 8, 10, 12, 14, 16, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98,
    110, 124, 140, 157, 176, 198, 223, 251, 282, 317, 356, 400,
)  # fmt: skip
N_BANDS = len(BAND_CENTRES)

# Per band a level and a pitch coherence, then the period and the correlation (paper, Sec. 3)
N_FEATURES = 2 * N_BANDS + 2

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
MAX_LEVEL_CORRECTION = 4.0  # 12 dB, twice: the comb takes up to 9, slopes no more
MAX_DECAY = 0.6  # gain ratio from hop to hop: RT60 of 135 ms (RNNoise)
DECAY_FLOOR = 1e-3  # energy that counts as nothing beside it
GAIN_FLOOR = 1e-8  # of a gain's square: followed down to -80 dB
LEVEL_FLOOR = 1e-9  # of an energy: nine decades under the unit
OVERSHOOT = 1.4  # neighbours share bins: a correction falls short
PASSBAND_EDGE = BAND_CENTRES[-1]  # bin of 20 kHz: nothing is let through above
