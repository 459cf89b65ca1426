/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the engine that ops share. */
#include "codegen/layer_impl.h"
#include "isa/zk_config.h"
#include "plan/remedy.h"
#include "quant/scale.h"

/** Largest height and width: positions and taps of the step format are 16 bits. */
enum { SIDE_LIMIT = 16384 };

bool zi_layer_refuse(zi_layer_answer *a, const char *reason, const char *remedy)
{
    a->reason = reason;
    a->remedy = remedy;
    return false;
}

/* ---- types and sizes ---- */

bool zi_image_of(const zi_tensor *t, zi_image *out)
{
    const int32_t *d = t->dims;
    switch (t->rank) {
    case 1:
        *out = (zi_image){1, 1, 1, d[0]};
        return true;
    case 2:
        *out = (zi_image){d[0], 1, 1, d[1]};
        return true;
    case 3:
        *out = (zi_image){d[0], 1, d[1], d[2]};
        return true;
    case 4:
        *out = (zi_image){d[0], d[1], d[2], d[3]};
        return true;
    default:
        return false;
    }
}

bool zi_layer_check_types(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    for (uint32_t i = 0; i < a->n->n_in + a->n->n_out; i++) {
        zi_id id = i < a->n->n_in ? a->n->in[i] : a->n->out[i - a->n->n_in];
        if (id == ZI_NONE || (i < a->n->n_in && zi_tensor_is_const(&g->tensors[id])))
            continue;
        const zi_tensor *t = &g->tensors[id];
        if (t->dtype == ZURT_F32 && a->q->caps->assume_int8)
            continue;
        if (t->dtype != ZURT_S8)
            return zi_layer_refuse(
                a,
                zi_arena_printf(a->q->arena, "tensor '%.64s' is %s, '%s' computes s8", t->name,
                                zurt_dtype_name(t->dtype), a->q->caps->name),
                zi_remedy_of_float(a->q->arena, a->n));
        if (t->quant.n != 1)
            return zi_layer_refuse(
                a,
                zi_arena_printf(a->q->arena, "tensor '%.64s' has no single scale and zero point",
                                t->name),
                "compile it from the float model: activations have one scale there");
    }
    return true;
}

static bool check_image(zi_layer_answer *a, const zi_image *i)
{
    if (i->n < 1 || i->h < 1 || i->w < 1 || i->c < 1)
        return zi_layer_refuse(a, "a tensor is empty", "");
    if (i->h > SIDE_LIMIT || i->w > SIDE_LIMIT || i->c > SIDE_LIMIT * 16)
        return zi_layer_refuse(
            a,
            zi_arena_printf(a->q->arena, "%dx%d pixels of %d channels, %d are possible", (int)i->h,
                            (int)i->w, (int)i->c, (int)SIDE_LIMIT),
            "make the input smaller (--input-size, where the model leaves it open)");
    int64_t words = (int64_t)i->h * i->w * zi_blocks(i->c) * i->n;
    if (words > INT32_MAX / 64)
        return zi_layer_refuse(a, "a tensor exceeds the engine's address range",
                               "make the input or batch smaller");
    return true;
}

bool zi_layer_take_images(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *x = zi_node_in(g, a->n, 0);
    zi_layer *l = a->layer;
    if (!x || zi_tensor_is_const(x))
        return zi_layer_refuse(a, "its input is a constant",
                               "export with constant folding (onnxsim does it afterwards)");
    if (!zi_image_of(x, &l->x) || !zi_image_of(zi_node_out(g, a->n, 0), &l->y))
        return zi_layer_refuse(a, "a tensor has more than 4 axes",
                               "reshape to 4 axes in the source: height, width and channels are "
                               "what the PL computes on");
    return check_image(a, &l->x) && check_image(a, &l->y);
}

/** Words of a row of one plane, at most: a vector's has no neighbours to keep clear of. */
static int64_t row_words(const zi_image *i, int64_t lanes)
{
    return i->h == 1 && i->w == 1 ? 1 : i->w + 2 * lanes;
}

bool zi_layer_check_row(zi_layer_answer *a, int32_t in_blocks, int32_t out_blocks)
{
    const zi_layer *l = a->layer;
    int64_t rows = (int64_t)(l->kernel[0] - 1) * l->dilation[0] + l->stride[0];
    if (rows > l->x.h)
        rows = l->x.h;
    int64_t lanes = a->q->caps->pixel_parallel;
    int64_t words =
        (rows + 1) * row_words(&l->x, lanes) * in_blocks + 2 * row_words(&l->y, lanes) * out_blocks;
    if (words <= a->q->caps->scratchpad_words / 2)
        return true;
    return zi_layer_refuse(
        a,
        zi_arena_printf(a->q->arena,
                        "%lld rows of %d pixels with %d channels need %lld KiB, half of "
                        "the scratchpad has %u",
                        (long long)rows, (int)l->x.w, (int)l->x.c, (long long)(words / 64),
                        (unsigned)(a->q->caps->scratchpad_words / 128)),
        "use fewer channels or a smaller kernel or input");
}

bool zi_layer_check_window(zi_layer_answer *a)
{
    zi_layer *l = a->layer;
    for (int d = 0; d < 2; d++) {
        if ((d ? l->y.w : l->y.h) == 1)
            l->stride[d] = 1;
        int64_t reach = (int64_t)l->kernel[d] * l->dilation[d] + l->pad[d];
        if (reach >= SIDE_LIMIT || l->stride[d] >= SIDE_LIMIT)
            return zi_layer_refuse(a, "the window is too large",
                                   "use a smaller kernel or dilation");
    }
    int64_t taps = (int64_t)l->kernel[0] * l->kernel[1] * l->passes;
    if (taps > ZK_TAPS)
        return zi_layer_refuse(
            a,
            zi_arena_printf(a->q->arena, "a window of %lld taps, '%s' takes %d", (long long)taps,
                            a->q->caps->name, ZK_TAPS),
            l->passes > 1 ? "quantise weights to [-127, 127] with zero point 0"
            : a->n->op == ZI_OP_ReduceMean
                ? "pool in two steps: an AveragePool to 16x16 or less, then the mean"
                : "use a smaller kernel");
    return true;
}

bool zi_layer_check_ring(zi_layer_answer *a, int64_t words)
{
    const zi_layer *l = a->layer;
    const zi_caps *caps = a->q->caps;
    bool one_group = (int64_t)l->y.h * l->y.w <= caps->pixel_parallel && !l->transposed;
    if (one_group || words + 1 <= caps->ring_beats / 16)
        return true;
    return zi_layer_refuse(
        a,
        zi_arena_printf(a->q->arena,
                        "16 output channels have %lld KiB of weights, the ring holds %u",
                        (long long)(words / 4), (unsigned)(caps->ring_beats / 64)),
        "use fewer input channels or a smaller kernel");
}

void zi_layer_clamp(const zi_graph *g, const zi_node *n, int32_t *lo, int32_t *hi)
{
    const zi_tensor *y = zi_node_out(g, n, 0);
    *lo = -128;
    *hi = 127;
    if (y->quant.n == 1)
        zi_clamp_bounds(n->clamp_lo, n->clamp_hi, y->quant.scale[0], y->quant.zero_point[0], lo,
                        hi);
}
