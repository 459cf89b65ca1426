/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * e^x in f32 from sums and products alone: the same bits on every machine, and the compiler can
 * work on several elements at once, which it cannot with libm's.
 */
#ifndef ZK_EXP_F32_H
#define ZK_EXP_F32_H

#include <stdint.h>
#include <string.h>

static inline float zk_bits_f32(int32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

/**
 * e^x, error below 2 ulp; 0 and infinity at the ends, NaN stays.
 *
 * x = n ln 2 + r, |r| <= ln 2 / 2; e^r is its series, fitted over that interval; 2^n is put
 * together in two halves, so that results below the normal range and infinity come out by
 * themselves.
 */
static inline float zk_exp_f32(float x)
{
    const float to_int =
        12582912.0f; // 1.5 * 2^23: adding it rounds, the integer is in the low bits
    float c = x < -104.0f ? -104.0f : x;
    c = c > 89.0f ? 89.0f : c;
    float t = c * 1.44269504f + to_int;
    int32_t bits;
    memcpy(&bits, &t, sizeof(bits));
    int32_t n = (int32_t)((uint32_t)bits - 0x4b400000u);
    float nf = t - to_int;
    float r = c - nf * 0.693359375f; // ln 2 in two parts; the first product is exact
    r = r + nf * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    n = x != x ? 0 : n;
    int32_t half = n >> 1;
    float low = zk_bits_f32((half + 127) * (1 << 23));
    float high = zk_bits_f32((n - half + 127) * (1 << 23));
    return y * low * high;
}

static inline float zk_sigmoid_f32(float x)
{
    return 1.0f / (1.0f + zk_exp_f32(-x));
}

#endif
