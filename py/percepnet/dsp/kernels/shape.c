/* Comb mix and band gains of one spectrum in one call: mix_pitch and scale_bands of ../gains.py,
   step by step. Band sums are of doubles; exp and log are + - * alone: the same bits everywhere. */

#include <stdint.h>

#define PUBLIC __attribute__((visibility("default")))

#define N_BINS 481
#define N_BANDS 34
#define N_USED 401 /* bins up to 20 kHz */

/* As in constants.py */
#define GAIN_FLOOR 1e-8f
#define LEVEL_FLOOR 1e-9f
#define OVERSHOOT 1.4f
#define MAX_CORRECTION 2.7725887f /* natural logarithm of the square of MAX_LEVEL_CORRECTION */

struct tables {
    float lower[N_BINS]; /* whole numbers: the band whose centre is at or below the bin */
    float fraction[N_BINS]; /* of the way from there to the next centre */
    float passband[N_BINS];
    float energy_scale;
};

struct work {
    float shaped[N_BINS][2];
    float spectrum[N_BINS][2], pitch_spectrum[N_BINS][2];
    float strengths[N_BANDS], gains[N_BANDS], energy[N_BANDS];
};

union bits {
    float value;
    int32_t integer;
};

/* Within 2 units in the last place, for -80 to 80 (Cephes). */
static float exp_(float x)
{
    const float whole = 12582912.0f; /* 1.5 * 2**23: added, it leaves no bits for a fraction */
    float n = x * 1.44269504f + whole - whole;
    x = x - n * 0.693359375f - n * -2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * x + 1.3981999507e-3f;
    y = y * x + 8.3334519073e-3f;
    y = y * x + 4.1665795894e-2f;
    y = y * x + 1.6666665459e-1f;
    y = y * x + 5.0000001201e-1f;
    union bits power = {.integer = ((int32_t)n + 127) * (1 << 23)};
    return (y * x * x + x + 1.0f) * power.value;
}

/* Within 2 units in the last place, for positive normal numbers (Cephes). */
static float log_(float x)
{
    union bits bits = {.value = x};
    int32_t exponent = ((bits.integer >> 23) & 255) - 126;
    bits.integer = (bits.integer & 0x007fffff) | 0x3f000000; /* 0.5 to 1 */
    float m = bits.value, n;
    if (m < 0.707106781f) {
        m += m;
        exponent -= 1;
    }
    m -= 1.0f;
    n = (float)exponent;
    float squared = m * m, y = 7.0376836292e-2f;
    y = y * m + -1.1514610310e-1f;
    y = y * m + 1.1676998740e-1f;
    y = y * m + -1.2420140846e-1f;
    y = y * m + 1.4249322787e-1f;
    y = y * m + -1.6668057665e-1f;
    y = y * m + 2.0000714765e-1f;
    y = y * m + -2.4999993993e-1f;
    y = y * m + 3.3333331174e-1f;
    y = y * m * squared;
    y += n * -2.12194440e-4f - 0.5f * squared;
    return m + y + n * 0.693359375f;
}

static void interpolate(const struct tables *tables, const float *bands, float *curve)
{
    for (int k = 0; k < N_BINS; k++) {
        int lower = (int)tables->lower[k], upper = lower + 1 < N_BANDS ? lower + 1 : lower;
        curve[k] = bands[lower] + tables->fraction[k] * (bands[upper] - bands[lower]);
    }
}

static void sum_bands(const struct tables *tables, const float *power, float *sums)
{
    double exact[N_BANDS + 1] = {0};
    for (int k = 0; k < N_USED; k++) {
        int lower = (int)tables->lower[k];
        double upper_share = (double)power[k] * tables->fraction[k];
        exact[lower] += power[k] - upper_share;
        exact[lower + 1] += upper_share;
    }
    for (int b = 0; b < N_BANDS; b++)
        sums[b] = (float)(exact[b] * tables->energy_scale);
}

static float limited_log_ratio(float wanted, float got)
{
    float logarithm = log_((wanted + LEVEL_FLOOR) / (got + LEVEL_FLOOR));
    logarithm = logarithm < MAX_CORRECTION ? logarithm : MAX_CORRECTION;
    return logarithm > -MAX_CORRECTION ? logarithm : -MAX_CORRECTION;
}

PUBLIC void percepnet_shape(struct work *work, const struct tables *tables)
{
    float curve[N_BINS], power[N_BINS], sums[N_BANDS], bands[N_BANDS], squares[N_BANDS];

    interpolate(tables, work->strengths, curve);
    for (int k = 0; k < N_BINS; k++) {
        for (int part = 0; part < 2; part++) {
            float noisy = work->spectrum[k][part];
            work->shaped[k][part] = (work->pitch_spectrum[k][part] - noisy) * curve[k] + noisy;
        }
        float real = work->shaped[k][0], imaginary = work->shaped[k][1];
        power[k] = real * real + imaginary * imaginary;
    }

    sum_bands(tables, power, sums);
    for (int b = 0; b < N_BANDS; b++) {
        squares[b] = work->gains[b] * work->gains[b] + GAIN_FLOOR;
        bands[b] = limited_log_ratio(work->energy[b], sums[b]) + log_(squares[b]);
    }
    interpolate(tables, bands, curve);
    for (int k = 0; k < N_BINS; k++)
        power[k] *= exp_(curve[k]);

    sum_bands(tables, power, sums);
    for (int b = 0; b < N_BANDS; b++) {
        float correction = limited_log_ratio(squares[b] * work->energy[b], sums[b]);
        bands[b] = (bands[b] + OVERSHOOT * correction) * 0.5f;
    }
    interpolate(tables, bands, curve);
    for (int k = 0; k < N_BINS; k++) {
        float scale = exp_(curve[k]) * tables->passband[k];
        work->shaped[k][0] *= scale;
        work->shaped[k][1] *= scale;
    }
}
