/* One hop of a network in one call: the arithmetic of ../layers.py, bit for bit.

   program.py builds the program, a table of layers whose numbers lie in two blocks of memory: what
   the hop before left, and what this hop makes. Places are offsets in bytes into such a block.

   A signal is rows of numbers, one right after the other. All rows have the same weights, which are
   padded to whole BLOCKs with zeros: what is read beyond a row counts for nothing, and what is
   written beyond it the next row overwrites. After its last row there is room for that.

   Compile without contraction of a * b + c: fused, it would round differently.
   No C library is needed: the WebAssembly build has none. */

#include <stddef.h>
#include <stdint.h>

#include "products.h"

#define PUBLIC __attribute__((visibility("default")))

#define BLOCK 16 /* outputs computed together; inputs are padded to a multiple of it, too */

#define ACTIVATION_SCALE 63.0f
#define ACTIVATION_ZERO 64
#define TANH_LIMIT 5.20508f

/* Compilers keep these in registers where they would not keep an array. */
typedef float four_floats __attribute__((vector_size(16), aligned(4)));

enum kind { DENSE_TANH, DENSE_SIGMOID, CONV, GRU };

struct copy {
    int32_t from_hop_before; /* 1: from its memory; 0: from this hop's */
    int32_t from, to, n_bytes;
    int32_t n_rows, from_stride, to_stride; /* in bytes from row to row */
};

struct linear {
    const void *weight;    /* int8 [n_out / 16][n_in / 4][16][4]; dense: float [n_out / 16][n_in][16] */
    const int32_t *offset; /* what the activations' zero point adds to each sum; dense: unused */
    const float *step;     /* dense: unused */
    const float *bias;
    int32_t n_in, n_out;
    int32_t bias_stride; /* from one row's to the next row's; 0: all rows have the same */
};

struct layer {
    struct linear input, recurrent; /* recurrent: GRU only */
    const struct copy *copies;      /* bring the input together */
    int32_t n_copies;
    int32_t kind, n_rows;
    int32_t from, from_stride; /* place of the input, and bytes per row: float if dense, else uint8 */
    int32_t value, quantized;  /* places of the output: float, and the same as uint8 */
    int32_t n_values;          /* of a row of the output */
};

/* BLOCK outputs of one row. */
static void linear(const struct linear *l, int first, const uint8_t *input, const float *bias,
                   float *output)
{
    int32_t sums[BLOCK] = {0};
    add_products((const int8_t *)l->weight + (size_t)first * l->n_in, input, l->n_in, sums);
    for (int i = 0; i < BLOCK; i++)
        output[i] = (float)(sums[i] - l->offset[first + i]) * l->step[first + i] + bias[first + i];
}

static float tanh_(float x)
{
    x = x < -TANH_LIMIT ? -TANH_LIMIT : x;
    x = x > TANH_LIMIT ? TANH_LIMIT : x;
    float squared = x * x;
    float numerator = (squared * 0.60863042f + 96.39235687f) * squared + 952.52801514f;
    float denominator = (squared * 11.88600922f + 413.36801147f) * squared + 952.72399902f;
    return numerator * x / denominator;
}

static float sigmoid(float x)
{
    return tanh_(x * 0.5f) * 0.5f + 0.5f;
}

static void quantize(const float *value, uint8_t *quantized)
{
    const float whole = 12582912.0f; /* 1.5 * 2**23: added, it leaves no bits for a fraction */
    for (int i = 0; i < BLOCK; i++) {
        float level = value[i] * ACTIVATION_SCALE + whole - whole; /* the nearest, halves to even */
        quantized[i] = (uint8_t)((int32_t)level + ACTIVATION_ZERO);
    }
}

static void run_dense(const struct layer *layer, const float *input, const float *bias, float *value,
                      uint8_t *quantized)
{
    const four_floats *weight = layer->input.weight;
    for (int first = 0; first < layer->input.n_out; first += BLOCK) {
        four_floats sum[BLOCK / 4];
        for (int k = 0; k < BLOCK / 4; k++)
            sum[k] = *weight++ * input[0];
        for (int i = 1; i < layer->input.n_in; i++)
            for (int k = 0; k < BLOCK / 4; k++)
                sum[k] += *weight++ * input[i];
        for (int k = 0; k < BLOCK; k++) {
            float y = sum[k / 4][k % 4] + bias[first + k];
            value[first + k] = layer->kind == DENSE_TANH ? tanh_(y) : sigmoid(y);
        }
        quantize(value + first, quantized + first);
    }
}

static void run_conv(const struct layer *layer, const uint8_t *input, const float *bias,
                     float *value, uint8_t *quantized)
{
    for (int first = 0; first < layer->input.n_out; first += BLOCK) {
        linear(&layer->input, first, input, bias, value + first);
        for (int i = 0; i < BLOCK; i++)
            value[first + i] = tanh_(value[first + i]);
        quantize(value + first, quantized + first);
    }
}

static void run_gru(const struct layer *layer, const uint8_t *input, const float *value_before,
                    const uint8_t *quantized_before, float *value, uint8_t *quantized)
{
    const struct linear *of_input = &layer->input, *of_hidden = &layer->recurrent;
    for (int first = 0; first < layer->n_values; first += BLOCK) {
        float from_input[3][BLOCK], from_hidden[3][BLOCK]; /* reset, update, candidate */
        for (int gate = 0; gate < 3; gate++) {
            int output = 3 * first + gate * BLOCK; /* the gates take turns, block by block */
            linear(of_input, output, input, of_input->bias, from_input[gate]);
            linear(of_hidden, output, quantized_before, of_hidden->bias, from_hidden[gate]);
        }
        for (int i = 0; i < BLOCK; i++) {
            float reset = sigmoid(from_input[0][i] + from_hidden[0][i]);
            float update = sigmoid(from_input[1][i] + from_hidden[1][i]);
            float candidate = tanh_(from_input[2][i] + reset * from_hidden[2][i]);
            value[first + i] = update * value_before[first + i] + (1.0f - update) * candidate;
        }
        quantize(value + first, quantized + first);
    }
}

static void run_layer(const struct layer *layer, const uint8_t *hop_before, uint8_t *hop)
{
    for (int row = 0; row < layer->n_rows; row++) {
        const uint8_t *input = hop + layer->from + row * layer->from_stride;
        const float *bias = layer->input.bias + row * layer->input.bias_stride;
        int first = row * layer->n_values;
        float *value = (float *)(hop + layer->value) + first;
        uint8_t *quantized = hop + layer->quantized + first;
        if (layer->kind == GRU)
            run_gru(layer, input, (const float *)(hop_before + layer->value) + first,
                    hop_before + layer->quantized + first, value, quantized);
        else if (layer->kind == CONV)
            run_conv(layer, input, bias, value, quantized);
        else
            run_dense(layer, (const float *)input, bias, value, quantized);
    }
}

/* Whether this processor has what the code was compiled for. */
PUBLIC int percepnet_is_supported(void)
{
#if defined(__AVX512VNNI__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2");
#elif defined(__ARM_FEATURE_DOTPROD) && defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return 1;
#endif
}

PUBLIC void percepnet_run(const struct layer *layers, int n_layers, const uint8_t *hop_before,
                          uint8_t *hop)
{
    for (const struct layer *layer = layers; layer < layers + n_layers; layer++) {
        for (int i = 0; i < layer->n_copies; i++) {
            const struct copy *copy = layer->copies + i;
            const uint8_t *source = (copy->from_hop_before ? hop_before : hop) + copy->from;
            for (int row = 0; row < copy->n_rows; row++)
                __builtin_memcpy(hop + copy->to + row * copy->to_stride,
                                 source + row * copy->from_stride, copy->n_bytes);
        }
        run_layer(layer, hop_before, hop);
    }
}
