/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms the weights of a convolution for Winograd's form, and proves that they allow it. */
#include "kernels/neon/conv_s8_neon_winograd.h"

#include <string.h>

enum { KERNEL = 3, SUM_BITS = 26, SCALE = 24 * 24 };

/* 24 G, the last row halved. */
static const int32_t g_rows[ZK_WINOGRAD_IN][KERNEL] = {
    {6, 0, 0}, {-4, -4, -4}, {-4, 4, -4}, {1, 2, 4}, {1, -2, 4}, {0, 0, 12},
};

size_t zk_winograd_packed_bytes(const zk_conv_shape *s)
{
    return zk_winograd_weights_at(s) + (size_t)ZK_WINOGRAD_POINTS *
                                           (size_t)zk_winograd_blocks(s->out_c) *
                                           (size_t)zk_winograd_values(s) * sizeof(int16_t);
}

/* Weights of one output channel. */
typedef struct filter {
    const int8_t *w; /* [3][3][in_c] */
    int32_t in_c;
    int32_t zero;
} filter;

static filter filter_of(const zk_conv_s8_args *a, int32_t c)
{
    return (filter){a->w + c * zk_conv_patch(a->shape), a->shape->in_c,
                    a->w_zero_point ? a->w_zero_point[c] : 0};
}

/* What the sum over (x - zero point) * w of an output channel lies between. */
typedef struct range {
    int64_t low, high;
    int64_t of_zero_point; /* the sum, if x were 0 everywhere */
} range;

static range range_of(const filter *f, int32_t x_zero_point)
{
    const int64_t most = 127 - x_zero_point, least = -128 - x_zero_point;
    int64_t up = 0, down = 0;
    for (int64_t i = 0; i < (int64_t)KERNEL * KERNEL * f->in_c; i++) {
        const int32_t w = f->w[i] - f->zero;
        up += w > 0 ? w : 0;
        down += w < 0 ? w : 0;
    }
    return (range){up * least + down * most, up * most + down * least, -x_zero_point * (up + down)};
}

/* Chooses what is added to sums before they are brought to their size: the bias, or the middle of
 * their range. False if neither leaves all of them few enough bits for 64 times as many. */
static bool choose_offset(const range *r, int32_t bias, int64_t *offset)
{
    const int64_t limit = (int64_t)1 << (SUM_BITS - 1);
    *offset = bias;
    if (r->low + bias >= -limit && r->high + bias < limit)
        return true;
    *offset = -(r->low + r->high) / 2;
    return r->low + *offset >= -limit && r->high + *offset < limit;
}

/* G g G^T of one input channel; false if it does not fit 16 bits. */
static bool transform(const filter *f, int32_t in, int16_t out[ZK_WINOGRAD_POINTS])
{
    int32_t rows[ZK_WINOGRAD_IN][KERNEL] = {{0}};
    for (int i = 0; i < ZK_WINOGRAD_IN; i++) {
        for (int k = 0; k < KERNEL * KERNEL; k++)
            rows[i][k % KERNEL] +=
                g_rows[i][k / KERNEL] * (f->w[(int64_t)k * f->in_c + in] - f->zero);
    }
    for (int i = 0; i < ZK_WINOGRAD_POINTS; i++) {
        const int32_t *row = rows[i / ZK_WINOGRAD_IN], *g = g_rows[i % ZK_WINOGRAD_IN];
        const int32_t v = row[0] * g[0] + row[1] * g[1] + row[2] * g[2];
        if (v < INT16_MIN || v > INT16_MAX)
            return false;
        out[i] = (int16_t)v;
    }
    return true;
}

/* Where the weights of output channel c at one point begin. */
static int16_t *place(const zk_conv_shape *s, void *packed, int32_t c, int32_t point)
{
    const int64_t block = c / ZK_WINOGRAD_CHANNELS;
    const int64_t first = block / ZK_WINOGRAD_PASS * ZK_WINOGRAD_PASS;
    const int64_t before =
        first * ZK_WINOGRAD_POINTS + point * zk_winograd_pass(s, first) + block - first;
    return (int16_t *)(void *)((char *)packed + zk_winograd_weights_at(s)) +
           before * zk_winograd_values(s) + c % ZK_WINOGRAD_CHANNELS;
}

static bool pack_weights(const zk_conv_shape *s, const filter *f, int32_t c, void *packed)
{
    int16_t *at[ZK_WINOGRAD_POINTS];
    for (int32_t p = 0; p < ZK_WINOGRAD_POINTS; p++)
        at[p] = place(s, packed, c, p);
    for (int32_t in = 0; in < s->in_c; in++) {
        const int32_t block = in / ZK_WINOGRAD_CHANNELS;
        const int32_t k = block * ZK_WINOGRAD_CHANNELS + in - zk_winograd_in_channel(s, block);
        int16_t v[ZK_WINOGRAD_POINTS];
        if (!transform(f, in, v))
            return false;
        for (int32_t p = 0; p < ZK_WINOGRAD_POINTS; p++)
            at[p][(int64_t)k * ZK_WINOGRAD_CHANNELS] = v[p];
    }
    return true;
}

static bool pack_channel(const zk_conv_s8_args *a, int32_t c, void *packed)
{
    zk_winograd_channels *t = (zk_winograd_channels *)packed + c / ZK_WINOGRAD_CHANNELS;
    const int32_t i = c % ZK_WINOGRAD_CHANNELS, shift = a->shift[c];
    const filter f = filter_of(a, c);
    const range r = range_of(&f, a->x_zero_point);
    int64_t offset;
    if (!choose_offset(&r, a->bias[c], &offset))
        return false;
    t->offset[i] = (uint32_t)(SCALE * (offset + r.of_zero_point));
    t->rest[i] = (int32_t)(a->bias[c] - offset);
    t->multiplier[i] = a->multiplier[c];
    t->right[i] = shift > 0 ? 0 : shift;
    t->left[i] = shift > 0 ? shift : 0;
    t->plain = (i == 0 || t->plain) && shift < 0 && !t->rest[i];
    return pack_weights(a->shape, &f, c, packed);
}

bool zk_winograd_pack(const zk_conv_s8_args *a, void *packed)
{
    for (int32_t c = 0; c < a->shape->out_c; c++) {
        if (!pack_channel(a, c, packed)) {
            memset(packed, 0, zk_winograd_packed_bytes(a->shape));
            return false;
        }
    }
    return true;
}
