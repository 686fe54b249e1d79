/* One hop of the pitch tracker in one call: the arithmetic of ../pitch.py and ../pitch_path.py,
   step by step under the same names. Only long sums run in another order, the same everywhere.

   Compile without contraction of a * b + c, which would round differently from place to place,
   and without errno, so that a square root is an instruction: WebAssembly has no C library. */

#include <stdint.h>

#define PUBLIC __attribute__((visibility("default")))

/* At 48 kHz, as in constants.py */
#define HOP_LENGTH 480
#define WINDOW_LENGTH 960
#define LOOKAHEAD 960
#define MIN_PERIOD 96
#define MAX_PERIOD 800
#define N_HISTORY (MAX_PERIOD + WINDOW_LENGTH + LOOKAHEAD)

/* As in pitch.py; at 12 kHz */
#define DECIMATION 4
#define HOP (HOP_LENGTH / DECIMATION)
#define WINDOW (WINDOW_LENGTH / DECIMATION)
#define N_TAPS 49
#define ORDER 4
#define LAG_ZERO_FACTOR 1.2
#define ENERGY_FLOOR 1e-10
#define REFINE_SPAN 4

/* As in pitch_path.py */
#define FIRST_LAG (MIN_PERIOD / DECIMATION)
#define LAST_LAG (MAX_PERIOD / DECIMATION)
#define N_LAGS (LAST_LAG - FIRST_LAG + 1)
#define MAX_STEP 8
#define N_STEPS (2 * MAX_STEP + 1)
#define N_PADDED (N_LAGS + 2 * MAX_STEP)
#define JUMP_COST 2.0
#define LEVEL_SMOOTHING (1.0 / 40)
#define LEVEL_FLOOR 1e-10
#define MIN_WEIGHT 0.1
#define MAX_WEIGHT 2.0
#define N_HOPS 3 /* from the newest to the one that is decided */

struct tables {
    double low_pass[N_TAPS];
    double lag_factors[N_LAGS];
    double step_costs[N_STEPS][N_LAGS];
};

struct state {
    double correlation; /* what process() gives beside the period */
    double history[N_HISTORY]; /* the caller puts the newest hop at its end */
    double decimated[WINDOW + ORDER];
    double residual[WINDOW + LAST_LAG];
    double cross_before[N_LAGS];
    double padded[N_HOPS][N_PADDED]; /* newest last, as are the next */
    double correlations[N_HOPS][N_LAGS];
    double mean_level;
    double n_known;
};

typedef double two_doubles __attribute__((vector_size(16), aligned(8), may_alias));

static double dot(const double *a, const double *b, int n)
{
    two_doubles sum[4] = {{0}};
    int i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 4; k++)
            sum[k] += *(const two_doubles *)(a + i + 2 * k) * *(const two_doubles *)(b + i + 2 * k);
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    double total = sum[0][0] + sum[0][1];
    for (; i < n; i++)
        total += a[i] * b[i];
    return total;
}

/* Move what an array holds towards its start; the end stays as it was. */
static void shift(double *array, int n, int by)
{
    for (int i = 0; i < n - by; i++)
        array[i] = array[i + by];
}

static void whitening_filter(const double *decimated, double *taps)
{
    double r[ORDER + 1], a[ORDER], before[ORDER];
    for (int lag = 0; lag <= ORDER; lag++)
        r[lag] = dot(decimated + ORDER, decimated + ORDER - lag, WINDOW);
    double error = LAG_ZERO_FACTOR * r[0] + ENERGY_FLOOR;
    for (int order = 1; order <= ORDER; order++) {
        double sum = 0;
        for (int i = 0; i < order - 1; i++)
            sum += a[i] * r[order - 1 - i];
        double k = -(r[order] + sum) / error;
        for (int i = 0; i < order - 1; i++)
            before[i] = a[i];
        for (int i = 0; i < order - 1; i++)
            a[i] = before[i] + k * before[order - 2 - i];
        a[order - 1] = k;
        error = error * (1 - k * k);
    }
    for (int i = 0; i < ORDER; i++)
        taps[i] = a[ORDER - 1 - i];
    taps[ORDER] = 1;
}

/* Extend the 12 kHz signal and its residual by the newest hop. */
static void whiten(struct state *state, const double *low_pass)
{
    const double *newest = state->history + N_HISTORY - HOP_LENGTH - N_TAPS + 1;
    double *decimated = state->decimated, *residual = state->residual, taps[ORDER + 1];
    shift(decimated, WINDOW + ORDER, HOP);
    for (int n = 0; n < HOP; n++)
        decimated[WINDOW + ORDER - HOP + n] = dot(newest + DECIMATION * n, low_pass, N_TAPS);
    shift(residual, WINDOW + LAST_LAG, HOP);
    whitening_filter(decimated, taps);
    for (int n = 0; n < HOP; n++)
        residual[WINDOW + LAST_LAG - HOP + n] = dot(decimated + WINDOW - HOP + n, taps, ORDER + 1);
}

/* Correlation of the newest 20 ms with the past at every lag; returns their level. */
static double correlate(struct state *state, double *correlations)
{
    const double *residual = state->residual, *hop = residual + WINDOW + LAST_LAG - HOP;
    double squares[WINDOW + LAST_LAG + 1] = {0};
    for (int n = 0; n < WINDOW + LAST_LAG; n++)
        squares[n + 1] = squares[n] + residual[n] * residual[n];
    double newest = squares[WINDOW + LAST_LAG] - squares[LAST_LAG];
    for (int i = 0; i < N_LAGS; i++) {
        int lag = FIRST_LAG + i;
        double cross = dot(hop - lag, hop, HOP);
        double energy = squares[WINDOW + LAST_LAG - lag] - squares[LAST_LAG - lag];
        energy += newest + ENERGY_FLOOR;
        correlations[i] = 2 * (state->cross_before[i] + cross) / energy;
        state->cross_before[i] = cross;
    }
    return __builtin_sqrt(newest);
}

static int argmax(const double *values, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static double next_weight(struct state *state, double level)
{
    state->mean_level += LEVEL_SMOOTHING * (level - state->mean_level);
    double weight = level / (state->mean_level + LEVEL_FLOOR);
    weight = weight > MIN_WEIGHT ? weight : MIN_WEIGHT;
    return weight < MAX_WEIGHT ? weight : MAX_WEIGHT;
}

/* Extend the paths by one hop; the best of all then has score 0. */
static void extend(struct state *state, double weight, const struct tables *tables)
{
    const double *before = state->padded[N_HOPS - 2];
    const double *correlations = state->correlations[N_HOPS - 1];
    double *best = state->padded[N_HOPS - 1] + MAX_STEP;
    for (int i = 0; i < N_LAGS; i++)
        best[i] = -JUMP_COST;
    for (int step = 0; step < N_STEPS; step++)
        for (int i = 0; i < N_LAGS; i++) {
            double reached = before[i + step] - tables->step_costs[step][i];
            best[i] = reached > best[i] ? reached : best[i];
        }
    for (int i = 0; i < N_LAGS; i++) {
        double c = correlations[i];
        best[i] += c * c * c * (weight * tables->lag_factors[i]);
    }
    double highest = best[argmax(best, N_LAGS)];
    for (int i = 0; i < N_LAGS; i++)
        best[i] -= highest;
}

/* Lag index of the oldest hop known; the mean correlation along the path goes into the state. */
static int decide(struct state *state, const struct tables *tables)
{
    int oldest = N_HOPS - (int)state->n_known;
    int index = argmax(state->padded[N_HOPS - 1], N_PADDED) - MAX_STEP;
    double total = state->correlations[N_HOPS - 1][index];
    for (int hop = N_HOPS - 2; hop >= oldest; hop--) {
        double scores[N_STEPS];
        for (int step = 0; step < N_STEPS; step++)
            scores[step] = state->padded[hop][index + step] - tables->step_costs[step][index];
        int nearest = argmax(scores, N_STEPS);
        if (scores[nearest] < -JUMP_COST)
            index = argmax(state->padded[hop], N_PADDED) - MAX_STEP;
        else
            index += nearest - MAX_STEP;
        total += state->correlations[hop][index];
    }
    state->correlation = total / state->n_known;
    return index;
}

/* The period at 48 kHz near a lag at 12 kHz. */
static double refine(const double *history, int index)
{
    int longest = DECIMATION * (FIRST_LAG + index) + REFINE_SPAN;
    longest = longest > MIN_PERIOD + 2 * REFINE_SPAN ? longest : MIN_PERIOD + 2 * REFINE_SPAN;
    longest = longest < MAX_PERIOD ? longest : MAX_PERIOD;
    const double *frame = history + MAX_PERIOD, *past = frame - longest;
    double scores[2 * REFINE_SPAN + 1];
    double energy = ENERGY_FLOOR + dot(past, past, WINDOW_LENGTH);
    energy += dot(frame, frame, WINDOW_LENGTH);
    for (int i = 0; i <= 2 * REFINE_SPAN; i++) {
        scores[i] = dot(past + i, frame, WINDOW_LENGTH) / energy;
        double oldest = past[i], newest = past[WINDOW_LENGTH + i];
        energy += newest * newest - oldest * oldest;
    }
    int best = argmax(scores, 2 * REFINE_SPAN + 1);
    double shorter = best;
    if (0 < best && best < 2 * REFINE_SPAN) {
        double before = scores[best - 1], at = scores[best], after = scores[best + 1];
        double curvature = before - 2 * at + after;
        if (curvature < 0)
            shorter = best + 0.5 * (before - after) / curvature;
    }
    return longest - shorter;
}

PUBLIC int percepnet_pitch_state_size(void)
{
    return sizeof(struct state);
}

PUBLIC void percepnet_pitch_reset(struct state *state)
{
    for (double *value = (double *)state; value < (double *)(state + 1); value++)
        *value = 0;
    for (int hop = 0; hop < N_HOPS; hop++)
        for (int i = 0; i < N_PADDED; i++)
            state->padded[hop][i] = -__builtin_inf();
    for (int i = 0; i < N_LAGS; i++)
        state->padded[N_HOPS - 1][MAX_STEP + i] = 0; /* before the first hop, any lag is as good */
}

/* Take in the newest hop; gives the period of the frame that ends LOOKAHEAD before its end. */
PUBLIC double percepnet_pitch_process(struct state *state, const struct tables *tables)
{
    shift(state->padded[0], N_HOPS * N_PADDED, N_PADDED);
    shift(state->correlations[0], N_HOPS * N_LAGS, N_LAGS);
    state->n_known += state->n_known < N_HOPS;
    whiten(state, tables->low_pass);
    double level = correlate(state, state->correlations[N_HOPS - 1]);
    extend(state, next_weight(state, level), tables);
    double period = refine(state->history, decide(state, tables));
    shift(state->history, N_HISTORY, HOP_LENGTH);
    return period;
}
