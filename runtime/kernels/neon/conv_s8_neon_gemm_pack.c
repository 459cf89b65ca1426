/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for NEON, block by block. */
#include "kernels/neon/conv_s8_neon_gemm.h"
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

/* Place of value i of channel j among a block's weights. */
static int64_t place(int64_t row, int32_t j, int64_t i)
{
    const int64_t whole = row / ZK_NEON_STEP * ZK_NEON_STEP;
    const int64_t width = i < whole ? ZK_NEON_STEP : ZK_NEON_HALF_STEP;
    return i / ZK_NEON_STEP * ZK_NEON_STEP * ZK_NEON_CHANNELS + j * width + i % ZK_NEON_STEP;
}

static void pack_channel(const zk_conv_s8_args *a, int32_t c, int32_t j, zk_neon_block *out)
{
    const int64_t patch = zk_conv_patch(a->shape), row = zk_neon_row(a->shape);
    const int8_t *w = a->w + c * patch;
    const int32_t zero = a->w_zero_point ? a->w_zero_point[c] : 0;
    const int32_t offset = offset_of(w, patch, zero);
    const int32_t shift = a->shift[c];
    int64_t sum = 0;
    for (int64_t i = 0; i < patch; i++) {
        sum += w[i] - zero;
        out->w[place(row, j, i)] = (int8_t)(w[i] - offset);
    }
    out->bias[j] = (int32_t)(a->bias[c] - a->x_zero_point * sum);
    out->multiplier[j] = a->multiplier[c];
    out->left[j] = shift > 0 ? shift : 0;
    out->right[j] = shift > 0 ? 0 : shift;
    out->zero[j] = zero - offset;
    out->plain = out->plain && shift < 0;
    out->needs_sums = out->needs_sums || zero != offset;
}

/* -128 * -128 twice is one more than 16 bits hold; nothing else is too much. */
static bool pairs_fit(const zk_neon_block *b, int64_t row)
{
    const int64_t n = row / ZK_NEON_STEP * ZK_NEON_STEP * ZK_NEON_CHANNELS;
    for (int64_t i = 0; i < n; i += ZK_NEON_STEP) {
        for (int64_t k = i; k < i + ZK_NEON_HALF_STEP; k++) {
            if (b->w[k] == -128 && b->w[k + ZK_NEON_HALF_STEP] == -128)
                return false;
        }
    }
    return true;
}

bool zk_neon_pack(const zk_conv_s8_args *a, void *packed)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    char *out = packed;
    for (int32_t group = 0; group < s->groups; group++) {
        for (int32_t c = 0; c < per_group; c += ZK_NEON_CHANNELS) {
            zk_neon_block *block = (void *)out;
            block->plain = 1;
            for (int32_t j = 0; j < ZK_NEON_CHANNELS && c + j < per_group; j++)
                pack_channel(a, group * per_group + c + j, j, block);
            block->pairs = pairs_fit(block, zk_neon_row(s));
            out += zk_neon_block_bytes(s);
        }
    }
    return true;
}
