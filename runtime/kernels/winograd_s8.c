/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's form of the convolution of s8: what the weights prove, their transform, tiles. */
#include "kernels/winograd_s8.h"

#include <string.h>

#include "base/whole.h"
#include "kernels/patch.h"

enum { KERNEL = 3, IN = ZK_WINOGRAD_IN, OUT = ZK_WINOGRAD_OUT, N = ZK_WINOGRAD_LANES };

enum { SUM_BITS = 26, SCALE = 24 * 24 };

/* The largest magnitude of a weight for which 12 * 12 times as much fits 16 bits. */
enum { WEIGHT_MAX = 227 };

bool zk_winograd_is(const zk_conv_shape *s)
{
    return s->kernel_h == KERNEL && s->kernel_w == KERNEL && s->stride_h == 1 && s->stride_w == 1 &&
           s->dilation_h == 1 && s->dilation_w == 1 && s->groups == 1 && !s->transposed;
}

/* ---- weights ---- */

/* What the sum over (x - zero point) * w of an output channel lies between. */
typedef struct range {
    int64_t low, high;
    int64_t of_zero_point; /* the sum, if x were 0 everywhere */
    int32_t least, most;   /* of the weights */
} range;

static int32_t zero_of(const zk_conv_s8_args *a, int32_t c)
{
    return a->w_zero_point ? a->w_zero_point[c] : 0;
}

static range range_of(const zk_conv_s8_args *a, int32_t c)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const int64_t most = 127 - a->x_zero_point, least = -128 - a->x_zero_point;
    const int8_t *weights = a->w + c * patch;
    int64_t up = 0, down = 0;
    range r = {.least = 0, .most = 0};
    for (int64_t i = 0; i < patch; i++) {
        const int32_t w = weights[i] - zero_of(a, c);
        up += w > 0 ? w : 0;
        down += w < 0 ? w : 0;
        r.least = w < r.least ? w : r.least;
        r.most = w > r.most ? w : r.most;
    }
    r.low = up * least + down * most;
    r.high = up * most + down * least;
    r.of_zero_point = -a->x_zero_point * (up + down);
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

bool zk_winograd_prove(const zk_conv_s8_args *a, int32_t c, zk_winograd_sum *out)
{
    const range r = range_of(a, c);
    int64_t offset;
    if (r.least < -WEIGHT_MAX || r.most > WEIGHT_MAX || !choose_offset(&r, a->bias[c], &offset))
        return false;
    out->offset = (uint32_t)(SCALE * (offset + r.of_zero_point));
    out->rest = (int32_t)(a->bias[c] - offset);
    return true;
}

/* Three values of each channel by 24 G, the last row halved. */
static inline void spread(const int16_t *g0, const int16_t *g1, const int16_t *g2,
                          int16_t out[IN][N])
{
    for (int i = 0; i < N; i++) {
        const int32_t ends = g0[i] + g2[i], far = g0[i] + 4 * g2[i];
        out[0][i] = (int16_t)(6 * g0[i]);
        out[1][i] = (int16_t)(-4 * (ends + g1[i]));
        out[2][i] = (int16_t)(-4 * (ends - g1[i]));
        out[3][i] = (int16_t)(far + 2 * g1[i]);
        out[4][i] = (int16_t)(far - 2 * g1[i]);
        out[5][i] = (int16_t)(12 * g2[i]);
    }
}

void zk_winograd_weights_of(const zk_conv_s8_args *a, int32_t c, int32_t in, int64_t pitch,
                            int16_t *out)
{
    const int32_t in_c = a->shape->in_c, zero = zero_of(a, c);
    const int8_t *w = a->w + c * zk_conv_patch(a->shape) + in;
    int16_t columns[KERNEL][IN][N], row[IN][N];
    for (int j = 0; j < KERNEL; j++) {
        int16_t g[KERNEL][N];
        for (int i = 0; i < KERNEL; i++)
            for (int k = 0; k < N; k++)
                g[i][k] = (int16_t)(w[(int64_t)(i * KERNEL + j) * in_c + k] - zero);
        spread(g[0], g[1], g[2], columns[j]);
    }
    for (int i = 0; i < IN; i++) {
        spread(columns[0][i], columns[1][i], columns[2][i], row);
        for (int j = 0; j < IN; j++)
            memcpy(out + (i * IN + j) * pitch, row[j], sizeof(row[j]));
    }
}

/* ---- tiles ---- */

static int64_t tile_rows(const zk_conv_shape *s)
{
    return zi_ceil_div64(s->out_h, OUT);
}

int64_t zk_winograd_tiles_in_row(const zk_conv_shape *s)
{
    return zi_ceil_div64(s->out_w, OUT);
}

int64_t zk_winograd_tiles(const zk_conv_shape *s)
{
    return s->batch * tile_rows(s) * zk_winograd_tiles_in_row(s);
}

static int64_t tile_row_of(const zk_conv_shape *s, int64_t pixel)
{
    const zk_pixel p = zk_pixel_at(s, pixel);
    return p.image * tile_rows(s) + p.y / OUT;
}

void zk_winograd_tiles_of(const zk_conv_s8_args *a, int64_t *begin, int64_t *end)
{
    const int64_t width = zk_winograd_tiles_in_row(a->shape);
    *begin = tile_row_of(a->shape, a->pixel_begin) * width;
    *end = (tile_row_of(a->shape, a->pixel_end - 1) + 1) * width;
}

zk_winograd_span zk_winograd_span_at(const zk_conv_shape *s, int64_t begin, int64_t at, int64_t end)
{
    const int64_t width = zk_winograd_tiles_in_row(s);
    const int64_t row = (begin + at) / width, x = (begin + at) % width;
    return (zk_winograd_span){
        .image = row / tile_rows(s),
        .y = row % tile_rows(s) * OUT,
        .x = x * OUT,
        .n = width - x < end - at ? width - x : end - at,
        .at = at,
    };
}

/* The part of an output block that was asked for. */
typedef struct channels {
    int64_t first, n; /* in the output's channels */
    int64_t skip;     /* channels of the block before them */
} channels;

static channels channels_of(const zk_conv_s8_args *a, int64_t begin, int64_t n)
{
    const int64_t first = begin < a->channel_begin ? a->channel_begin : begin;
    const int64_t last = begin + n < a->channel_end ? begin + n : a->channel_end;
    return (channels){first, last - first, first - begin};
}

/* Tiles that lie side by side. */
typedef struct tiles {
    int64_t y, x, pixel; /* of the first one's first pixel */
    int64_t n;
} tiles;

/* Tiles at the beginning of a row of n of which all was asked for. */
static int64_t whole_tiles(const zk_conv_s8_args *a, const tiles *t)
{
    const zk_conv_shape *s = a->shape;
    if (t->y + OUT > s->out_h || t->pixel < a->pixel_begin)
        return 0;
    const int64_t last = t->pixel + (OUT - 1) * s->out_w; // row of the tiles
    const int64_t asked = a->pixel_end - last, left = s->out_w - t->x;
    const int64_t whole = (left < asked ? left : asked) / OUT;
    return whole < 0 ? 0 : whole < t->n ? whole : t->n;
}

/* Copies what was asked for of a tile, whose block has `n` channels. */
static void copy_tile(const zk_conv_s8_args *a, const tiles *t, const channels *c, int64_t n,
                      const int8_t *from)
{
    const zk_conv_shape *s = a->shape;
    for (int64_t i = 0; i < OUT && t->y + i < s->out_h; i++) {
        for (int64_t j = 0; j < OUT && t->x + j < s->out_w; j++) {
            const int64_t pixel = t->pixel + i * s->out_w + j;
            if (pixel >= a->pixel_begin && pixel < a->pixel_end)
                memcpy(a->out + pixel * s->out_c + c->first, from + (i * OUT + j) * n + c->skip,
                       (size_t)c->n);
        }
    }
}

void zk_winograd_write_span(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t channel,
                            int64_t n, zk_winograd_write_fn *write, const void *state)
{
    const zk_conv_shape *s = a->shape;
    const channels c = channels_of(a, channel, n);
    int8_t aside[OUT * OUT * ZK_WINOGRAD_MAX_BLOCK];
    tiles t = {.y = span->y, .x = span->x, .n = c.n > 0 ? span->n : 0};
    t.pixel = (span->image * s->out_h + t.y) * s->out_w + t.x;
    while (t.n) {
        const int64_t whole = c.n == n ? whole_tiles(a, &t) : 0;
        zk_winograd_target to = {.tile = span->n - t.n, .n = whole ? whole : 1};
        to.out = whole ? a->out + t.pixel * s->out_c + c.first : aside;
        to.pixel_pitch = whole ? s->out_c : n;
        to.row_pitch = to.pixel_pitch * (whole ? s->out_w : OUT);
        write(state, &to);
        if (!whole)
            copy_tile(a, &t, &c, n, aside);
        t.n -= to.n;
        t.x += to.n * OUT;
        t.pixel += to.n * OUT;
    }
}
