/* Comb mix and band gains of one spectrum: the arithmetic of ../gains.py. */

/* As in constants.py */
#define POSTFILTER_BETA 0.02
#define MAX_DECAY 0.6f
#define DECAY_FLOOR 1e-3f
#define GAIN_FLOOR 1e-8f
#define LEVEL_FLOOR 1e-9f
#define OVERSHOOT 1.4f
#define MAX_CORRECTION 2.7725887f /* natural logarithm of the square of MAX_LEVEL_CORRECTION */

/* postfilter, limit_decay and least_next_gains: gains and least become those of the next step. */
static void filter_gains(const float *energy, const float *next_energy, float *gains, float *least)
{
    double before = 0, after = 0;
    float common = 1;
    for (int b = 0; b < N_BANDS; b++) {
        float warped = gains[b] * sin_(1.57079633f * gains[b]);
        before += (double)(gains[b] * gains[b] * energy[b]);
        after += (double)(warped * warped * energy[b]);
        gains[b] = warped;
    }
    if (after > 1e-6 * before) {
        double ratio = before / after;
        common = (float)__builtin_sqrt((1 + POSTFILTER_BETA) * ratio /
                                       (1 + POSTFILTER_BETA * ratio * ratio));
    }
    for (int b = 0; b < N_BANDS; b++) {
        float gain = common * gains[b];
        gains[b] = gain = gain > least[b] ? gain : least[b];
        float ratio = (energy[b] + DECAY_FLOOR) / (next_energy[b] + DECAY_FLOOR) * gain;
        least[b] = MAX_DECAY * (ratio < 1 ? ratio : 1);
    }
}

static float limited_log_ratio(float wanted, float got)
{
    float logarithm = log_((wanted + LEVEL_FLOOR) / (got + LEVEL_FLOOR));
    logarithm = logarithm < MAX_CORRECTION ? logarithm : MAX_CORRECTION;
    return logarithm > -MAX_CORRECTION ? logarithm : -MAX_CORRECTION;
}

static void mix_pitch(const struct bands *bands, const float (*spectrum)[2],
                      const float (*pitch_spectrum)[2], const float *strengths, float (*mixed)[2])
{
    float curve[N_BINS];
    interpolate(bands, strengths, curve);
    for (int k = 0; k < N_BINS; k++)
        for (int part = 0; part < 2; part++) {
            float noisy = spectrum[k][part];
            mixed[k][part] = (pitch_spectrum[k][part] - noisy) * curve[k] + noisy;
        }
}

/* In place. */
static void scale_bands(const struct bands *bands, const float *gains, float (*mixed)[2])
{
    float curve[N_BINS], power[N_BINS], sums[N_BANDS], levels[N_BANDS], squares[N_BANDS];

    for (int k = 0; k < N_BINS; k++)
        power[k] = mixed[k][0] * mixed[k][0] + mixed[k][1] * mixed[k][1];
    sum_bands(bands, power, sums);
    for (int b = 0; b < N_BANDS; b++) {
        squares[b] = gains[b] * gains[b] + GAIN_FLOOR;
        levels[b] = log_(squares[b]);
        squares[b] *= sums[b];
    }
    interpolate(bands, levels, curve);
    for (int k = 0; k < N_BINS; k++)
        power[k] *= exp_(curve[k]);

    sum_bands(bands, power, sums);
    for (int b = 0; b < N_BANDS; b++) {
        float correction = limited_log_ratio(squares[b], sums[b]);
        levels[b] = (levels[b] + OVERSHOOT * correction) * 0.5f;
    }
    interpolate(bands, levels, curve);
    for (int k = 0; k < N_BINS; k++) {
        float scale = exp_(curve[k]) * bands->passband[k];
        mixed[k][0] *= scale;
        mixed[k][1] *= scale;
    }
}
