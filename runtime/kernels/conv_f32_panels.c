/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution in float on the products of gemm_f32.h: weights in panels, pixels in strips whose
 * patches are gathered side by side, unless the input itself is the matrix of patches. */
#include <assert.h>
#include <math.h>

#include "kernels/gemm_f32.h"
#include "kernels/patch.h"

/* What a part of the depth needs of a strip's patches stays in the second-level cache while all
 * panels are read; all of them fit there or near it. */
enum { PART_BYTES = 256 * 1024, STRIP_BYTES = 1024 * 1024, STRIP_MIN = 28, STRIP_MAX = 1024 };

/* Weights so few that they stay in the first-level cache: strips of few tiles write their outputs
 * in order. */
enum { FEW_WEIGHTS = 4096 };

/* Weights of a channel that are read together when they are packed: a cache line of them. */
enum { PACK_STEP = 16 };

/* Parts of the depth, alike but for the last. */
static int64_t part_depth(int64_t patch)
{
    const int64_t parts = (patch + ZK_GEMM_DEPTH - 1) / ZK_GEMM_DEPTH;
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
    const int64_t patch = zk_conv_patch(a->shape), step = part_depth(patch);
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
static int64_t strip_pixels(const zk_conv_shape *s)
{
    const int64_t patch = zk_conv_patch(s), elem = sizeof(float);
    const int64_t whole = STRIP_BYTES / (elem * patch);
    int64_t n = PART_BYTES / (elem * part_depth(patch));
    n = n < whole || zk_conv_is_gemm(s) ? n : whole;
    if (patch * (s->out_c / s->groups) <= FEW_WEIGHTS)
        return STRIP_MIN;
    return n < STRIP_MIN ? STRIP_MIN : n > STRIP_MAX ? STRIP_MAX : n;
}

size_t zk_gemm_conv_scratch_bytes(const zk_conv_shape *s, int32_t tile)
{
    const int64_t strip = strip_pixels(s);
    return zk_conv_f32_scratch(s, tile < strip ? tile : (int32_t)strip);
}

/* Patches of n pixels from `pixel` on, one group, and the group's panels. */
typedef struct strip {
    int64_t pixel, n;
    const float *x;
    int64_t x_pitch;
    int32_t group;
    const float *packed;
} strip;

/* A part of the depth of the group's panel at channel c; what it is for all tiles. */
static zk_gemm_f32_tile part(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, const strip *p,
                             int32_t c, int64_t k)
{
    const zk_conv_shape *s = a->shape;
    const int64_t patch = zk_conv_patch(s), step = part_depth(patch), lanes = group_lanes(isa, s);
    const int64_t depth = patch - k < step ? patch - k : step;
    const bool last = k + depth == patch;
    const int32_t per_group = s->out_c / s->groups;
    return (zk_gemm_f32_tile){
        .x = p->x + k,
        .x_pitch = p->x_pitch,
        .w = p->packed + lanes * (1 + k) + c * depth,
        .w_pitch = panel_width(isa, per_group - c),
        .depth = depth,
        .start = k ? NULL : p->packed + c,
        .lo = last ? a->lo : -INFINITY,
        .hi = last ? a->hi : INFINITY,
        .out = a->out + p->pixel * s->out_c + p->group * per_group + c,
        .out_pitch = s->out_c,
    };
}

/* Channels [begin, end) of the strip's group, numbered within it, a part of the depth. */
static void channels(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, const strip *p,
                     int32_t begin, int32_t end, int64_t k)
{
    const int32_t whole = 2 * isa->lanes, several = ZK_GEMM_GROUP * whole;
    for (int32_t c = begin / whole * whole; c < end; c += whole) {
        zk_gemm_f32_tile t = part(isa, a, p, c, k);
        if (p->n == 1 && c >= begin && c + several <= end) {
            isa->row(&t, whole * t.depth);
            c += several - whole;
            continue;
        }
        zk_gemm_f32_fn *const *tile = isa->tile + (t.w_pitch == whole ? isa->max_rows : 0) - 1;
        t.first = begin > c ? begin - c : 0;
        t.end = end - c < whole ? end - c : whole;
        for (int64_t left = p->n, rows; left > 0; left -= rows) {
            rows = zk_gemm_rows(isa, left);
            t.next = rows == left ? t.w + t.depth * t.w_pitch : t.w;
            tile[rows](&t);
            t.x += rows * t.x_pitch;
            t.out += rows * t.out_pitch;
        }
    }
}

static void run_strip(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, strip *p)
{
    const zk_conv_shape *s = a->shape;
    const bool direct = zk_conv_is_gemm(s);
    const int32_t per_group = s->out_c / s->groups;
    p->x = direct ? a->x + p->pixel * s->in_c : a->scratch;
    p->x_pitch = zk_conv_patch(s);
    for (int32_t c = a->channel_begin, end; c < a->channel_end; c = end) {
        p->group = c / per_group;
        const int32_t group_begin = p->group * per_group;
        end = group_begin + per_group < a->channel_end ? group_begin + per_group : a->channel_end;
        p->packed = (const float *)a->packed + p->group * group_elems(isa, s);
        if (!direct)
            zk_gather_f32(a, p->pixel, p->n, p->group);
        for (int64_t k = 0; k < zk_conv_patch(s); k += part_depth(zk_conv_patch(s)))
            channels(isa, a, p, c - group_begin, end - group_begin, k);
    }
}

void zk_gemm_conv_run(const zk_gemm_f32 *isa, const zk_conv_f32_args *a)
{
    const int64_t most = strip_pixels(a->shape), n = a->tile < most ? a->tile : most;
    assert(a->packed);
    strip p = {.pixel = a->pixel_begin};
    for (; p.pixel < a->pixel_end; p.pixel += p.n) {
        p.n = a->pixel_end - p.pixel < n ? a->pixel_end - p.pixel : n;
        run_strip(isa, a, &p);
    }
}
