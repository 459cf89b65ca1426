/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms the weights of a convolution for Winograd's form, and proves that they allow it. */
#include <arm_neon.h>
#include <string.h>

#include "kernels/neon/conv_s8_neon_winograd.h"

enum { KERNEL = 3, IN = ZK_WINOGRAD_IN, POINTS = ZK_WINOGRAD_POINTS, C = ZK_WINOGRAD_CHANNELS };

enum { SUM_BITS = 26, SCALE = 24 * 24 };

/* The largest magnitude of a weight for which 12 * 12 times as much fits 16 bits. */
enum { WEIGHT_MAX = 227 };

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
    int32_t least, most;   /* of the weights */
} range;

static range range_of(const filter *f, int32_t x_zero_point)
{
    const int64_t most = 127 - x_zero_point, least = -128 - x_zero_point;
    int64_t up = 0, down = 0;
    range r = {.least = 0, .most = 0};
    for (int64_t i = 0; i < (int64_t)KERNEL * KERNEL * f->in_c; i++) {
        const int32_t w = f->w[i] - f->zero;
        up += w > 0 ? w : 0;
        down += w < 0 ? w : 0;
        r.least = w < r.least ? w : r.least;
        r.most = w > r.most ? w : r.most;
    }
    r.low = up * least + down * most;
    r.high = up * most + down * least;
    r.of_zero_point = -x_zero_point * (up + down);
    return r;
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

/* Three values by 24 G, the last row halved. */
static inline void spread(int16x8_t g0, int16x8_t g1, int16x8_t g2, int16x8_t out[IN])
{
    const int16x8_t ends = vaddq_s16(g0, g2), far = vmlaq_n_s16(g0, g2, 4);
    out[0] = vmulq_n_s16(g0, 6);
    out[1] = vmulq_n_s16(vaddq_s16(ends, g1), -4);
    out[2] = vmulq_n_s16(vsubq_s16(ends, g1), -4);
    out[3] = vmlaq_n_s16(far, g1, 2);
    out[4] = vmlsq_n_s16(far, g1, 2);
    out[5] = vmulq_n_s16(g2, 12);
}

/* G g G^T of eight input channels from `in` on; a point's `pitch` values from the next one's. */
static void transform(const filter *f, int32_t in, int64_t pitch, int16_t *out)
{
    const int16x8_t zero = vdupq_n_s16((int16_t)f->zero);
    int16x8_t columns[KERNEL][IN], row[IN];
    for (int j = 0; j < KERNEL; j++) {
        int16x8_t g[KERNEL];
        for (int i = 0; i < KERNEL; i++)
            g[i] =
                vsubq_s16(vmovl_s8(vld1_s8(f->w + (int64_t)(i * KERNEL + j) * f->in_c + in)), zero);
        spread(g[0], g[1], g[2], columns[j]);
    }
    for (int i = 0; i < IN; i++) {
        spread(columns[0][i], columns[1][i], columns[2][i], row);
        for (int j = 0; j < IN; j++)
            vst1q_s16(out + (i * IN + j) * pitch, row[j]);
    }
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
        for (int32_t c = 0; c < n; c++) {
            const filter f = filter_of(a, block * C + c);
            transform(&f, in, C * C, points[0][c]);
        }
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
    const filter f = filter_of(a, c);
    const range r = range_of(&f, a->x_zero_point);
    int64_t offset;
    if (r.least < -WEIGHT_MAX || r.most > WEIGHT_MAX || !choose_offset(&r, a->bias[c], &offset))
        return false;
    t->offset[i] = (uint32_t)(SCALE * (offset + r.of_zero_point));
    t->rest[i] = (int32_t)(a->bias[c] - offset);
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
