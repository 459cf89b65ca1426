/* SPDX-License-Identifier: Apache-2.0 */
/** @file When the short way of requantising is exact: zk_requant_avx512_plain(). */
#ifndef ZK_REQUANT_X86_H
#define ZK_REQUANT_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "quant/scale.h"

/** Largest shift to the right: the output's zero point, shifted left by it, and a high product
 *  together stay within 32 bits. */
enum { ZK_PLAIN_SHIFT = 23 };

/** Bound of an accumulator's magnitude, exclusive: its double fits 32 bits. */
#define ZK_PLAIN_SUM (1 << 30)

/** True if a factor can take the short way, whose accumulators are known to be small. */
static inline bool zk_plain_factor(zi_multiplier m)
{
    return m.shift <= 0 && m.shift >= -ZK_PLAIN_SHIFT;
}

/** What is added to the doubled product: one half of the low bits; above them one half of what is
 *  shifted out, and the offset. */
static inline int64_t zk_plain_add(zi_multiplier m, int32_t offset)
{
    const int64_t high =
        (m.shift ? (int64_t)1 << (-m.shift - 1) : 0) + offset * ((int64_t)1 << -m.shift);
    return high * ((int64_t)1 << 32) + ((int64_t)1 << 31);
}

#endif
