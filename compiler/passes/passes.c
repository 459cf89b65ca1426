/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the passes, and running them until nothing changes. */
#include "passes/passes_all.h"

#include "base/alloc.h"

zurt_status zc_index_make(zurt_ctx *ctx, const zi_graph *g, zc_index *out)
{
    return zi_graph_index(ctx, g, &out->writer, &out->n_readers);
}

void zc_index_free(zurt_ctx *ctx, zc_index *index)
{
    zi_free(&ctx->allocator, index->writer);
    zi_free(&ctx->allocator, index->n_readers);
}

void zc_take_output(zi_graph *g, zc_index *index, zi_node *keep, zi_node *gone)
{
    for (uint32_t i = 0; i < gone->n_in; i++) {
        if (gone->in[i] != ZI_NONE)
            index->n_readers[gone->in[i]]--;
    }
    index->writer[keep->out[0]] = ZI_NONE;
    keep->out[0] = gone->out[0];
    index->writer[keep->out[0]] = (zi_id)(keep - g->nodes);
    gone->op = ZI_OP_NONE;
}

zurt_status zc_set_inputs(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n, const zi_id *in,
                          uint32_t n_in)
{
    zi_id *copy = zi_arena_memdup(&g->arena, in, n_in * sizeof(*in));
    if (!copy)
        return zi_fail(ctx, ZURT_E_NOMEM, "passes: out of memory");
    // Constants made by a pass are newer than the index: nobody asks who reads them.
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && !g->tensors[n->in[i]].data)
            index->n_readers[n->in[i]]--;
    }
    for (uint32_t i = 0; i < n_in; i++) {
        if (in[i] != ZI_NONE && !g->tensors[in[i]].data)
            index->n_readers[in[i]]++;
    }
    n->in = copy;
    n->n_in = n_in;
    return ZURT_OK;
}

bool zc_is_const_f32(const zi_graph *g, zi_id tensor)
{
    return tensor != ZI_NONE && g->tensors[tensor].data && g->tensors[tensor].dtype == ZURT_F32;
}

bool zc_scalar(const zi_graph *g, zi_id tensor, float *value)
{
    if (!zc_is_const_f32(g, tensor) || zi_tensor_elems(&g->tensors[tensor]) != 1)
        return false;
    *value = *(const float *)g->tensors[tensor].data;
    return true;
}

/* The order: first what makes constants and weights plain to see, then the layout, then what
 * wants spatial ops and their neighbours side by side. Before the layout pass nothing may be
 * cleaned: it knows images by the Transposes in front of spatial ops. */
static const struct {
    const char *name;
    zc_pass_fn *run;
} passes[] = {
    {"fold_constants", zc_fold_constants_pass},
    {"matmul", zc_matmul_pass},
    {"layout", zc_layout_pass},
    {"clean", zc_clean_pass},
    {"fold_constants", zc_fold_constants_pass},
    {"fuse_patterns", zc_fuse_patterns_pass},
    {"fuse_pad", zc_fuse_pad_pass},
    {"fuse_affine", zc_fuse_affine_pass},
    {"affine_conv", zc_affine_conv_pass},
    {"fuse_activation", zc_fuse_activation_pass},
    {"clean", zc_clean_pass},
};

zurt_status zc_passes_run(zurt_ctx *ctx, zi_graph *g)
{
    zurt_status st = zi_graph_compact(ctx, g);
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]) && !st; i++) {
        st = passes[i].run(ctx, g);
        if (st)
            return zi_fail_prefix(ctx, st, "pass %s: ", passes[i].name);
        st = zi_graph_compact(ctx, g);
    }
    return st ? st : zi_graph_check(ctx, g);
}
