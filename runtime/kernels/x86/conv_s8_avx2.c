/* SPDX-License-Identifier: Apache-2.0 */
/* Two patches against four weight rows at a time; the eight sums are rescaled together. */
#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "kernels/x86/requant_avx2.h"

_Static_assert(ZK_CONV_CHANNELS == 4, "lanes");

#define LANES 16
_Static_assert(ZK_CONV_S8_ALIGN % LANES == 0, "whole vectors");

static __m256i load(const int16_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* Sums of the eight lanes of each of four vectors, first patch low, second patch high. */
static __m256i add_lanes(const __m256i a[4], const __m256i b[4])
{
    const __m256i a0 = _mm256_hadd_epi32(a[0], a[1]), a1 = _mm256_hadd_epi32(a[2], a[3]);
    const __m256i b0 = _mm256_hadd_epi32(b[0], b[1]), b1 = _mm256_hadd_epi32(b[2], b[3]);
    const __m256i x = _mm256_hadd_epi32(a0, a1), y = _mm256_hadd_epi32(b0, b1);
    return _mm256_add_epi32(_mm256_permute2x128_si256(x, y, 0x20),
                            _mm256_permute2x128_si256(x, y, 0x31));
}

static __m256i dot(const int16_t *x0, const int16_t *x1, const int16_t *w, int64_t pitch)
{
    __m256i a[4], b[4];
    for (int j = 0; j < 4; j++) {
        a[j] = _mm256_setzero_si256();
        b[j] = _mm256_setzero_si256();
    }
    for (int64_t i = 0; i < pitch; i += LANES) {
        const __m256i v0 = load(x0 + i), v1 = load(x1 + i);
        for (int j = 0; j < 4; j++) {
            const __m256i k = load(w + j * pitch + i);
            a[j] = _mm256_add_epi32(a[j], _mm256_madd_epi16(v0, k));
            b[j] = _mm256_add_epi32(b[j], _mm256_madd_epi16(v1, k));
        }
    }
    return add_lanes(a, b);
}

/* Values of n_c channels, zeros behind them, twice. */
static __m256i twice(const int32_t *p, int32_t n_c)
{
    int32_t v[4] = {0};
    memcpy(v, p, (size_t)n_c * sizeof(*p));
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)v));
}

static void channels(const zk_conv_s8_args *a, const int16_t *w, int64_t pixel, int64_t n_pixels,
                     int32_t c, int32_t n_c)
{
    const int64_t pitch = zk_conv_s8_pitch(a->shape);
    const __m256i bias = twice(a->bias + c, n_c);
    const zk_requant_avx2 scale =
        zk_requant_avx2_make(twice(a->multiplier + c, n_c), twice(a->shift + c, n_c));
    for (int64_t i = 0; i < n_pixels; i += 2) {
        const bool pair = i + 1 < n_pixels;
        const int16_t *x0 = (const int16_t *)a->scratch + i * pitch, *x1 = pair ? x0 + pitch : x0;
        const __m256i acc = _mm256_add_epi32(dot(x0, x1, w, pitch), bias);
        const __m256i q =
            zk_offset_clamp_avx2(zk_requant_avx2_run(&scale, acc), a->out_zero_point, a->lo, a->hi);
        int8_t bytes[16];
        _mm_storeu_si128((__m128i *)bytes, zk_narrow_avx2(q));
        int8_t *out = a->out + (pixel + i) * a->shape->out_c + c;
        if (n_c == 4)
            memcpy(out, bytes, 4);
        else
            memcpy(out, bytes, (size_t)n_c);
        if (pair && n_c == 4)
            memcpy(out + a->shape->out_c, bytes + 4, 4);
        else if (pair)
            memcpy(out + a->shape->out_c, bytes + 4, (size_t)n_c);
    }
}

static void run(const zk_conv_s8_args *a)
{
    zk_conv_s8_tiles(a, channels);
}

const zk_conv_s8_kernel zk_conv_s8_avx2 = {
    .scratch_bytes = zk_conv_s8_tiles_scratch,
    .run = run,
};
