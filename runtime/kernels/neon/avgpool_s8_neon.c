/* SPDX-License-Identifier: Apache-2.0 */
/* Average pooling of s8, sixteen channels or eight at a time. */
#include <arm_neon.h>

#include "kernels/kernels.h"
#include "kernels/neon/binary_neon.h"
#include "kernels/neon/sum_neon.h"
#include "kernels/window.h"

enum { WIDE = 16, NARROW = 8, MAX_COUNT = 1 << 16 };

/* What makes means of the sums over windows of one count. */
typedef struct mean {
    int32_t count;
    int32x4_t offset; /* added to each sum of stored values */
    bool alike;
    zk_scale_neon scale; /* unless alike */
    uint32x2_t factor;   /* alike: 2^shift / count, rounded up */
    int64x2_t shift;     /* negative */
    int32x4_t half, low; /* count / 2; the value from which the mean counts */
    int16x8_t zero_point;
} mean;

/*
 * Quotients of n < 2^24 by a count of at most 2^16 are n * factor >> shift: with factor =
 * floor(2^shift / count) + 1 and shift = 24 + log2(count), rounded up, the error is below 1 /
 * count.
 */
static void set_quotient(mean *m, int32_t count)
{
    int shift = 24;
    while ((int64_t)1 << (shift - 24) < count)
        shift++;
    m->factor = vdup_n_u32((uint32_t)((((uint64_t)1 << shift) / (uint32_t)count) + 1));
    m->shift = vdupq_n_s64(-shift);
    m->half = vdupq_n_s32(count / 2);
}

/* Of windows with `taps` pixels inside the input; padding that counts adds nothing. */
static mean mean_of(const zk_avgpool_s8_args *a, int32_t taps, int32_t count)
{
    mean m = {.count = count, .alike = !a->multiplier};
    int32_t offset = -a->x_zero_point * taps;
    m.zero_point = vdupq_n_s16((int16_t)a->out_zero_point);
    if (m.alike) {
        const int32_t low = a->ties_up ? -128 : 0;
        offset += (a->x_zero_point - low) * count;
        m.low = vdupq_n_s32(low);
        set_quotient(&m, count);
    } else {
        m.scale = zk_scale_neon_make((zi_multiplier){a->multiplier[count], a->shift[count]});
    }
    m.offset = vdupq_n_s32(offset);
    return m;
}

/* zi_div_round(): the quotient of the magnitude, which takes the sign again. */
static inline int32x4_t quotient(const mean *m, int32x4_t sum)
{
    const uint32x4_t n = vreinterpretq_u32_s32(vaddq_s32(vabsq_s32(sum), m->half));
    const uint64x2_t first = vshlq_u64(vmull_u32(vget_low_u32(n), m->factor), m->shift);
    const uint64x2_t second = vshlq_u64(vmull_u32(vget_high_u32(n), m->factor), m->shift);
    const int32x4_t q = vreinterpretq_s32_u32(vmovn_high_u64(vmovn_u64(first), second));
    const int32x4_t sign = vshrq_n_s32(sum, 31);
    return vaddq_s32(vsubq_s32(veorq_s32(q, sign), sign), m->low);
}

/* Eight output values. Narrowing saturates to the output's range. */
static inline int8x8_t values(const mean *m, int32x4_t low, int32x4_t high)
{
    low = vaddq_s32(low, m->offset);
    high = vaddq_s32(high, m->offset);
    if (m->alike)
        return vqmovn_s16(vqmovn_high_s32(vqmovn_s32(quotient(m, low)), quotient(m, high)));
    low = zk_scale_neon_run(&m->scale, low);
    high = zk_scale_neon_run(&m->scale, high);
    return vqmovn_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), m->zero_point));
}

/* The part of a window that lies inside the input. */
typedef struct window {
    const int8_t *x;
    int64_t step_y, step_x;
    int32_t n_y, n_x;
} window;

static void pixel(const window *w, const mean *m, int32_t channels, int8_t *out)
{
    const int32_t lanes = channels < WIDE ? NARROW : WIDE;
    for (int32_t c = 0; c < channels; c += lanes) {
        const int32_t at = c + lanes <= channels ? c : channels - lanes;
        const int8_t *x = w->x + at;
        zk_sums_neon s = zk_sums_neon_zero();
        for (int32_t ky = 0; ky < w->n_y; ky++, x += w->step_y) {
            if (lanes == WIDE)
                zk_sums_neon_add16(&s, x, w->step_x, w->n_x);
            else
                zk_sums_neon_add8(&s, x, w->step_x, w->n_x);
        }
        vst1_s8(out + at, values(m, s.v[0], s.v[1]));
        if (lanes == WIDE)
            vst1_s8(out + at + NARROW, values(m, s.v[2], s.v[3]));
    }
}

static void fill(int8_t *out, int32_t value, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = (int8_t)value;
}

static void row_of(const zk_avgpool_s8_args *a, int64_t row, int8_t *out)
{
    const zk_pool_shape *s = a->shape;
    const zk_window wy = zk_window_y(s, (int32_t)(row % s->out_h));
    const int64_t line = (int64_t)s->in_w * s->channels;
    int32_t taps = -1;
    mean m = {0};
    for (int32_t ox = 0; ox < s->out_w; ox++, out += s->channels) {
        const zk_window wx = zk_window_x(s, ox);
        window w = {a->x, line, s->channels, wy.end - wy.begin, wx.end - wx.begin};
        const int32_t count = wy.counted * wx.counted;
        if (!count) {
            fill(out, a->out_zero_point, s->channels);
            continue;
        }
        if (w.n_y && w.n_x)
            w.x += zk_window_offset(s, row, &wy, wy.begin, &wx, wx.begin);
        if (m.count != count || taps != w.n_y * w.n_x)
            m = mean_of(a, w.n_y * w.n_x, count);
        taps = w.n_y * w.n_x;
        pixel(&w, &m, s->channels, out);
    }
}

void zk_avgpool_s8_neon(const zk_avgpool_s8_args *a)
{
    const zk_pool_shape *s = a->shape;
    if (s->channels < NARROW || (int64_t)s->kernel_h * s->kernel_w > MAX_COUNT) {
        zk_avgpool_s8_ref(a);
        return;
    }
    int8_t *out = a->out + a->row_begin * s->out_w * s->channels;
    for (int64_t row = a->row_begin; row < a->row_end; row++, out += s->out_w * s->channels)
        row_of(a, row, out);
}
