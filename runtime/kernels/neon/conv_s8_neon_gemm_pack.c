/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for NEON, block by block. */
#include <string.h>

#include "kernels/neon/conv_s8_neon_gemm.h"
#include "kernels/neon/conv_s8_neon_gemm_bins.h"
#include "quant/requant.h"

size_t zk_neon_packed_bytes(const zk_conv_shape *s)
{
    return (size_t)s->groups * (size_t)zk_neon_blocks(s) * zk_neon_block_bytes(s);
}

/* The value nearest to `zero` that leaves w - value within 8 bits. */
static int32_t offset_of(const int8_t *w, int64_t n, int32_t zero)
{
    int32_t least = 127, most = -128;
    for (int64_t i = 0; i < n; i++) {
        least = w[i] < least ? w[i] : least;
        most = w[i] > most ? w[i] : most;
    }
    return zi_clamp(zero, most - 127, least + 128);
}

/* Everything of channel c, the block's j-th, and its weights, in the order of the row. */
static void pack_channel(const zk_conv_s8_args *a, int32_t c, int32_t j, zk_neon_block *out,
                         int8_t *out_w)
{
    enum { STRIDE = ZK_NEON_CHANNELS * ZK_NEON_CHUNK };
    const int64_t patch = zk_conv_patch(a->shape);
    const int8_t *w = a->w + c * patch;
    const int32_t zero = a->w_zero_point ? a->w_zero_point[c] : 0;
    const int32_t offset = offset_of(w, patch, zero);
    const int32_t shift = a->shift[c];
    int64_t sum = 0;
    out_w += j * ZK_NEON_CHUNK;
    for (int64_t i = 0; i < patch; i++) {
        sum += w[i] - zero;
        out_w[i / ZK_NEON_CHUNK * STRIDE + i % ZK_NEON_CHUNK] = (int8_t)(w[i] - offset);
    }
    out->bias[j] = (int32_t)(a->bias[c] - a->x_zero_point * sum);
    out->multiplier[j] = a->multiplier[c];
    out->left[j] = shift > 0 ? shift : 0;
    out->right[j] = shift > 0 ? 0 : shift;
    out->zero[j] = zero - offset;
    out->plain = out->plain && shift < 0;
    out->needs_sums = out->needs_sums || zero != offset;
}

bool zk_neon_pack(const zk_conv_s8_args *a, void *packed)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    char *out = packed;
    for (int32_t group = 0; group < s->groups; group++) {
        for (int32_t c = 0; c < per_group; c += ZK_NEON_CHANNELS) {
            zk_neon_block *block = (void *)out;
            int8_t *w = (int8_t *)out + zk_neon_block_w(s);
            block->plain = 1;
            for (int32_t j = 0; j < ZK_NEON_CHANNELS && c + j < per_group; j++)
                pack_channel(a, group * per_group + c + j, j, block, w);
            zk_neon_fill_bins(block, zk_neon_chunks(s), w);
            out += zk_neon_block_bytes(s);
        }
    }
    return true;
}
