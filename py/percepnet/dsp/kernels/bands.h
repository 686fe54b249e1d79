/* Bands and curves: band_sums and interpolate_bands of ../erb.py, summed in doubles. */

#define N_BINS 481
#define N_BANDS 128
#define N_USED 401 /* bins up to 20 kHz */

struct bands {
    int32_t ends[N_BANDS];  /* where the next band has its centre; of the last, 20 kHz */
    float fraction[N_BINS]; /* of the way from the band's centre to the next */
    float passband[N_BINS];
    float energy_scale;
};

static void interpolate(const struct bands *bands, const float *values, float *curve)
{
    int k = 0;
    for (int b = 0; b < N_BANDS - 1; b++) {
        float slope = values[b + 1] - values[b];
        for (; k < bands->ends[b]; k++)
            curve[k] = values[b] + bands->fraction[k] * slope;
    }
    for (; k < N_BINS; k++)
        curve[k] = values[N_BANDS - 1];
}

static void sum_bands(const struct bands *bands, const float *power, float *sums)
{
    double from_below = 0;
    int k = 0;
    for (int b = 0; b < N_BANDS; b++) {
        double sum = 0, upper_share = 0;
        for (; k < bands->ends[b]; k++) {
            sum += power[k];
            upper_share += (double)power[k] * bands->fraction[k];
        }
        sums[b] = (float)((from_below + (sum - upper_share)) * bands->energy_scale);
        from_below = upper_share;
    }
}
