/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * exp_f32.h on vectors, the same sums and products in the same order: the same bits. Who includes
 * it has included an ISA's vec_f32_*.h before.
 */
#ifndef ZK_EXP_F32_VEC_H
#define ZK_EXP_F32_VEC_H

#include <stddef.h>

static inline vec vec_exp(vec x)
{
    const vec to_int = vec_all(12582912.0f);
    const vec c = vec_clamp(x, vec_all(-104.0f), vec_all(89.0f));
    const vec t = vec_add(vec_mul(c, vec_all(1.44269504f)), to_int);
    const vec n = vec_sub(t, to_int);
    vec r = vec_fused(n, vec_all(-0.693359375f), c); // the product is exact: the same bits
    r = vec_add(r, vec_mul(n, vec_all(2.12194440e-4f)));
    vec y = vec_all(1.9875691500e-4f);
    y = vec_add(vec_mul(y, r), vec_all(1.3981999507e-3f));
    y = vec_add(vec_mul(y, r), vec_all(8.3334519073e-3f));
    y = vec_add(vec_mul(y, r), vec_all(4.1665795894e-2f));
    y = vec_add(vec_mul(y, r), vec_all(1.6666665459e-1f));
    y = vec_add(vec_mul(y, r), vec_all(5.0000001201e-1f));
    y = vec_add(vec_add(vec_mul(vec_mul(y, r), r), r), vec_all(1.0f));
    return vec_scale(y, t, to_int);
}

static inline vec vec_sigmoid(vec x)
{
    const vec one = vec_all(1.0f);
    return vec_div(one, vec_add(one, vec_exp(vec_sub(vec_all(0.0f), x))));
}

static inline vec vec_swish(vec x)
{
    return vec_mul(x, vec_sigmoid(x));
}

/** A kernel of the function `f` of one vector. */
#define MAP_F32(name, f)                                                                           \
    void name(const float *x, float *out, size_t n)                                                \
    {                                                                                              \
        size_t i = 0;                                                                              \
        for (; i + LANES <= n; i += LANES)                                                         \
            vec_store(out + i, f(vec_load(x + i)));                                                \
        const uint32_t lanes = ((uint32_t)1 << (n - i)) - 1;                                       \
        if (lanes)                                                                                 \
            vec_store_some(out + i, lanes, f(vec_load_some(x + i, lanes)));                        \
    }

#endif
