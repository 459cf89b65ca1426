/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which chunks of a block are added up together in 16 bits. */
#ifndef ZK_CONV_S8_NEON_GEMM_BINS_H
#define ZK_CONV_S8_NEON_GEMM_BINS_H

#include "kernels/neon/conv_s8_neon_gemm.h"

/**
 * Puts a block's n >= 1 chunks into as few bins as it finds and arranges their weights, `w`, in
 * that order. A lane of a bin holds sum w x with x in [-128, 127]: the sum of its |w| is at most
 * 255 for each channel, or it is of one chunk. Sets the block's members from `first` on.
 *
 * @param w [n + 1][4][8], n of them in the order of the row; the last becomes the first again.
 */
void zk_neon_fill_bins(zk_neon_block *block, int64_t n, int8_t *w);

#endif
