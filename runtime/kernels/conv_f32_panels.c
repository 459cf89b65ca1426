/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution in float on the products of gemm_f32.h: weights in panels, pixels in strips whose
 * patches are gathered side by side, unless the input itself is the matrix of patches, or windows
 * are so small that they are read from a copy of their rows with the padding around it. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernels/gemm_f32.h"
#include "kernels/patch.h"

/* What a part of the depth needs of a strip's patches stays in the second-level cache while all
 * panels are read; all of them fit there or near it. */
enum { PART_BYTES = 256 * 1024, STRIP_BYTES = 1024 * 1024, STRIP_MIN = 28, STRIP_MAX = 1024 };

/* Weights so few that they stay in the first-level cache: strips of few tiles write their outputs
 * in order, where they have more panels than one. */
enum { FEW_WEIGHTS = 4096 };

/* Rows of the input that are copied at a time, for windows to be read there. */
enum { WINDOW_BYTES = 128 * 1024 };

/* Weights of a channel that are read together when they are packed: a cache line of them. */
enum { PACK_STEP = 16 };

/* Parts of the depth, alike but for the last. */
static int64_t part_depth(const zk_gemm_f32 *isa, int64_t patch)
{
    const int64_t parts = (patch + isa->depth - 1) / isa->depth;
    return (patch + parts - 1) / parts;
}

static int32_t panel_width(const zk_gemm_f32 *isa, int32_t channels)
{
    return channels > isa->lanes ? 2 * isa->lanes : isa->lanes;
}

/* Channels of a group with those that fill its last panel. */
static int64_t group_lanes(const zk_gemm_f32 *isa, const zk_conv_shape *s)
{
    const int64_t n = s->out_c / s->groups, lanes = isa->lanes;
    return (n + lanes - 1) / lanes * lanes;
}

/* Floats of one group: its biases; then, for each part of the depth, that part of every panel. They
 * lie in the order in which they are read. */
static int64_t group_elems(const zk_gemm_f32 *isa, const zk_conv_shape *s)
{
    return group_lanes(isa, s) * (1 + zk_conv_patch(s));
}

size_t zk_gemm_conv_packed_bytes(const zk_gemm_f32 *isa, const zk_conv_shape *s)
{
    return (size_t)s->groups * (size_t)group_elems(isa, s) * sizeof(float);
}

/* A part of a panel: `depth` weights, which lie patch apart, of each of n channels. */
static void pack_part(const float *w, int64_t patch, int64_t depth, int32_t n, int32_t width,
                      float *out)
{
    for (int64_t k = 0; k < depth; k += PACK_STEP, out += PACK_STEP * width) {
        const int64_t end = depth - k < PACK_STEP ? depth - k : PACK_STEP;
        for (int32_t j = 0; j < width; j++) {
            for (int64_t i = 0; i < end; i++)
                out[i * width + j] = j < n ? w[j * patch + k + i] : 0.0f;
        }
    }
}

static void pack_group(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, int32_t group, float *out)
{
    const int32_t n = a->shape->out_c / a->shape->groups;
    const int64_t patch = zk_conv_patch(a->shape), step = part_depth(isa, patch);
    const int64_t lanes = group_lanes(isa, a->shape);
    const float *w = a->w + group * n * patch;
    for (int64_t j = 0; j < lanes; j++)
        out[j] = j < n ? a->bias[group * n + j] : 0.0f;
    out += lanes;
    for (int64_t k = 0; k < patch; k += step) {
        const int64_t depth = patch - k < step ? patch - k : step;
        for (int32_t c = 0, width; c < n; c += width, out += width * depth) {
            width = panel_width(isa, n - c);
            pack_part(w + c * patch + k, patch, depth, n - c < width ? n - c : width, width, out);
        }
    }
}

void zk_gemm_conv_pack(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, void *packed)
{
    for (int32_t group = 0; group < a->shape->groups; group++)
        pack_group(isa, a, group, (float *)packed + group * group_elems(isa, a->shape));
}

/* Pixels of a strip. */
static int64_t strip_pixels(const zk_gemm_f32 *isa, const zk_conv_shape *s)
{
    const int64_t patch = zk_conv_patch(s), elem = sizeof(float);
    const int64_t whole = STRIP_BYTES / (elem * patch);
    int64_t n = PART_BYTES / (elem * part_depth(isa, patch));
    n = n < whole || zk_conv_is_gemm(s) ? n : whole;
    const int32_t channels = s->out_c / s->groups;
    if (channels > panel_width(isa, channels) && patch * channels <= FEW_WEIGHTS)
        return STRIP_MIN;
    return n < STRIP_MIN ? STRIP_MIN : n > STRIP_MAX ? STRIP_MAX : n;
}

/* Columns of the input, padding included, that a row of windows reads. */
static int64_t window_columns(const zk_conv_shape *s)
{
    return (int64_t)(s->out_w - 1) * s->stride_w + s->kernel_w;
}

/* Rows of the input, likewise, for `rows` of the output. */
static int64_t window_rows(const zk_conv_shape *s, int64_t rows)
{
    return (rows - 1) * s->stride_h + (int64_t)(s->kernel_h - 1) * s->dilation_h + 1;
}

/* Rows of the output whose windows are read in place at a time; 0: patches are gathered. To gather
 * a window that overlaps its neighbours takes several times as long as to copy its pixels, which
 * shows where few products follow; in place, tiles end with each row of the output. */
static int64_t rows_in_place(const zk_gemm_f32 *isa, const zk_conv_shape *s)
{
    if (!isa->windows || s->transposed || s->groups > 1 || s->dilation_w > 1 ||
        s->kernel_w <= s->stride_w || zk_conv_patch(s) > isa->depth || s->out_w < 2 * isa->max_rows)
        return 0;
    const int64_t row = window_columns(s) * s->in_c * (int64_t)sizeof(float);
    const int64_t more = WINDOW_BYTES / row - window_rows(s, 1);
    const int64_t rows = more < 0 ? 0 : 1 + more / s->stride_h;
    return rows < s->out_h ? rows : s->out_h;
}

size_t zk_gemm_conv_scratch_bytes(const zk_gemm_f32 *isa, const zk_conv_shape *s, int32_t tile)
{
    const int64_t rows = rows_in_place(isa, s);
    if (rows)
        return (size_t)(window_rows(s, rows) * window_columns(s) * s->in_c) * sizeof(float);
    const int64_t strip = strip_pixels(isa, s);
    return zk_conv_f32_scratch(s, tile < strip ? tile : (int32_t)strip);
}

/* A part of the depth for n pixels and channels of one group. */
typedef struct part {
    const zk_gemm_f32 *isa;
    zk_gemm_f32_tile tile; /* of all rows; out: channel 0 of the group */
    const float *w;        /* of the group's panel 0 */
    const float *bias;     /* of its channels; NULL: the sums have begun */
    int64_t n;
    int32_t begin, end; /* channels, numbered within the group */
    int32_t per_group;
} part;

/* Of the whole tile, all stretches together. */
static int64_t tile_depth(const zk_gemm_f32_tile *t)
{
    return t->depth * (1 + t->more);
}

/* `n` rows from `row` on times the panel at channel c. */
static void multiply(const part *p, int32_t c, int64_t row, int64_t n)
{
    const int32_t whole = 2 * p->isa->lanes, left = p->end - c;
    const bool wide = p->per_group - c > p->isa->lanes;
    zk_gemm_f32_fn *const *tile = p->isa->tile + (wide ? p->isa->max_rows : 0) - 1;
    zk_gemm_f32_tile t = p->tile;
    t.x += row * t.x_pitch;
    t.w = p->w + c * tile_depth(&t);
    t.w_pitch = wide ? whole : p->isa->lanes;
    t.start = p->bias ? p->bias + c : NULL;
    t.out += row * t.out_pitch + c;
    t.first = p->begin > c ? p->begin - c : 0;
    t.end = left < whole ? left : whole;
    const zk_gemm_cut cut = zk_gemm_cut_of(p->isa, n);
    t.next = t.w + tile_depth(&t) * t.w_pitch;
    t.next_pitch = (t.w_pitch + cut.tiles - 1) / cut.tiles;
    for (int64_t i = 0; i < cut.tiles; i++, t.next += tile_depth(&t) * t.next_pitch) {
        const int32_t rows = zk_gemm_rows(&cut, i, n);
        tile[rows](&t);
        t.x += rows * t.x_pitch;
        t.out += rows * t.out_pitch;
        n -= rows;
    }
}

/* ZK_GEMM_GROUP panels from channel c on, for one row that is alone. */
static void multiply_row(const part *p, int32_t c)
{
    const int32_t whole = 2 * p->isa->lanes;
    zk_gemm_f32_tile t = p->tile;
    t.w = p->w + c * t.depth;
    t.w_pitch = whole;
    t.start = p->bias ? p->bias + c : NULL;
    t.out += c;
    p->isa->row(&t, whole * t.depth);
}

/* All panels for `n` rows from `row` on. */
static void all_panels(const part *p, int64_t row, int64_t n)
{
    const int32_t whole = 2 * p->isa->lanes, several = ZK_GEMM_GROUP * whole;
    for (int32_t c = p->begin / whole * whole, next; c < p->end; c = next) {
        const bool alone = p->n == 1 && !p->tile.more && c >= p->begin && c + several <= p->end;
        next = c + (alone ? several : whole);
        if (alone)
            multiply_row(p, c);
        else
            multiply(p, c, row, n);
    }
}

static void run_part(const part *p)
{
    const int64_t step = p->isa->order == ZK_GEMM_KEEP_ROWS ? p->isa->max_rows : p->n;
    for (int64_t row = 0; row < p->n; row += step)
        all_panels(p, row, p->n - row < step ? p->n - row : step);
}

/* Where the patches of pixels lie that follow one another: `pitch` apart, each in one stretch and
 * `more`, with `gap` elements between them. */
typedef struct patches {
    const float *x;
    int64_t pitch, gap, more;
} patches;

/* Channels [begin, end) of one group and n pixels from `pixel` on. Patches of several stretches
 * have no more than one part. */
static void run_group(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, int64_t pixel, int64_t n,
                      const patches *from, int32_t begin, int32_t end)
{
    const zk_conv_shape *s = a->shape;
    const int64_t patch = zk_conv_patch(s), step = part_depth(isa, patch);
    const int64_t lanes = group_lanes(isa, s);
    const int32_t per_group = s->out_c / s->groups, group = begin / per_group;
    const float *bias = (const float *)a->packed + group * group_elems(isa, s);
    for (int64_t k = 0, depth; k < patch; k += depth) {
        depth = patch - k < step ? patch - k : step;
        const bool last = k + depth == patch;
        const part p = {
            .isa = isa,
            .tile = {.x = from->x + k,
                     .x_pitch = from->pitch,
                     .x_gap = from->gap,
                     .more = from->more,
                     .depth = depth / (1 + from->more),
                     .lo = last ? a->lo : -INFINITY,
                     .hi = last ? a->hi : INFINITY,
                     .out = a->out + pixel * s->out_c + group * per_group,
                     .out_pitch = s->out_c},
            .w = bias + lanes * (1 + k),
            .bias = k ? NULL : bias,
            .n = n,
            .begin = begin - group * per_group,
            .end = end - group * per_group,
            .per_group = per_group,
        };
        run_part(&p);
    }
}

/* All channels of the call and n pixels from `pixel` on. */
static void run_strip(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, int64_t pixel, int64_t n)
{
    const zk_conv_shape *s = a->shape;
    const bool direct = zk_conv_is_gemm(s);
    const int32_t per_group = s->out_c / s->groups;
    const patches from = {.x = direct ? a->x + pixel * s->in_c : a->scratch,
                          .pitch = zk_conv_patch(s)};
    for (int32_t c = a->channel_begin, end; c < a->channel_end; c = end) {
        const int32_t group = c / per_group, group_end = (group + 1) * per_group;
        end = group_end < a->channel_end ? group_end : a->channel_end;
        if (!direct)
            zk_gather_f32(a, pixel, n, group);
        run_group(isa, a, pixel, n, &from, c, end);
    }
}

/* Into scratch: what the windows of `rows` rows of the output from p.y on read. */
static void copy_rows(const zk_conv_f32_args *a, zk_pixel p, int64_t rows)
{
    const zk_conv_shape *s = a->shape;
    const int64_t columns = window_columns(s), n = s->in_c, left = s->pad_left;
    const int64_t whole = columns - left < s->in_w ? columns - left : s->in_w;
    const int64_t copied = whole < 0 ? 0 : whole, before = left < columns ? left : columns;
    const float *image = a->x + p.image * s->in_h * s->in_w * n;
    const int64_t first = (int64_t)p.y * s->stride_h - s->pad_top;
    float *out = a->scratch;
    for (int64_t y = first; y < first + window_rows(s, rows); y++, out += columns * n) {
        const int64_t kept = y < 0 || y >= s->in_h ? 0 : copied, at = kept ? before : 0;
        memset(out, 0, (size_t)(at * n) * sizeof(*out));
        if (kept)
            memcpy(out + at * n, image + y * s->in_w * n, (size_t)(kept * n) * sizeof(*out));
        memset(out + (at + kept) * n, 0, (size_t)((columns - at - kept) * n) * sizeof(*out));
    }
}

/* `rows` rows of the output at a time, each a matrix of patches by itself. */
static void run_in_place(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, int64_t rows)
{
    const zk_conv_shape *s = a->shape;
    const int64_t columns = window_columns(s), stretch = (int64_t)s->kernel_w * s->in_c;
    for (int64_t pixel = a->pixel_begin; pixel < a->pixel_end;) {
        zk_pixel p = zk_pixel_at(s, pixel);
        const int64_t in_image = s->out_h - p.y;
        const int64_t wanted = (p.x + a->pixel_end - pixel + s->out_w - 1) / s->out_w;
        int64_t n_rows = rows < in_image ? rows : in_image;
        n_rows = n_rows < wanted ? n_rows : wanted;
        copy_rows(a, p, n_rows);
        for (int64_t row = 0, n; row < n_rows; row++, pixel += n, p.x = 0) {
            const int64_t left = a->pixel_end - pixel;
            n = s->out_w - p.x < left ? s->out_w - p.x : left;
            const patches from = {
                .x = a->scratch +
                     (row * s->stride_h * columns + (int64_t)p.x * s->stride_w) * s->in_c,
                .pitch = (int64_t)s->stride_w * s->in_c,
                .gap = s->dilation_h * columns * s->in_c - stretch,
                .more = s->kernel_h - 1,
            };
            run_group(isa, a, pixel, n, &from, a->channel_begin, a->channel_end);
        }
    }
}

void zk_gemm_conv_run(const zk_gemm_f32 *isa, const zk_conv_f32_args *a)
{
    assert(a->packed);
    const int64_t in_place = rows_in_place(isa, a->shape);
    if (in_place) {
        run_in_place(isa, a, in_place);
        return;
    }
    const int64_t most = strip_pixels(isa, a->shape), strip = a->tile < most ? a->tile : most;
    for (int64_t pixel = a->pixel_begin, n; pixel < a->pixel_end; pixel += n) {
        n = a->pixel_end - pixel < strip ? a->pixel_end - pixel : strip;
        run_strip(isa, a, pixel, n);
    }
}
