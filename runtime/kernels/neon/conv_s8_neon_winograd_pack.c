/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for Winograd's form. */
#include <arm_neon.h>
#include <string.h>

#include "kernels/neon/conv_s8_neon_winograd.h"

enum { POINTS = ZK_WINOGRAD_POINTS, C = ZK_WINOGRAD_CHANNELS };

_Static_assert((int)ZK_WINOGRAD_LANES == (int)ZK_WINOGRAD_CHANNELS,
               "a block is transformed at once");

size_t zk_winograd_packed_bytes(const zk_conv_shape *s)
{
    return zk_winograd_weights_at(s) + (size_t)ZK_WINOGRAD_POINTS *
                                           (size_t)zk_winograd_blocks(s->out_c) *
                                           (size_t)zk_winograd_values(s) * sizeof(int16_t);
}

/* Where the weights of an output block at one point begin. */
static int16_t *place(const zk_conv_shape *s, void *packed, int64_t block, int64_t point)
{
    const int64_t first = block / ZK_WINOGRAD_PASS * ZK_WINOGRAD_PASS;
    const int64_t before = first * POINTS + point * zk_winograd_pass(s, first) + block - first;
    return (int16_t *)(void *)((char *)packed + zk_winograd_weights_at(s)) +
           before * zk_winograd_values(s);
}

/* Rows become columns: shuffling all values as a pack of cards three times. */
static inline void transpose(int16x8_t v[C])
{
    for (int round = 0; round < 3; round++) {
        int16x8_t shuffled[C];
        for (int i = 0; i < C / 2; i++) {
            shuffled[2 * i] = vzip1q_s16(v[i], v[i + C / 2]);
            shuffled[2 * i + 1] = vzip2q_s16(v[i], v[i + C / 2]);
        }
        for (int i = 0; i < C; i++)
            v[i] = shuffled[i];
    }
}

/* An output block; what its channels and those of the input lack is 0. */
static void pack_block(const zk_conv_s8_args *a, int32_t block, void *packed)
{
    const zk_conv_shape *s = a->shape;
    const int32_t left = s->out_c - block * C, n = left < C ? left : C;
    int16_t points[POINTS][C][C] = {0}; // output channels, input channels
    for (int32_t b = 0; b < zk_winograd_blocks(s->in_c); b++) {
        const int32_t in = zk_winograd_in_channel(s, b), again = b * C - in;
        for (int32_t c = 0; c < n; c++)
            zk_winograd_weights_of(a, block * C + c, in, C * C, points[0][c]);
        for (int32_t p = 0; p < POINTS; p++) {
            int16_t *out = place(s, packed, block, p) + (int64_t)b * C * C;
            int16x8_t v[C];
            for (int32_t c = 0; c < C; c++)
                v[c] = vld1q_s16(points[p][c]);
            transpose(v);
            for (int32_t k = again; k < C; k++)
                vst1q_s16(out + k * C, v[k]);
        }
    }
}

/* False if the sums of a channel may not come out right. */
static bool pack_tables(const zk_conv_s8_args *a, int32_t c, void *packed)
{
    zk_winograd_channels *t = (zk_winograd_channels *)packed + c / ZK_WINOGRAD_CHANNELS;
    const int32_t i = c % ZK_WINOGRAD_CHANNELS, shift = a->shift[c];
    zk_winograd_sum sum;
    if (!zk_winograd_prove(a, c, &sum))
        return false;
    t->offset[i] = sum.offset;
    t->rest[i] = sum.rest;
    t->multiplier[i] = a->multiplier[c];
    t->right[i] = shift > 0 ? 0 : shift;
    t->left[i] = shift > 0 ? shift : 0;
    t->plain = (i == 0 || t->plain) && shift < 0 && !t->rest[i];
    return true;
}

bool zk_winograd_pack(const zk_conv_s8_args *a, void *packed)
{
    for (int32_t c = 0; c < a->shape->out_c; c++) {
        if (!pack_tables(a, c, packed)) {
            memset(packed, 0, zk_winograd_weights_at(a->shape));
            return false;
        }
    }
    for (int32_t b = 0; b < zk_winograd_blocks(a->shape->out_c); b++)
        pack_block(a, b, packed);
    return true;
}
