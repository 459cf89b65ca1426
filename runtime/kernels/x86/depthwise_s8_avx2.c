/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of s8 for AVX2: 16 channels at a time. Two rows of a column are interleaved
 * in 16 bits, so that an instruction multiplies both and adds the products. In 3x3 and 5x5 windows
 * a column serves all pixels of a tile that read it; others are computed pixel by pixel.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "kernels/x86/requant_avx2.h"
#include "kernels/x86/requant_x86.h"

#define INLINE static inline __attribute__((always_inline))

enum { CHANNELS = 16, REGS = 2, PIXELS = 4, MAX_SIDE = 8, MAX_COLUMNS = 11 };

/* Sums of 16 channels, or numbers of them: register j has channels 8 * l + 4 * j + (0 to 3), which
 * is how interleaving leaves them. */
typedef struct sums {
    __m256i v[REGS];
} sums;

/* What all pixels need of 16 channels. */
typedef struct block {
    sums w[MAX_SIDE / 2 * MAX_SIDE]; /* [pairs of rows][columns] */
    sums bias, multiplier, shift;
    sums odd, add_even, add_odd, right; /* of the short way: zk_requant_avx2_plain() */
    bool plain;
    int32_t channels;
    int8_t zero[CHANNELS];
    /* The last bytes of the input, and zeros: 16 bytes are read of pixels that have fewer. */
    const int8_t *end;
    int8_t tail[2 * CHANNELS];
} block;

/* What a tile reads: a row of pointers for each row of the window, one for each column. */
typedef struct window {
    const int8_t *x[MAX_SIDE][MAX_COLUMNS];
} window;

INLINE sums interleave(__m256i r0, __m256i r1)
{
    return (sums){{_mm256_unpacklo_epi16(r0, r1), _mm256_unpackhi_epi16(r0, r1)}};
}

/* ---- preparing a block ---- */

/* Numbers of n channels, zeros behind them. */
static sums load_numbers(const int32_t *p, int32_t n)
{
    int32_t all[CHANNELS] = {0};
    if (n < CHANNELS) {
        memcpy(all, p, (size_t)n * sizeof(*p));
        p = all;
    }
    const __m256i a = _mm256_loadu_si256((const __m256i *)p);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(p + 8));
    return (sums){{_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31)}};
}

static __m256i load_weights(const int16_t *w, int32_t n)
{
    if (n == CHANNELS)
        return _mm256_loadu_si256((const __m256i *)w);
    int16_t all[CHANNELS] = {0};
    memcpy(all, w, (size_t)n * sizeof(*w));
    return _mm256_loadu_si256((const __m256i *)all);
}

/* zi_requant() and zi_offset_clamp(), any numbers. */
static __m256i requant_any(const zk_depthwise_s8_args *a, const block *b, int r, __m256i acc)
{
    const zk_requant_avx2 any = zk_requant_avx2_make(b->multiplier.v[r], b->shift.v[r]);
    return zk_offset_clamp_avx2(zk_requant_avx2_run(&any, acc), a->out_zero_point, a->lo, a->hi);
}

/* True if a <= b in all lanes, unsigned. */
static __m256i at_most(__m256i a, __m256i b)
{
    return _mm256_cmpeq_epi32(_mm256_max_epu32(a, b), b);
}

/* The numbers of the short way; a channel that has one value whatever the input becomes one of
 * multiplier 0. False if some channel cannot take it. `spread`: what the input can add to a sum. */
static bool fill_plain(const zk_depthwise_s8_args *a, const sums *spread, block *b)
{
    const __m256i one = _mm256_set1_epi32(1), zero = _mm256_setzero_si256();
    sums multiplier = b->multiplier;
    for (int r = 0; r < REGS; r++) {
        const __m256i most = _mm256_add_epi32(_mm256_abs_epi32(b->bias.v[r]), spread->v[r]);
        __m256i right = _mm256_sub_epi32(zero, b->shift.v[r]);
        __m256i offset = _mm256_set1_epi32(a->out_zero_point);
        // lanes without a channel have shift 0, and are constant
        const __m256i plain = _mm256_and_si256(
            at_most(_mm256_sub_epi32(right, one), _mm256_set1_epi32(ZK_PLAIN_SHIFT - 1)),
            at_most(most, _mm256_set1_epi32(ZK_PLAIN_SUM - 1)));
        if (_mm256_movemask_epi8(plain) != -1) {
            const __m256i least =
                requant_any(a, b, r, _mm256_sub_epi32(b->bias.v[r], spread->v[r]));
            const __m256i greatest =
                requant_any(a, b, r, _mm256_add_epi32(b->bias.v[r], spread->v[r]));
            const __m256i constant = _mm256_cmpeq_epi32(least, greatest);
            if (_mm256_movemask_epi8(_mm256_or_si256(plain, constant)) != -1)
                return false;
            right = _mm256_blendv_epi8(right, one, constant);
            multiplier.v[r] = _mm256_andnot_si256(constant, multiplier.v[r]);
            offset = _mm256_blendv_epi8(offset, least, constant);
        }
        const __m256i low = _mm256_set1_epi64x((int64_t)1 << 31);
        const __m256i half = _mm256_srli_epi32(_mm256_sllv_epi32(one, right), 1);
        const __m256i add = _mm256_add_epi32(half, _mm256_sllv_epi32(offset, right));
        b->right.v[r] = right;
        b->add_even.v[r] = _mm256_or_si256(_mm256_slli_epi64(add, 32), low);
        b->add_odd.v[r] = _mm256_blend_epi32(low, add, 0xAA);
        b->odd.v[r] = _mm256_srli_epi64(multiplier.v[r], 32);
    }
    b->multiplier = multiplier;
    return true;
}

static void fill_tail(const zk_depthwise_s8_args *a, block *b)
{
    const zk_conv_shape *s = a->shape;
    const int64_t bytes = (int64_t)s->batch * s->in_h * s->in_w * s->in_c;
    const int64_t n = bytes < CHANNELS ? bytes : CHANNELS;
    memset(b->tail, 0, sizeof(b->tail));
    memcpy(b->tail + CHANNELS - n, a->x + bytes - n, (size_t)n);
    b->end = a->x + bytes;
}

/* 16 channels from c on, or all of fewer. */
static void fill(const zk_depthwise_s8_args *a, int32_t c, block *b)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c < CHANNELS ? s->out_c : CHANNELS;
    const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi16(1);
    sums sum = {{zero, zero}}, spread = sum;
    for (int32_t ky = 0; ky < s->kernel_h; ky += 2) {
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int16_t *w = a->w + ((int64_t)ky * s->kernel_w + kx) * s->out_c + c;
            const __m256i r0 = load_weights(w, n);
            w += (int64_t)s->kernel_w * s->out_c;
            const __m256i r1 = ky + 1 < s->kernel_h ? load_weights(w, n) : zero;
            const sums pair = interleave(r0, r1);
            b->w[ky / 2 * s->kernel_w + kx] = pair;
            for (int r = 0; r < REGS; r++) {
                const __m256i size = _mm256_abs_epi16(pair.v[r]);
                sum.v[r] = _mm256_add_epi32(sum.v[r], _mm256_madd_epi16(pair.v[r], ones));
                spread.v[r] = _mm256_add_epi32(spread.v[r], _mm256_madd_epi16(size, ones));
            }
        }
    }
    _mm_storeu_si128((__m128i *)b->zero, _mm_set1_epi8((char)a->x_zero_point));
    b->channels = n;
    fill_tail(a, b);
    b->bias = load_numbers(a->bias + c, n);
    b->multiplier = load_numbers(a->multiplier + c, n);
    b->shift = load_numbers(a->shift + c, n);
    for (int r = 0; r < REGS; r++)
        spread.v[r] = _mm256_mullo_epi32(spread.v[r], _mm256_set1_epi32(255));
    b->plain = fill_plain(a, &spread, b);
    for (int r = 0; r < REGS; r++)
        b->bias.v[r] = _mm256_sub_epi32(
            b->bias.v[r], _mm256_mullo_epi32(sum.v[r], _mm256_set1_epi32(a->x_zero_point)));
}

/* ---- pixels ---- */

INLINE __m256i load_row(const window *w, int row, int column, int kernel)
{
    if (row >= kernel)
        return _mm256_setzero_si256();
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w->x[row][column]));
}

INLINE void store(const zk_depthwise_s8_args *a, const block *b, sums acc, int8_t *out)
{
#pragma GCC unroll 2
    for (int r = 0; r < REGS; r++)
        acc.v[r] = b->plain
                       ? zk_requant_avx2_plain(acc.v[r], b->multiplier.v[r], b->odd.v[r],
                                               b->add_even.v[r], b->add_odd.v[r], b->right.v[r])
                       : requant_any(a, b, r, acc.v[r]);
    const __m256i words = _mm256_packs_epi32(acc.v[0], acc.v[1]);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    bytes = _mm_max_epi8(bytes, _mm_set1_epi8((char)a->lo));
    bytes = _mm_min_epi8(bytes, _mm_set1_epi8((char)a->hi));
    if (b->channels == CHANNELS) {
        _mm_storeu_si128((__m128i *)out, bytes);
    } else {
        int8_t all[CHANNELS];
        _mm_storeu_si128((__m128i *)all, bytes);
        memcpy(out, all, (size_t)b->channels);
    }
}

/* `pixels` pixels of a row; windows of height x width. */
INLINE void tile(const zk_depthwise_s8_args *a, const block *b, const window *w, int8_t *out,
                 int pixels, int height, int width, int stride)
{
    sums acc[PIXELS];
#pragma GCC unroll 4
    for (int p = 0; p < pixels; p++)
        acc[p] = b->bias;
#pragma GCC unroll 16
    for (int column = 0; column < (pixels - 1) * stride + width; column++) {
#pragma GCC unroll 4
        for (int row = 0; row < height; row += 2) {
            const sums x =
                interleave(load_row(w, row, column, height), load_row(w, row + 1, column, height));
#pragma GCC unroll 4
            for (int p = 0; p < pixels; p++) {
                const int kx = column - p * stride;
                if (kx < 0 || kx >= width)
                    continue;
#pragma GCC unroll 2
                for (int r = 0; r < REGS; r++)
                    acc[p].v[r] = _mm256_add_epi32(
                        acc[p].v[r], _mm256_madd_epi16(x.v[r], b->w[row / 2 * width + kx].v[r]));
            }
        }
    }
#pragma GCC unroll 4
    for (int p = 0; p < pixels; p++)
        store(a, b, acc[p], out + (int64_t)p * a->shape->out_c);
}

typedef void tile_fn(const zk_depthwise_s8_args *a, const block *b, const window *w, int8_t *out);

#define TILE(pixels, kernel, stride)                                                               \
    static void tile_##pixels##_##kernel##_##stride(const zk_depthwise_s8_args *a, const block *b, \
                                                    const window *w, int8_t *out)                  \
    {                                                                                              \
        tile(a, b, w, out, pixels, kernel, kernel, stride);                                        \
    }

TILE(4, 3, 1)
TILE(4, 3, 2)
TILE(4, 5, 1)
TILE(4, 5, 2)

static void any_pixel(const zk_depthwise_s8_args *a, const block *b, const window *w, int8_t *out)
{
    const int height = a->shape->kernel_h, width = a->shape->kernel_w;
    sums acc = b->bias;
    for (int row = 0; row < height; row += 2) {
        for (int column = 0; column < width; column++) {
            const sums x =
                interleave(load_row(w, row, column, height), load_row(w, row + 1, column, height));
            for (int r = 0; r < REGS; r++)
                acc.v[r] = _mm256_add_epi32(
                    acc.v[r], _mm256_madd_epi16(x.v[r], b->w[row / 2 * width + column].v[r]));
        }
    }
    store(a, b, acc, out);
}

/* ---- rows ---- */

/* Pixels of few channels at the input's end are read from their copy. */
static void avoid_end(const zk_conv_shape *s, const block *b, int32_t columns, window *w)
{
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        for (int32_t i = 0; i < columns; i++) {
            if (w->x[ky][i] != b->zero && b->end - w->x[ky][i] < CHANNELS)
                w->x[ky][i] = b->tail + CHANNELS - (b->end - w->x[ky][i]);
        }
    }
}

static tile_fn *tile_for(const zk_conv_shape *s)
{
    const bool square = s->kernel_h == s->kernel_w && s->dilation_w == 1 && s->stride_w <= 2;
    if (!square || s->out_w < PIXELS || (s->kernel_h != 3 && s->kernel_h != 5))
        return any_pixel;
    if (s->kernel_h == 3)
        return s->stride_w == 1 ? tile_4_3_1 : tile_4_3_2;
    return s->stride_w == 1 ? tile_4_5_1 : tile_4_5_2;
}

/* What the tile reads whose first column is input column `first`. */
static void place(const zk_conv_shape *s, const block *b, const int8_t *const *rows,
                  int32_t columns, int64_t first, window *w)
{
    for (int32_t i = 0; i < columns; i++) {
        const int64_t ix = first + (int64_t)i * s->dilation_w;
        const bool inside = ix >= 0 && ix < s->in_w;
        for (int32_t ky = 0; ky < s->kernel_h; ky++)
            w->x[ky][i] = inside && rows[ky] ? rows[ky] + ix * s->in_c : b->zero;
    }
    if (b->channels < CHANNELS)
        avoid_end(s, b, columns, w);
}

/* The same for the next tile, if neither has columns outside the input. */
static void advance(const zk_conv_shape *s, const int8_t *const *rows, int32_t columns,
                    int64_t bytes, window *w)
{
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t step = rows[ky] ? bytes : 0;
        for (int32_t i = 0; i < columns; i++)
            w->x[ky][i] += step;
    }
}

/* 16 channels from c on, of one row of the output. */
static void row(const zk_depthwise_s8_args *a, const block *b, int64_t index, int32_t c)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->out_c;
    const int8_t *image = a->x + index / s->out_h * s->in_h * s->in_w * n + c;
    int8_t *out = a->out + index * s->out_w * n + c;
    tile_fn *run = tile_for(s);
    const int32_t pixels = run == any_pixel ? 1 : PIXELS;
    const int32_t columns = (pixels - 1) * s->stride_w + s->kernel_w;
    const int8_t *rows[MAX_SIDE];
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, (int32_t)(index % s->out_h), ky);
        rows[ky] = iy < 0 ? NULL : image + iy * s->in_w * n;
    }
    window w;
    bool before = false; // the last tile lay inside the input, and this one is next to it
    for (int32_t ox = 0; ox < s->out_w; ox += pixels) {
        const bool next = s->out_w - ox >= pixels;
        ox = next ? ox : s->out_w - pixels; // the last of them once more
        const int64_t first = (int64_t)ox * s->stride_w - s->pad_left;
        const int64_t last = first + (int64_t)(columns - 1) * s->dilation_w;
        const bool inside = first >= 0 && last < s->in_w;
        if (before && inside && next)
            advance(s, rows, columns, pixels * s->stride_w * n, &w);
        else
            place(s, b, rows, columns, first, &w);
        before = inside && b->channels == CHANNELS;
        run(a, b, &w, out + ox * n);
    }
}

void zk_depthwise_s8_avx2(const zk_depthwise_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    if (s->kernel_h > MAX_SIDE || s->kernel_w > MAX_SIDE) {
        zk_depthwise_s8_ref(a);
        return;
    }
    for (int32_t c = 0; c < s->out_c; c += CHANNELS) {
        const int32_t last = s->out_c < CHANNELS ? 0 : s->out_c - CHANNELS;
        const int32_t at = c < last ? c : last;
        block b;
        fill(a, at, &b);
        for (int64_t i = a->row_begin; i < a->row_end; i++)
            row(a, &b, i, at);
    }
}
