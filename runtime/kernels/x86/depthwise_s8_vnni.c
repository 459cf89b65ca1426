/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of s8 for AVX-512 VNNI. The bytes of up to four rows of a column are
 * interleaved, so that one lane has what one channel reads there: an instruction then multiplies
 * the column. A column serves all pixels of a tile that read it. 64 channels at a time.
 */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

enum { CHANNELS = 64, REGS = 4, PIXELS = 4, MAX_COLUMNS = 13, MAX_TAPS = 25 };

/* Sums of 64 channels, or numbers of them: register j has channels 16 * l + 4 * j + (0 to 3), which
 * is how interleaving leaves them. */
typedef struct sums {
    __m512i v[REGS];
} sums;

/* What all pixels need of 64 channels. */
typedef struct block {
    sums w[2 * 5]; /* [quads of rows][columns] */
    sums bias, multiplier, odd, add_even, add_odd, left, right;
    __mmask64 mask; /* channels that there are */
    bool plain;     /* requant_avx512.h */
    int8_t zero[CHANNELS];
} block;

INLINE sums interleave(__m512i r0, __m512i r1, __m512i r2, __m512i r3)
{
    const __m512i a = _mm512_unpacklo_epi8(r0, r1), b = _mm512_unpackhi_epi8(r0, r1);
    const __m512i c = _mm512_unpacklo_epi8(r2, r3), d = _mm512_unpackhi_epi8(r2, r3);
    return (sums){{_mm512_unpacklo_epi16(a, c), _mm512_unpackhi_epi16(a, c),
                   _mm512_unpacklo_epi16(b, d), _mm512_unpackhi_epi16(b, d)}};
}

/* ---- preparing a block ---- */

/* Numbers of n channels. */
static sums load_numbers(const int32_t *p, int32_t n)
{
    __m512i v[REGS];
    for (int i = 0; i < REGS; i++) {
        const int32_t left = n - 16 * i;
        const __mmask16 mask = (__mmask16)(left >= 16 ? 0xFFFF : left <= 0 ? 0 : (1 << left) - 1);
        v[i] = _mm512_maskz_loadu_epi32(mask, p + 16 * i);
    }
    const __m512i a = _mm512_shuffle_i32x4(v[0], v[1], 0x44);
    const __m512i b = _mm512_shuffle_i32x4(v[0], v[1], 0xEE);
    const __m512i c = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(v[2], v[3], 0xEE);
    return (sums){{_mm512_shuffle_i32x4(a, c, 0x88), _mm512_shuffle_i32x4(a, c, 0xDD),
                   _mm512_shuffle_i32x4(b, d, 0x88), _mm512_shuffle_i32x4(b, d, 0xDD)}};
}

/* Weights of a tap as bytes; sets *fit to false if they are too large for that. */
static __m512i load_weights(const int16_t *w, __mmask64 mask, bool *fit)
{
    const __m512i low = _mm512_maskz_loadu_epi16((__mmask32)mask, w);
    const __m512i high = _mm512_maskz_loadu_epi16((__mmask32)(mask >> 32), w + 32);
    const __m256i low8 = _mm512_cvtsepi16_epi8(low), high8 = _mm512_cvtsepi16_epi8(high);
    *fit = *fit && !_mm512_cmpneq_epi16_mask(_mm512_cvtepi8_epi16(low8), low) &&
           !_mm512_cmpneq_epi16_mask(_mm512_cvtepi8_epi16(high8), high);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low8), high8, 1);
}

static bool fill_weights(const zk_depthwise_s8_args *a, int32_t c, block *b)
{
    const zk_conv_shape *s = a->shape;
    bool fit = true;
    for (int32_t quad = 0; quad * 4 < s->kernel_h; quad++) {
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            __m512i rows[4];
            for (int32_t i = 0; i < 4; i++) {
                const int32_t tap = (quad * 4 + i) * s->kernel_w + kx;
                rows[i] = quad * 4 + i < s->kernel_h
                              ? load_weights(a->w + (int64_t)tap * s->out_c + c, b->mask, &fit)
                              : _mm512_setzero_si512();
            }
            b->w[quad * s->kernel_w + kx] = interleave(rows[0], rows[1], rows[2], rows[3]);
        }
    }
    return fit;
}

/* zi_requant() and zi_offset_clamp(), any numbers. */
static __m512i requant_any(const zk_depthwise_s8_args *a, const block *b, int r, __m512i acc)
{
    const __m512i x =
        zk_requant_avx512(acc, b->multiplier.v[r], b->odd.v[r], b->left.v[r], b->right.v[r]);
    const __m512i zero = _mm512_set1_epi32(a->out_zero_point);
    const __m512i lo = _mm512_sub_epi32(_mm512_set1_epi32(a->lo), zero);
    const __m512i hi = _mm512_sub_epi32(_mm512_set1_epi32(a->hi), zero);
    return _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(x, lo), hi), zero);
}

/* The numbers of the short way; a channel that has one value whatever the input becomes one of
 * multiplier 0 for it. False if some channel cannot take it: then nothing has changed. */
static bool fill_plain(const zk_depthwise_s8_args *a, const sums *spread, block *b)
{
    const __m512i one = _mm512_set1_epi32(1), zero = _mm512_setzero_si512();
    sums right = b->right, multiplier = b->multiplier;
    for (int r = 0; r < REGS; r++) {
        const __m512i most = _mm512_add_epi32(_mm512_abs_epi32(b->bias.v[r]), spread->v[r]);
        const __mmask16 plain = _mm512_cmple_epu32_mask(_mm512_sub_epi32(right.v[r], one),
                                                        _mm512_set1_epi32(ZK_PLAIN_SHIFT - 1)) &
                                _mm512_cmplt_epu32_mask(most, _mm512_set1_epi32(ZK_PLAIN_SUM));
        __m512i offset = _mm512_set1_epi32(a->out_zero_point);
        if (plain != 0xFFFF) {
            const __m512i least =
                requant_any(a, b, r, _mm512_sub_epi32(b->bias.v[r], spread->v[r]));
            const __m512i greatest =
                requant_any(a, b, r, _mm512_add_epi32(b->bias.v[r], spread->v[r]));
            const __mmask16 constant = _mm512_cmpeq_epi32_mask(least, greatest);
            if ((plain | constant) != 0xFFFF)
                return false;
            right.v[r] = _mm512_mask_mov_epi32(right.v[r], constant, one);
            multiplier.v[r] = _mm512_mask_mov_epi32(multiplier.v[r], constant, zero);
            offset = _mm512_mask_mov_epi32(offset, constant, least);
        }
        const __m512i low = _mm512_set1_epi64((int64_t)1 << 31);
        const __m512i half = _mm512_srli_epi32(_mm512_sllv_epi32(one, right.v[r]), 1);
        const __m512i add = _mm512_add_epi32(half, _mm512_sllv_epi32(offset, right.v[r]));
        b->add_even.v[r] = _mm512_or_si512(_mm512_slli_epi64(add, 32), low);
        b->add_odd.v[r] = _mm512_mask_mov_epi32(low, 0xAAAA, add);
    }
    b->right = right;
    b->multiplier = multiplier;
    for (int r = 0; r < REGS; r++)
        b->odd.v[r] = _mm512_srli_epi64(multiplier.v[r], 32);
    return true;
}

/* Channels [c, c + n); false if the weights are too large. */
static bool fill(const zk_depthwise_s8_args *a, int32_t c, int32_t n, block *b)
{
    const zk_conv_shape *s = a->shape;
    const int32_t columns = (s->kernel_h + 3) / 4 * s->kernel_w;
    b->mask = ~(uint64_t)0 >> (CHANNELS - n);
    if (!fill_weights(a, c, b))
        return false;
    _mm512_storeu_si512(b->zero, _mm512_set1_epi8((char)a->x_zero_point));
    b->bias = load_numbers(a->bias + c, n);
    b->multiplier = load_numbers(a->multiplier + c, n);
    const sums shift = load_numbers(a->shift + c, n);
    sums sum, spread;
    for (int r = 0; r < REGS; r++) {
        const __m512i zero = _mm512_setzero_si512(), ones = _mm512_set1_epi8(1);
        b->left.v[r] = _mm512_max_epi32(shift.v[r], zero);
        b->right.v[r] = _mm512_max_epi32(_mm512_sub_epi32(zero, shift.v[r]), zero);
        b->odd.v[r] = _mm512_srli_epi64(b->multiplier.v[r], 32);
        sum.v[r] = spread.v[r] = zero;
        for (int32_t i = 0; i < columns; i++) {
            const __m512i w = b->w[i].v[r];
            sum.v[r] = _mm512_dpbusd_epi32(sum.v[r], ones, w);
            spread.v[r] = _mm512_dpbusd_epi32(spread.v[r], _mm512_abs_epi8(w), ones);
        }
        spread.v[r] = _mm512_mullo_epi32(spread.v[r], _mm512_set1_epi32(255));
    }
    b->plain = fill_plain(a, &spread, b);
    for (int r = 0; r < REGS; r++) {
        const __m512i zero = _mm512_set1_epi32(a->x_zero_point + 128);
        b->bias.v[r] = _mm512_sub_epi32(b->bias.v[r], _mm512_mullo_epi32(sum.v[r], zero));
    }
    return true;
}

/* ---- pixels ---- */

/* What a tile reads: a row of pointers for each row of the window, one for each column. */
typedef struct window {
    const int8_t *x[5][MAX_COLUMNS];
} window;

/* The bytes of one row of a column, flipped to x + 128. */
INLINE __m512i load_row(const block *b, const window *w, int row, int column, int kernel)
{
    if (row >= kernel)
        return _mm512_setzero_si512();
    return _mm512_xor_si512(_mm512_maskz_loadu_epi8(b->mask, w->x[row][column]),
                            _mm512_set1_epi8(-128));
}

INLINE void store(const zk_depthwise_s8_args *a, const block *b, sums acc, int8_t *out)
{
#pragma GCC unroll 4
    for (int r = 0; r < REGS; r++)
        acc.v[r] = b->plain
                       ? zk_requant_avx512_plain(acc.v[r], b->multiplier.v[r], b->odd.v[r],
                                                 b->add_even.v[r], b->add_odd.v[r], b->right.v[r])
                       : requant_any(a, b, r, acc.v[r]);
    __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(acc.v[0], acc.v[1]),
                                       _mm512_packs_epi32(acc.v[2], acc.v[3]));
    bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)a->lo));
    bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8((char)a->hi));
    _mm512_mask_storeu_epi8(out, b->mask, bytes);
}

/* `pixels` pixels of a row, with a square window of `kernel`. */
INLINE void tile(const zk_depthwise_s8_args *a, const block *b, const window *w, int8_t *out,
                 int pixels, int kernel, int stride)
{
    sums acc[PIXELS];
#pragma GCC unroll 4
    for (int p = 0; p < pixels; p++)
        acc[p] = b->bias;
#pragma GCC unroll 16
    for (int column = 0; column < (pixels - 1) * stride + kernel; column++) {
#pragma GCC unroll 2
        for (int quad = 0; quad * 4 < kernel; quad++) {
            const sums x = interleave(load_row(b, w, quad * 4, column, kernel),
                                      load_row(b, w, quad * 4 + 1, column, kernel),
                                      load_row(b, w, quad * 4 + 2, column, kernel),
                                      load_row(b, w, quad * 4 + 3, column, kernel));
#pragma GCC unroll 4
            for (int p = 0; p < pixels; p++) {
                const int kx = column - p * stride;
                if (kx < 0 || kx >= kernel)
                    continue;
#pragma GCC unroll 4
                for (int r = 0; r < REGS; r++)
                    acc[p].v[r] =
                        _mm512_dpbusd_epi32(acc[p].v[r], x.v[r], b->w[quad * kernel + kx].v[r]);
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
        tile(a, b, w, out, pixels, kernel, stride);                                                \
    }

TILE(4, 3, 1)
TILE(1, 3, 1)
TILE(4, 3, 2)
TILE(1, 3, 2)
TILE(4, 5, 1)
TILE(1, 5, 1)
TILE(4, 5, 2)
TILE(1, 5, 2)

/* ---- rows ---- */

/* Channels from c on, of one row of the output. */
static void row(const zk_depthwise_s8_args *a, const block *b, int64_t index, int32_t c)
{
    static tile_fn *const tiles[2][2][2] = {{{tile_4_3_1, tile_1_3_1}, {tile_4_3_2, tile_1_3_2}},
                                            {{tile_4_5_1, tile_1_5_1}, {tile_4_5_2, tile_1_5_2}}};
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->out_c;
    const int8_t *image = a->x + index / s->out_h * s->in_h * s->in_w * n + c;
    int8_t *out = a->out + index * s->out_w * n + c;
    const int32_t pixels = s->out_w >= PIXELS ? PIXELS : 1;
    const int32_t columns = (pixels - 1) * s->stride_w + s->kernel_w;
    tile_fn *run = tiles[s->kernel_h == 5][s->stride_w == 2][pixels == 1];
    const int8_t *rows[5];
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, (int32_t)(index % s->out_h), ky);
        rows[ky] = iy < 0 ? NULL : image + iy * s->in_w * n;
    }
    for (int32_t ox = 0; ox < s->out_w; ox += pixels) {
        ox = s->out_w - ox < pixels ? s->out_w - pixels : ox; // the last of them once more
        const int64_t first = (int64_t)ox * s->stride_w - s->pad_left;
        window w;
        for (int32_t i = 0; i < columns; i++) {
            const bool inside = first + i >= 0 && first + i < s->in_w;
            for (int32_t ky = 0; ky < s->kernel_h; ky++)
                w.x[ky][i] = inside && rows[ky] ? rows[ky] + (first + i) * n : b->zero;
        }
        run(a, b, &w, out + ox * n);
    }
}

static bool fits(const zk_conv_shape *s)
{
    return s->kernel_h == s->kernel_w && (s->kernel_h == 3 || s->kernel_h == 5) &&
           s->dilation_w == 1 && s->stride_w <= 2;
}

void zk_depthwise_s8_vnni(const zk_depthwise_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    if (!fits(s)) {
        zk_depthwise_s8_avx2(a);
        return;
    }
    for (int32_t c = 0; c < s->out_c; c += CHANNELS) {
        block b;
        if (!fill(a, c, s->out_c - c < CHANNELS ? s->out_c - c : CHANNELS, &b)) {
            zk_depthwise_s8_avx2(a);
            return;
        }
        for (int64_t i = a->row_begin; i < a->row_end; i++)
            row(a, &b, i, c);
    }
}
