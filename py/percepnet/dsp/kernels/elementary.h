/* exp, log and sin of + - * alone: the same bits everywhere, and WebAssembly has no C library. */

#include <stdint.h>

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

/* Within 2 units in the last place, for 0 to pi / 2 (Taylor: the next term is below 6e-8). */
static float sin_(float x)
{
    float squared = x * x, y = -2.5052108385e-8f;
    y = y * squared + 2.7557319224e-6f;
    y = y * squared + -1.9841269841e-4f;
    y = y * squared + 8.3333333333e-3f;
    y = y * squared + -1.6666666667e-1f;
    return y * squared * x + x;
}
