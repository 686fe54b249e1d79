/* Real FFT of 960 samples and its inverse: as complex FFT of 480, and this as two of 240 side by
   side in vectors, even and odd outputs. Doubles, as numpy computes for frames. */

#define N_REAL 960
#define N_COMPLEX (N_REAL / 2)
#define N_HALF (N_COMPLEX / 2)
#define N_OUT (N_REAL / 2 + 1)

typedef double two_doubles __attribute__((vector_size(16), aligned(8), may_alias));

struct complex {
    double re, im;
};

struct pair { /* a complex number of each of the two FFTs */
    two_doubles re, im;
};

/* exp(-2 pi i k / N_REAL) for k from 0 to N_REAL - 1 */
typedef const struct complex roots[N_REAL];

static struct complex times(struct complex a, struct complex b)
{
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static inline struct pair add(struct pair a, struct pair b)
{
    return (struct pair){a.re + b.re, a.im + b.im};
}

static inline struct pair subtract(struct pair a, struct pair b)
{
    return (struct pair){a.re - b.re, a.im - b.im};
}

static inline struct pair scale(struct pair a, double by)
{
    return (struct pair){a.re * by, a.im * by};
}

static inline struct pair minus_i_times(struct pair a)
{
    return (struct pair){a.im, -a.re};
}

static inline struct pair turn(struct pair a, struct complex by)
{
    return (struct pair){a.re * by.re - a.im * by.im, a.re * by.im + a.im * by.re};
}

/* FFT of 3, 4 or 5 numbers, in place. */
static inline void butterfly(int radix, struct pair *x)
{
    if (radix == 4) {
        struct pair a = add(x[0], x[2]), b = subtract(x[0], x[2]);
        struct pair c = add(x[1], x[3]), d = minus_i_times(subtract(x[1], x[3]));
        x[0] = add(a, c);
        x[1] = add(b, d);
        x[2] = subtract(a, c);
        x[3] = subtract(b, d);
    } else if (radix == 3) {
        const double sin60 = 0.86602540378443864676;
        struct pair a = add(x[1], x[2]), b = subtract(x[0], scale(a, 0.5));
        struct pair c = minus_i_times(scale(subtract(x[1], x[2]), sin60));
        x[0] = add(x[0], a);
        x[1] = add(b, c);
        x[2] = subtract(b, c);
    } else {
        const double cos72 = 0.30901699437494742410, sin72 = 0.95105651629515357212;
        const double cos36 = 0.80901699437494742410, sin36 = 0.58778525229247312917;
        struct pair a = add(x[1], x[4]), b = add(x[2], x[3]);
        struct pair c = subtract(x[1], x[4]), d = subtract(x[2], x[3]);
        struct pair e = add(x[0], subtract(scale(a, cos72), scale(b, cos36)));
        struct pair f = add(x[0], subtract(scale(b, cos72), scale(a, cos36)));
        struct pair g = minus_i_times(add(scale(c, sin72), scale(d, sin36)));
        struct pair h = minus_i_times(subtract(scale(c, sin36), scale(d, sin72)));
        x[0] = add(x[0], add(a, b));
        x[1] = add(e, g);
        x[2] = add(f, h);
        x[3] = subtract(f, h);
        x[4] = subtract(e, g);
    }
}

/* One step of Stockham's FFT: of `stride` interleaved sequences, each as long as the rest says. */
static inline void step(int radix, int stride, roots w, const struct pair *from, struct pair *to)
{
    int n_parts = N_HALF / stride / radix, distance = N_HALF / radix;
    for (int part = 0; part < n_parts; part++)
        for (int i = 0; i < stride; i++) {
            struct pair x[5];
            for (int k = 0; k < radix; k++)
                x[k] = from[stride * part + distance * k + i];
            butterfly(radix, x);
            to[stride * radix * part + i] = x[0];
            for (int k = 1; k < radix; k++)
                to[stride * (radix * part + k) + i] =
                    turn(x[k], w[N_REAL / N_HALF * stride * part * k]);
        }
}

/* FFT of N_COMPLEX numbers: the two of its halves' sums and differences give every other output. */
static void complex_fft(roots w, const struct complex *input, struct complex *output)
{
    struct pair x[N_HALF], y[N_HALF];
    for (int n = 0; n < N_HALF; n++) {
        struct complex a = input[n], b = input[n + N_HALF];
        struct complex odd = times((struct complex){a.re - b.re, a.im - b.im}, w[2 * n]);
        x[n] = (struct pair){{a.re + b.re, odd.re}, {a.im + b.im, odd.im}};
    }
    step(4, 1, w, x, y);
    step(4, 4, w, y, x);
    step(3, 16, w, x, y);
    step(5, 48, w, y, x);
    for (int k = 0; k < N_HALF; k++)
        for (int odd = 0; odd < 2; odd++)
            output[2 * k + odd] = (struct complex){x[k].re[odd], x[k].im[odd]};
}

/* Spectrum of N_REAL samples. */
static void real_fft(roots w, const double *samples, float (*spectrum)[2])
{
    struct complex z[N_COMPLEX + 1];
    complex_fft(w, (const struct complex *)samples, z);
    z[N_COMPLEX] = z[0];
    for (int k = 0; k <= N_COMPLEX; k++) {
        struct complex a = z[k], b = z[N_COMPLEX - k]; /* b is meant conjugate */
        struct complex odd = times((struct complex){a.im + b.im, b.re - a.re}, w[k]);
        spectrum[k][0] = (float)(0.5 * (a.re + b.re + odd.re));
        spectrum[k][1] = (float)(0.5 * (a.im - b.im + odd.im));
    }
}

/* Samples of a spectrum; what is imaginary at its ends does not count. */
static void inverse_real_fft(roots w, const float (*spectrum)[2], double *samples)
{
    const double scale = 1.0 / N_REAL;
    struct complex z[N_COMPLEX], *swapped = (struct complex *)samples;
    for (int k = 0; k < N_COMPLEX; k++) {
        const float *a = spectrum[k], *b = spectrum[N_COMPLEX - k]; /* b is meant conjugate */
        struct complex root = {w[k].re, -w[k].im};
        double a_im = k ? a[1] : 0, b_im = k ? b[1] : 0;
        struct complex odd = times((struct complex){(double)a[0] - b[0], a_im + b_im}, root);
        /* An FFT of what has real and imaginary parts swapped is the inverse one, swapped. */
        double re = (double)a[0] + b[0] - odd.im, im = a_im - b_im + odd.re;
        z[k] = (struct complex){scale * im, scale * re};
    }
    complex_fft(w, z, swapped);
    for (int n = 0; n < N_COMPLEX; n++)
        swapped[n] = (struct complex){swapped[n].im, swapped[n].re};
}
