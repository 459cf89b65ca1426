/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizes by powers of two. Nearest-neighbour ones double height and width, several times. Linear
 * ones to a part of the size take the mean of the 2x2 pixels in the middle, each with a quarter of
 * the weight: rounded as a mean is.
 */
#include "codegen/layer_impl.h"

/** Largest factor: 16. */
enum { MAX_DOUBLINGS = 4 };

static bool copies_nearest(const zi_attr_resize *r)
{
    bool middle =
        r->nearest == ZI_NEAREST_ROUND_PREFER_FLOOR || r->nearest == ZI_NEAREST_ROUND_PREFER_CEIL;
    return r->mode == ZI_RESIZE_NEAREST &&
           ((r->coord == ZI_COORD_ASYMMETRIC && r->nearest == ZI_NEAREST_FLOOR) ||
            (r->coord == ZI_COORD_HALF_PIXEL && middle));
}

/** Log2 of how many times as large `to` is as `from`, and `scale` says so; 0: no such factor. */
static int32_t factor_of(const zi_image *from, const zi_image *to, float scale_h, float scale_w,
                         bool enlarges)
{
    for (int32_t k = 1; k <= MAX_DOUBLINGS; k++) {
        float times = (float)(1 << k), scale = enlarges ? times : 1.0f / times;
        if (to->h == from->h << k && to->w == from->w << k && scale_h == scale && scale_w == scale)
            return k;
    }
    return 0;
}

/** Whether each output pixel lies between four input pixels. */
static bool lies_between(const zi_attr_resize *r, const zi_layer *l)
{
    return r->mode == ZI_RESIZE_LINEAR &&
           (r->coord == ZI_COORD_HALF_PIXEL ||
            (r->coord == ZI_COORD_PYTORCH_HALF_PIXEL && l->y.h > 1 && l->y.w > 1));
}

bool zi_layer_resize(zi_layer_answer *a)
{
    const zi_attr_resize *r = &a->n->attr.resize;
    zi_layer *l = a->layer;
    l->kind = ZI_LAYER_MAX;
    if (!zi_layer_take_images(a))
        return false;
    if (!zi_same_quant(zi_node_in(a->q->g, a->n, 0), zi_node_out(a->q->g, a->n, 0)))
        return zi_layer_refuse(a, "input and output have different scales",
                               "compile from the float model, or give both the same scale");
    int32_t up = copies_nearest(r) ? factor_of(&l->x, &l->y, r->scale[0], r->scale[1], true) : 0;
    int32_t down =
        lies_between(r, l) ? factor_of(&l->y, &l->x, r->scale[0], r->scale[1], false) : 0;
    for (int d = 0; d < 2 && down; d++) {
        l->kernel[d] = 2;
        l->stride[d] = 1 << down;
        l->pad[d] = 1 - (1 << (down - 1));
    }
    if (down)
        return zi_layer_mean(a);
    if (!up)
        return zi_layer_refuse(
            a, "a resize neither nearest to 2, 4, 8, 16 times the size nor linear to such a part",
            "use such a factor; nearest: asymmetric and floor, or half_pixel; linear: half_pixel");
    l->up2 = true;
    l->doublings = up;
    if (!zi_layer_check_row(a, zi_blocks(l->x.c), 2 * zi_blocks(l->y.c)))
        return false;
    l->y.h = l->x.h; // the engine's results, each of which is written four times
    l->y.w = l->x.w;
    return true;
}
