/* SPDX-License-Identifier: Apache-2.0 */
/* 32 channels at a time stay in a register over all taps of a window. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/window.h"

enum { LANES = 32 };

/* What a pixel reads. */
typedef struct taps {
    const int8_t *x;                  /* the first tap inside */
    int32_t n_y, n_x;                 /* taps inside */
    int64_t step_y, step_x, channels; /* elements from tap to tap; of a pixel */
} taps;

static void block(const taps *t, int64_t c, int8_t *out)
{
    __m256i most = _mm256_set1_epi8(INT8_MIN);
    for (int32_t ky = 0; ky < t->n_y; ky++) {
        const int8_t *x = t->x + ky * t->step_y + c;
        for (int32_t kx = 0; kx < t->n_x; kx++, x += t->step_x)
            most = _mm256_max_epi8(most, _mm256_loadu_si256((const __m256i *)x));
    }
    _mm256_storeu_si256((__m256i *)(out + c), most);
}

/* The channels that fill no block. */
static void single(const taps *t, int64_t c, int8_t *out)
{
    int8_t most = INT8_MIN;
    for (int32_t ky = 0; ky < t->n_y; ky++) {
        const int8_t *x = t->x + ky * t->step_y + c;
        for (int32_t kx = 0; kx < t->n_x; kx++, x += t->step_x)
            most = *x > most ? *x : most;
    }
    out[c] = most;
}

static void pixel(const taps *t, int8_t *out)
{
    int64_t c = 0;
    for (; c + LANES <= t->channels; c += LANES)
        block(t, c, out);
    if (c == t->channels)
        return;
    if (t->channels >= LANES) { // some channels once more
        block(t, t->channels - LANES, out);
        return;
    }
    for (; c < t->channels; c++)
        single(t, c, out);
}

void zk_maxpool_s8_avx2(const zk_maxpool_s8_args *a)
{
    const zk_pool_shape *s = a->shape;
    int8_t *out = a->out + a->row_begin * s->out_w * s->channels;
    for (int64_t row = a->row_begin; row < a->row_end; row++) {
        const zk_window wy = zk_window_y(s, (int32_t)(row % s->out_h));
        for (int32_t ox = 0; ox < s->out_w; ox++, out += s->channels) {
            const zk_window wx = zk_window_x(s, ox);
            const bool any = wy.begin < wy.end && wx.begin < wx.end;
            const taps t = {
                .x = any ? a->x + zk_window_offset(s, row, &wy, wy.begin, &wx, wx.begin) : a->x,
                .n_y = any ? wy.end - wy.begin : 0,
                .n_x = wx.end - wx.begin,
                .step_y = (int64_t)s->dilation_h * s->in_w * s->channels,
                .step_x = (int64_t)s->dilation_w * s->channels,
                .channels = s->channels,
            };
            pixel(&t, out);
        }
    }
}
