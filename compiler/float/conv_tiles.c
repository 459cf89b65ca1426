/* SPDX-License-Identifier: Apache-2.0 */
/* What convolutions in float do alike, whoever computes their products. */
#include "float/blas.h"

#include "kernels/patch.h"

/* All channels of the call for n patches, group by group. */
static void all_channels(const zk_conv_f32_args *a, int64_t pixel, int64_t n, int32_t width,
                         zc_conv_block_fn *block)
{
    const zk_conv_shape *s = a->shape;
    const bool direct = zk_conv_is_gemm(s);
    const int32_t per_group = s->out_c / s->groups;
    const float *patches = direct ? a->x + pixel * s->in_c : a->scratch;
    int32_t gathered = -1;
    for (int32_t c = a->channel_begin, end; c < a->channel_end; c = end) {
        const int32_t group = c / per_group;
        if (!direct && group != gathered)
            zk_gather_f32(a, pixel, n, group);
        gathered = group;
        const int64_t tile_end = ((int64_t)c / width + 1) * width;
        end = (group + 1) * per_group;
        end = end < tile_end ? end : (int32_t)tile_end;
        end = end < a->channel_end ? end : a->channel_end;
        block(a, patches, pixel, n, c, end);
    }
}

void zc_conv_f32_tiles(const zk_conv_f32_args *a, int32_t width, zc_conv_block_fn *block)
{
    for (int64_t begin = a->pixel_begin; begin < a->pixel_end; begin += a->tile) {
        const int64_t left = a->pixel_end - begin;
        all_channels(a, begin, left < a->tile ? left : a->tile, width, block);
    }
}
