/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transforms: which pixels the assembly reads, and where it writes. */
#include <string.h>

#include "kernels/neon/conv_s8_neon_winograd.h"

enum { IN = ZK_WINOGRAD_IN, OUT = ZK_WINOGRAD_OUT, C = ZK_WINOGRAD_CHANNELS };

_Static_assert(offsetof(zk_winograd_columns, step) == 48 && offsetof(zk_winograd_columns, n) == 96,
               "as the assembly reads it");
_Static_assert(offsetof(zk_winograd_outputs, row_pitch) == 16 &&
                   offsetof(zk_winograd_outputs, n) == 32 &&
                   offsetof(zk_winograd_outputs, out_zero_point) == 48 &&
                   offsetof(zk_winograd_outputs, hi) == 51,
               "as the assembly reads it");
_Static_assert(offsetof(zk_winograd_channels, right) == 64 &&
                   offsetof(zk_winograd_channels, rest) == 128 &&
                   offsetof(zk_winograd_channels, plain) == 160,
               "as the assembly reads it");

/* ---- windows ---- */

static int64_t within(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Columns [begin, end) of a span, eight channels from c on; `inside`: of the picture. */
static void transform_columns(const zk_conv_s8_args *a, const zk_winograd_span *span, int32_t c,
                              const int8_t *outside, bool inside, int64_t begin, int64_t end,
                              int16_t *columns)
{
    const zk_conv_shape *s = a->shape;
    const int64_t iy = span->y - s->pad_top, ix = span->x - s->pad_left + begin;
    const int8_t *image = a->x + span->image * s->in_h * s->in_w * s->in_c + c;
    if (begin >= end)
        return;
    zk_winograd_columns p = {.n = end - begin, .out = columns + begin * IN * C};
    for (int64_t k = 0; k < IN; k++) {
        const bool pixels = inside && iy + k >= 0 && iy + k < s->in_h;
        p.x[k] = pixels ? image + ((iy + k) * s->in_w + ix) * s->in_c : outside;
        p.step[k] = pixels ? s->in_c : 0;
    }
    zk_winograd_columns_run(&p);
}

/* The rest for the tiles of a span, input channels of block b; arguments as those of
 * zk_winograd_transform(). */
static void transform_rows(const zk_conv_shape *s, const zk_winograd_span *span, int64_t n,
                           int64_t b, int64_t pitch, const int16_t *columns, int16_t *out)
{
    enum { TILES = ZK_WINOGRAD_TILES };
    for (int64_t t = 0; t < span->n;) {
        const int64_t block = (span->at + t) / TILES, first = (span->at + t) % TILES;
        const int64_t left = span->n - t, room = TILES - first, tiles = left < room ? left : room;
        int16_t *v = out + block * zk_winograd_values(s) + b * zk_winograd_width(n, block) * C;
        zk_winograd_rows_run(columns + t * OUT * IN * C, tiles, v + first * C, pitch);
        t += tiles;
    }
}

void zk_winograd_transform(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t n,
                           int64_t pitch, int16_t *columns, int16_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t all = span->n * OUT + 2, ix = span->x - s->pad_left;
    const int64_t left = within(-ix, 0, all), right = within(s->in_w - ix, left, all);
    int8_t outside[C];
    memset(outside, a->x_zero_point, sizeof(outside));
    for (int64_t b = 0; b < zk_winograd_blocks(s->in_c); b++) {
        const int32_t c = zk_winograd_in_channel(s, b);
        transform_columns(a, span, c, outside, false, 0, left, columns);
        transform_columns(a, span, c, outside, true, left, right, columns);
        transform_columns(a, span, c, outside, false, right, all, columns);
        transform_rows(s, span, n, b, pitch, columns, out);
    }
}

/* ---- products ---- */

static void write(const void *state, const zk_winograd_target *to)
{
    zk_winograd_outputs p = *(const zk_winograd_outputs *)state;
    p.m += to->tile * C;
    p.n = to->n;
    p.out = to->out;
    p.row_pitch = to->row_pitch;
    p.pixel_pitch = to->pixel_pitch;
    zk_winograd_outputs_run(&p);
}

void zk_winograd_write(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t block,
                       const uint32_t *m)
{
    const zk_winograd_outputs p = {
        .m = m + span->at % ZK_WINOGRAD_TILES * C,
        .tables = zk_winograd_tables(a->packed) + block,
        .out_zero_point = (int16_t)a->out_zero_point,
        .lo = (int8_t)a->lo,
        .hi = (int8_t)a->hi,
    };
    zk_winograd_write_span(a, span, block * C, C, write, &p);
}
