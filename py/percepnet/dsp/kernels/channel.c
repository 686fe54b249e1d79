/* The sound of one channel: the arithmetic of ../channel.py and of what it calls, under the same
   names. Spectra are of doubles rounded to floats as there, band sums of doubles.

   Compile without contraction of a * b + c, which would round differently from place to place,
   and without errno, so that a square root is an instruction: WebAssembly has no C library. */

#include "elementary.h"

#include "bands.h"
#include "fft.h"
#include "gains.h"

#define PUBLIC __attribute__((visibility("default")))

/* As in constants.py */
#define HOP_LENGTH 480
#define WINDOW_LENGTH 960
#define LOOKAHEAD 960
#define N_KEPT 3 /* frames from the one being enhanced to the newest */
#define FILTER_PAST 2
#define N_FILTER_FRAMES (FILTER_PAST + N_KEPT)
#define N_FILTER_BANDS 52
#define FILTER_FIRST 1 /* bin of the lowest band */
#define GROUP_BANDS 4
#define N_GROUPS (N_BANDS / GROUP_BANDS)
#define N_GROUP_FEATURES ((N_KEPT + 2 + 2 * (N_FILTER_FRAMES - 1)) * GROUP_BANDS + 2)
#define HIGHPASS_RADIUS 0.9998
#define SILENCE 1e-15
#define MIN_PERIOD 96.0
#define MAX_PERIOD 800
#define LOG_OF_PERIODS 2.1202635f /* natural logarithm of MAX_PERIOD / MIN_PERIOD */
#define COMB_PERIODS 5
#define PAST (COMB_PERIODS * MAX_PERIOD)
#define N_HISTORY (PAST + WINDOW_LENGTH + LOOKAHEAD)

/* As in features.py */
#define ENERGY_FLOOR 1e-2f
#define LEVEL_CENTRE 3.0f
#define LEVEL_SCALE 0.5f
#define COHERENCE_FLOOR 1e-3f
#define LOG10_OF_E 0.43429448f

struct tables {
    double window[WINDOW_LENGTH];
    double tap_weights[COMB_PERIODS + 1][2 * COMB_PERIODS + 1]; /* by future taps; 0: dropped */
    struct complex roots[N_REAL];
    struct bands bands;
};

struct channel {
    double history[N_HISTORY];
    double tail[HOP_LENGTH];
    double highpass_input, highpass_output; /* the last ones */
    float hop[HOP_LENGTH];                  /* what push takes in, what enhance gives */
    float strengths[N_BANDS], gains[N_BANDS];
    float filter_weights[N_FILTER_BANDS][N_FILTER_FRAMES][2];
    float least_gains[N_BANDS]; /* that the next hop may have */
    float energies[N_KEPT][N_BANDS], pitch_energy[N_BANDS];
    float levels[N_KEPT][N_BANDS], pitch_level[N_BANDS]; /* of these, as the network sees them */
    float features[N_GROUPS][N_GROUP_FEATURES];
    float spectra[N_FILTER_FRAMES][N_BINS][2], pitch_spectrum[N_BINS][2], shaped[N_BINS][2];
};

/* Take in a hop. */
PUBLIC void percepnet_channel_push(struct channel *channel)
{
    double *history = channel->history, *newest = history + N_HISTORY - HOP_LENGTH;
    double input = channel->highpass_input, output = channel->highpass_output;
    __builtin_memmove(history, history + HOP_LENGTH, (N_HISTORY - HOP_LENGTH) * sizeof *history);
    for (int n = 0; n < HOP_LENGTH; n++) {
        double difference = (1 + HIGHPASS_RADIUS) / 2 * (channel->hop[n] - input);
        input = channel->hop[n];
        newest[n] = output = HIGHPASS_RADIUS * output + difference;
    }
    channel->highpass_input = input;
    channel->highpass_output = __builtin_fabs(output) > SILENCE ? output : 0;
}

static void window_frame(const struct tables *tables, const double *history, double *frame)
{
    for (int n = 0; n < WINDOW_LENGTH; n++)
        frame[n] = tables->window[n] * history[n];
}

/* What of the frame being enhanced repeats with the period, windowed. */
static void periodic_frame(const struct tables *tables, const double *history, double period,
                           double *frame)
{
    const double whole = 6755399441055744.0; /* 1.5 * 2**52: added, leaves no bits for a fraction */
    int n_future = (int)(LOOKAHEAD / period);
    n_future = n_future < COMB_PERIODS ? n_future : COMB_PERIODS;
    const double *weights = tables->tap_weights[n_future] + COMB_PERIODS;
    const double *taps[2 * COMB_PERIODS + 1];
    for (int k = -n_future; k <= COMB_PERIODS; k++)
        taps[COMB_PERIODS + k] = history + PAST - (int)(k * period + whole - whole);
    for (int n = 0; n < WINDOW_LENGTH; n += 8) {
        two_doubles sum[4] = {{0}};
        for (int k = -n_future; k <= COMB_PERIODS; k++)
            for (int i = 0; i < 4; i++)
                sum[i] += weights[k] * *(const two_doubles *)(taps[COMB_PERIODS + k] + n + 2 * i);
        for (int i = 0; i < 4; i++)
            *(two_doubles *)(frame + n + 2 * i) =
                sum[i] * *(const two_doubles *)(tables->window + n + 2 * i);
    }
}

static void band_correlation(const struct bands *bands, const float (*a)[2], const float (*b)[2],
                             float *correlation)
{
    float products[N_BINS];
    for (int k = 0; k < N_BINS; k++)
        products[k] = a[k][0] * b[k][0] + a[k][1] * b[k][1];
    sum_bands(bands, products, correlation);
}

static void spectrum_of(const struct tables *tables, const double *frame, float (*spectrum)[2],
                        float *energy, float *level)
{
    real_fft(tables->roots, frame, spectrum);
    band_correlation(&tables->bands, spectrum, spectrum, energy);
    for (int b = 0; b < N_BANDS; b++)
        level[b] = (LOG10_OF_E * log_(energy[b] + ENERGY_FLOOR) - LEVEL_CENTRE) * LEVEL_SCALE;
}

/* Look at the newest frame, and at what of the one being enhanced has that period. */
PUBLIC void percepnet_channel_analyse(struct channel *channel, const struct tables *tables,
                                      double period)
{
    double frame[WINDOW_LENGTH];
    __builtin_memmove(channel->spectra, channel->spectra + 1,
                      (N_FILTER_FRAMES - 1) * sizeof channel->spectra[0]);
    __builtin_memmove(channel->energies, channel->energies + 1,
                      (N_KEPT - 1) * sizeof channel->energies[0]);
    __builtin_memmove(channel->levels, channel->levels + 1,
                      (N_KEPT - 1) * sizeof channel->levels[0]);
    window_frame(tables, channel->history + N_HISTORY - WINDOW_LENGTH, frame);
    spectrum_of(tables, frame, channel->spectra[N_FILTER_FRAMES - 1],
                channel->energies[N_KEPT - 1], channel->levels[N_KEPT - 1]);
    periodic_frame(tables, channel->history, period, frame);
    spectrum_of(tables, frame, channel->pitch_spectrum, channel->pitch_energy,
                channel->pitch_level);
}

/* How far the phase of a bin is ahead in another frame: cosine and sine. */
static void phase_advance(const float *frame, const float *other, float floor, float *cosine,
                          float *sine)
{
    float real = other[0] * frame[0] + other[1] * frame[1];
    float imaginary = other[1] * frame[0] - other[0] * frame[1];
    float size = __builtin_sqrtf(real * real + imaginary * imaginary) + floor;
    *cosine = real / size;
    *sine = imaginary / size;
}

/* What the network sees: a row for every group of neighbouring bands. */
PUBLIC void percepnet_channel_describe(struct channel *channel, const struct tables *tables,
                                       double period, double correlation)
{
    const float product_floor = COHERENCE_FLOOR / tables->bands.energy_scale;
    float products[N_BANDS];
    band_correlation(&tables->bands, channel->spectra[FILTER_PAST], channel->pitch_spectrum,
                     products);
    for (int b = 0; b < N_BANDS; b++) {
        float *place = channel->features[b / GROUP_BANDS] + b % GROUP_BANDS;
        for (int n = 0; n < N_KEPT; n++, place += GROUP_BANDS)
            *place = channel->levels[n][b];
        float power = channel->energies[0][b] * channel->pitch_energy[b];
        *place = 2 * (products[b] / __builtin_sqrtf(power + COHERENCE_FLOOR)) - 1;
        place += GROUP_BANDS;
        *place = channel->pitch_level[b];
        for (int n = 0; n < N_FILTER_FRAMES && b < N_FILTER_BANDS; n++)
            if (n != FILTER_PAST) {
                phase_advance(channel->spectra[FILTER_PAST][FILTER_FIRST + b],
                              channel->spectra[n][FILTER_FIRST + b], product_floor,
                              place + GROUP_BANDS, place + 2 * GROUP_BANDS);
                place += 2 * GROUP_BANDS;
            }
    }
    float of_period = 2 * log_((float)(period / MIN_PERIOD)) / LOG_OF_PERIODS - 1;
    for (int group = 0; group < N_GROUPS; group++) {
        channel->features[group][N_GROUP_FEATURES - 2] = of_period;
        channel->features[group][N_GROUP_FEATURES - 1] = (float)(2 * correlation - 0.5);
    }
}

/* Post-filter the gains, and keep them from falling too fast. */
PUBLIC void percepnet_channel_filter(struct channel *channel)
{
    filter_gains(channel->energies[0], channel->energies[1], channel->gains, channel->least_gains);
}

/* Add the weighted frames around the one being enhanced to its lowest bins. */
static void add_filtered(const struct channel *channel, float (*mixed)[2])
{
    for (int b = 0; b < N_FILTER_BANDS; b++)
        for (int n = 0; n < N_FILTER_FRAMES; n++) {
            const float *weight = channel->filter_weights[b][n];
            const float *other = channel->spectra[n][FILTER_FIRST + b];
            mixed[FILTER_FIRST + b][0] += weight[0] * other[0] - weight[1] * other[1];
            mixed[FILTER_FIRST + b][1] += weight[0] * other[1] + weight[1] * other[0];
        }
}

/* Mix in the periodic part, filter, scale the bands, add up the frames. */
PUBLIC void percepnet_channel_enhance(struct channel *channel, const struct tables *tables)
{
    double frame[WINDOW_LENGTH];
    mix_pitch(&tables->bands, channel->spectra[FILTER_PAST], channel->pitch_spectrum,
              channel->strengths, channel->shaped);
    add_filtered(channel, channel->shaped);
    scale_bands(&tables->bands, channel->gains, channel->shaped);
    inverse_real_fft(tables->roots, channel->shaped, frame);
    window_frame(tables, frame, frame);
    for (int n = 0; n < HOP_LENGTH; n++) {
        channel->hop[n] = (float)(frame[n] + channel->tail[n]);
        channel->tail[n] = frame[HOP_LENGTH + n];
    }
}
