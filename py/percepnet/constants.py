"""Every number of the method, with its source.

"Paper" is Valin et al., "A Perceptually-Motivated Approach for Low-Complexity,
Real-Time Enhancement of Fullband Speech", Interspeech 2020.
"""

# Framing (paper, Sec. 2)
SAMPLE_RATE = 48_000
HOP_LENGTH = 480                            # 10 ms
WINDOW_LENGTH = 2 * HOP_LENGTH              # 20 ms, 50 % overlap
N_BINS = WINDOW_LENGTH // 2 + 1             # 481, 50 Hz apart

# Delay: 10 ms of overlap and two hops of look-ahead
LOOKAHEAD_HOPS = 2
LOOKAHEAD = LOOKAHEAD_HOPS * HOP_LENGTH     # samples known beyond the frame being enhanced
LATENCY = LOOKAHEAD + HOP_LENGTH            # 1440 samples, 30 ms

# Bands: centres in bins of the 34 triangles, 100 Hz to 20 kHz (paper, Sec. 2.1).
# From the top, centre - max(2, round(24.7 * (4.37 * centre / 20 + 1) / 50)): one ERB apart.
BAND_CENTRES = (
    2, 4, 6, 8, 10, 12, 14, 16, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98,
    110, 124, 140, 157, 176, 198, 223, 251, 282, 317, 356, 400,
)  # fmt: skip
N_BANDS = len(BAND_CENTRES)

# Per band a level and a pitch coherence, then the period and the correlation (paper, Sec. 3)
N_FEATURES = 2 * N_BANDS + 2
