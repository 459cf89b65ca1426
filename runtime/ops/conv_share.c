/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the grid of parts by what the busiest thread would have to do. */
#include "ops/conv_share.h"

#include "base/whole.h"

/** More parts than threads, so that a thread that is held up does not hold up the rest. */
enum { PARTS_PER_THREAD = 4 };

/** A part's own cost in multiply-accumulates: to claim it, to fill and empty its loops. */
enum { PART_MACS = 4096 };

/** Per cent by which more parts may cost more than fewer ones and are taken still. */
enum { TOLERANCE = 3 };

/* n cut into about `wanted` parts that begin at multiples of `grain`. */
static int64_t part_size(int64_t n, int64_t wanted, int64_t grain)
{
    const int64_t size = zi_ceil_div64(zi_ceil_div64(n, wanted), grain) * grain;
    return size < n ? size : n;
}

/* Multiply-accumulates of the busiest thread. */
static double busiest(const zk_conv_shape *s, zk_conv_grain grain, const zi_conv_parts *p,
                      uint32_t n_threads)
{
    const double windows = (double)p->pixels * (double)zk_conv_patch(s);
    return (double)zi_ceil_div64(zi_conv_n_parts(p), n_threads) *
           (windows * ((double)p->channels + grain.window) + PART_MACS);
}

zi_conv_parts zi_conv_parts_choose(const zk_conv_shape *s, zk_conv_grain grain, uint32_t n_threads)
{
    const int64_t n_pixels = zk_conv_pixels(s);
    zi_conv_parts best = {n_pixels, s->out_c, 1, 1};
    double least = busiest(s, grain, &best, n_threads);
    const int64_t most = (int64_t)n_threads * PARTS_PER_THREAD;
    for (int64_t wanted = 2; n_threads > 1 && wanted <= most; wanted++) {
        for (int64_t rows = 1; rows <= wanted; rows++) {
            zi_conv_parts p = {.pixels = part_size(n_pixels, rows, grain.pixels),
                               .channels =
                                   (int32_t)part_size(s->out_c, wanted / rows, grain.channels)};
            p.n_pixels = (uint32_t)zi_ceil_div64(n_pixels, p.pixels);
            p.n_channels = (uint32_t)zi_ceil_div64(s->out_c, p.channels);
            const double cost = busiest(s, grain, &p, n_threads);
            const bool more = zi_conv_n_parts(&p) > zi_conv_n_parts(&best);
            if (cost * (more ? 100 - TOLERANCE : 100) < least * 100) {
                best = p;
                least = cost < least ? cost : least;
            }
        }
    }
    return best;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

zi_conv_range zi_conv_next(const zk_conv_shape *s, const zi_conv_parts *parts, uint32_t *begin,
                           uint32_t end)
{
    const uint32_t first = *begin, row = first / parts->n_channels, at = first % parts->n_channels;
    const uint32_t whole_rows = at ? 0 : (end - first) / parts->n_channels;
    const uint32_t in_row =
        end - first < parts->n_channels - at ? end - first : parts->n_channels - at;
    const uint32_t rows = whole_rows ? whole_rows : 1, n = whole_rows ? parts->n_channels : in_row;
    *begin += rows * n;
    const int64_t pixels = zk_conv_pixels(s), pixel = row * parts->pixels;
    const int64_t channel = (int64_t)at * parts->channels;
    return (zi_conv_range){pixel, smaller(pixel + rows * parts->pixels, pixels), (int32_t)channel,
                           (int32_t)smaller(channel + (int64_t)n * parts->channels, s->out_c)};
}
