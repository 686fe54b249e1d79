/* Sums of products of bytes, for each processor with its own instructions. */

#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

/* Add 16 rows' sums of weight times input to `sums`. Inputs are 0...127, weights -127...127: two
   products together stay within int16, which makes all of these exact. */

#if defined(__AVX512VNNI__)

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    __m512i sum[4] = {_mm512_loadu_si512(sums)}; /* four, as one would wait for itself */
    for (int i = 0; i < n_in; i += 16, weight += 256)
        for (int k = 0; k < 4; k++) {
            int32_t x;
            __builtin_memcpy(&x, input + i + 4 * k, 4);
            sum[k] = _mm512_dpbusd_epi32(sum[k], _mm512_set1_epi32(x),
                                         _mm512_loadu_si512(weight + 64 * k));
        }
    _mm512_storeu_si512(sums, _mm512_add_epi32(_mm512_add_epi32(sum[0], sum[1]),
                                               _mm512_add_epi32(sum[2], sum[3])));
}

#elif defined(__AVX2__)

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    __m256i *memory = (__m256i *)sums;
    __m256i sum[2] = {_mm256_loadu_si256(memory), _mm256_loadu_si256(memory + 1)};
    for (int i = 0; i < n_in; i += 4, weight += 64) {
        int32_t x;
        __builtin_memcpy(&x, input + i, 4);
        for (int k = 0; k < 2; k++) {
            __m256i w = _mm256_loadu_si256((const __m256i *)weight + k);
            __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(x), w);
            sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    for (int k = 0; k < 2; k++)
        _mm256_storeu_si256(memory + k, sum[k]);
}

#elif defined(__wasm_relaxed_simd__)

/* Whether a product of four bytes is one instruction: that takes an input above 127 as it is, or as
   negative. Products of two overflow int16 there; for the inputs in use it is all the same. */
static int has_products_of_four(void)
{
    volatile uint8_t largest = 255;
    v128_t sums = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(
        wasm_i8x16_const_splat(127), wasm_u8x16_splat(largest), wasm_i32x4_const_splat(0));
    int32_t sum = wasm_i32x4_extract_lane(sums, 0);
    return sum == 4 * 127 * 255 || sum == 4 * 127 * -1;
}

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    v128_t sum[4];
    for (int k = 0; k < 4; k++)
        sum[k] = wasm_v128_load(sums + 4 * k);
    if (has_products_of_four())
        for (int i = 0; i < n_in; i += 4, weight += 64) {
            v128_t x = wasm_v128_load32_splat(input + i);
            for (int k = 0; k < 4; k++) {
                v128_t w = wasm_v128_load(weight + 16 * k);
                sum[k] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, x, sum[k]);
            }
        }
    else /* the same in steps takes browsers three instructions instead of five */
        for (int i = 0; i < n_in; i += 4, weight += 64) {
            v128_t x = wasm_v128_load32_splat(input + i);
            for (int k = 0; k < 4; k++) {
                v128_t w = wasm_v128_load(weight + 16 * k);
                v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(w, x);
                v128_t products = wasm_i32x4_dot_i16x8(pairs, wasm_i16x8_const_splat(1));
                sum[k] = wasm_i32x4_add(sum[k], products);
            }
        }
    for (int k = 0; k < 4; k++)
        wasm_v128_store(sums + 4 * k, sum[k]);
}

#elif defined(__wasm_simd128__)

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    v128_t sum[8]; /* two rows each, two lanes per row */
    for (int k = 0; k < 8; k++)
        sum[k] = wasm_i32x4_const_splat(0);
    for (int i = 0; i < n_in; i += 4, weight += 64) {
        v128_t x = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_splat(input + i));
        x = wasm_i64x2_shuffle(x, x, 0, 0);
        for (int k = 0; k < 8; k++) {
            v128_t w = wasm_i16x8_load8x8(weight + 8 * k);
            sum[k] = wasm_i32x4_add(sum[k], wasm_i32x4_dot_i16x8(w, x));
        }
    }
    for (int k = 0; k < 4; k++) {
        v128_t even = wasm_i32x4_shuffle(sum[2 * k], sum[2 * k + 1], 0, 2, 4, 6);
        v128_t odd = wasm_i32x4_shuffle(sum[2 * k], sum[2 * k + 1], 1, 3, 5, 7);
        v128_t before = wasm_v128_load(sums + 4 * k);
        wasm_v128_store(sums + 4 * k, wasm_i32x4_add(before, wasm_i32x4_add(even, odd)));
    }
}

#elif defined(__ARM_FEATURE_DOTPROD)

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    int32x4_t sum[4];
    for (int k = 0; k < 4; k++)
        sum[k] = vld1q_s32(sums + 4 * k);
    for (int i = 0; i < n_in; i += 4, weight += 64) {
        int32_t x;
        __builtin_memcpy(&x, input + i, 4);
        for (int k = 0; k < 4; k++)
            sum[k] = vdotq_s32(sum[k], vld1q_s8(weight + 16 * k),
                               vreinterpretq_s8_s32(vdupq_n_s32(x)));
    }
    for (int k = 0; k < 4; k++)
        vst1q_s32(sums + 4 * k, sum[k]);
}

#else

typedef int8_t eight_bytes __attribute__((vector_size(8), aligned(1)));
typedef int16_t eight_shorts __attribute__((vector_size(16)));
typedef int32_t eight_ints __attribute__((vector_size(32)));

static void add_products(const int8_t *weight, const uint8_t *input, int n_in, int32_t *sums)
{
    for (int half = 0; half < 2; half++) {
        eight_ints sum[4] = {{0}}; /* two rows each, four lanes per row */
        for (int i = 0; i < n_in; i += 8) {
            const uint8_t *a = input + i;
            eight_shorts x = {a[0], a[1], a[2], a[3], a[0], a[1], a[2], a[3]};
            eight_shorts y = {a[4], a[5], a[6], a[7], a[4], a[5], a[6], a[7]};
            const eight_bytes *w = (const eight_bytes *)(weight + 16 * i + 32 * half);
            for (int k = 0; k < 4; k++) {
                eight_shorts pairs = __builtin_convertvector(w[k], eight_shorts) * x
                                   + __builtin_convertvector(w[k + 8], eight_shorts) * y;
                sum[k] += __builtin_convertvector(pairs, eight_ints);
            }
        }
        for (int k = 0; k < 8; k++) {
            int32_t *lanes = (int32_t *)sum + 4 * k;
            sums[8 * half + k] += lanes[0] + lanes[1] + lanes[2] + lanes[3];
        }
    }
}

#endif
