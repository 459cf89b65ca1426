/* SPDX-License-Identifier: Apache-2.0 */
/* What the queries of the public API say about tensors and nodes. */
#include <math.h>
#include <string.h>

#include "base/ctx.h"
#include "model/model.h"

zurt_norm zi_norm_none(int32_t channels)
{
    int32_t n = channels < 1 ? 1 : channels > 4 ? 4 : channels;
    zurt_norm norm = {.channels = n, .fit = ZURT_FIT_STRETCH, .crop_ratio = 1.0f};
    for (int c = 0; c < 4; c++)
        norm.std[c] = 1.0f;
    return norm;
}

zurt_status zi_norm_check(zurt_ctx *ctx, const zurt_norm *norm, zurt_status code)
{
    if (norm->channels < 1 || norm->channels > 4)
        return zi_fail(ctx, code, "normalisation: %d channels, 1 to 4 are possible",
                       (int)norm->channels);
    for (int32_t c = 0; c < norm->channels; c++) {
        if (!isfinite(norm->mean[c]) || !isfinite(norm->std[c]) || norm->std[c] <= 0)
            return zi_fail(ctx, code, "normalisation: channel %d: mean must be finite, std above 0",
                           (int)c);
    }
    if ((int32_t)norm->fit < ZURT_FIT_STRETCH || (int32_t)norm->fit > ZURT_FIT_LETTERBOX)
        return zi_fail(ctx, code, "normalisation: unknown fit %d", (int)norm->fit);
    if (!(norm->crop_ratio > 0 && norm->crop_ratio <= 1))
        return zi_fail(ctx, code, "normalisation: crop ratio %g is not in (0, 1]",
                       (double)norm->crop_ratio);
    return ZURT_OK;
}

void zi_tensor_info_of(const zi_tensor *t, zurt_tensor_info *out)
{
    *out = (zurt_tensor_info){
        .name = t->name,
        .dtype = t->dtype,
        .rank = t->rank,
        .bytes = zi_tensor_bytes(t),
        .from_nchw = t->from_nchw ? 1 : 0,
    };
    memcpy(out->dims, t->dims, sizeof(out->dims));
    if (zi_tensor_is_quantised(t)) {
        out->scale = t->quant.scale[0];
        out->zero_point = t->quant.zero_point[0];
    }
}

void zi_node_info_of(const zi_graph *g, const zi_node *n, zurt_node_info *out)
{
    const zi_tensor *t = &g->tensors[n->out[0]];
    *out = (zurt_node_info){
        .name = n->name,
        .op = zi_op_name(n->op),
        .dtype = t->dtype,
        .macs = zi_node_macs(g, n),
        .out_rank = t->rank,
        .note = n->note,
    };
    memcpy(out->out_dims, t->dims, sizeof(out->out_dims));
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && zi_tensor_is_const(&g->tensors[n->in[i]]))
            out->param_bytes += zi_tensor_bytes(&g->tensors[n->in[i]]);
    }
}
