/* SPDX-License-Identifier: Apache-2.0 */
/** @file The layers as docs/arithmetic.md states them, one value at a time. */
#include "engine_asm.h"
#include "quant/requant.h"

/** Input value; the padding outside. */
static int32_t value(const layer *y, const tensor *in, int32_t c, int32_t iy, int32_t ix)
{
    if (iy < 0 || iy >= in->h || ix < 0 || ix >= in->w)
        return y->kind == ZK_MAXPOOL ? -128 : y->zp_in;
    return in->v[(c * in->h + iy) * in->w + ix];
}

/** Sum, or maximum, of one output before the requantisation. */
static int32_t window(const layer *y, const tensor *in, int32_t o, int32_t oy, int32_t ox)
{
    int32_t conv = y->kind == ZK_CONV;
    int32_t n_c = conv ? in->planes * ZK_C / y->groups : 1;
    int32_t c0 = conv ? o / (y->out_planes * ZK_C / y->groups) * n_c : o;
    int32_t acc = y->kind == ZK_MAXPOOL ? -128 : y->ch[o].bias;
    for (int32_t c = 0; c < n_c; c++)
        for (int32_t ky = 0; ky < y->kh; ky++)
            for (int32_t kx = 0; kx < y->kw; kx++) {
                int32_t v = value(y, in, c0 + c, oy * y->sy + ky * y->dil_y - y->pad_y,
                                  ox * y->sx + kx * y->dil_x - y->pad_x);
                if (y->kind == ZK_MAXPOOL)
                    acc = v > acc ? v : acc;
                else
                    acc += v * y->w[((o * n_c + c) * y->kh + ky) * y->kw + kx];
            }
    return acc;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

void ref_layer(const layer *y, const tensor *in, const tensor *residual, int8_t *out)
{
    for (int32_t o = 0; o < y->out_planes * ZK_C; o++)
        for (int32_t i = 0; i < y->out_h * y->out_w; i++) {
            int32_t v = window(y, in, o, i / y->out_w, i % y->out_w);
            if (y->kind == ZK_MAXPOOL)
                v = zi_clamp(v, y->lo, y->hi);
            else
                v = zi_offset_clamp(zi_requant(v, y->ch[o].multiplier, y->ch[o].shift), y->zp_out,
                                    y->lo, y->hi);
            if (y->flags & ZK_RESIDUAL) {
                int32_t r = residual->v[o * y->out_h * y->out_w + i];
                int64_t sum = (int64_t)y->term[0][v + 128] + y->term[1][r + 128];
                sum = floor_div(sum + (sum < 0 ? y->add_down : y->add_up),
                                (int64_t)1 << y->add_shift);
                v = zi_clamp((int32_t)sum + y->add_zp, y->add_lo, y->add_hi);
            }
            if (y->flags & ZK_LUT)
                v = y->lut[v + 128];
            out[o * y->out_h * y->out_w + i] = (int8_t)v;
        }
}
