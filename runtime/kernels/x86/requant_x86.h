/* SPDX-License-Identifier: Apache-2.0 */
/** @file When the short way of requantising is exact: zk_requant_avx512_plain(). */
#ifndef ZK_REQUANT_X86_H
#define ZK_REQUANT_X86_H

/** Largest shift to the right: the output's zero point, shifted left by it, and a high product
 *  together stay within 32 bits. */
enum { ZK_PLAIN_SHIFT = 22 };

/** Bound of an accumulator's magnitude, exclusive: its double fits 32 bits. */
#define ZK_PLAIN_SUM (1 << 30)

#endif
