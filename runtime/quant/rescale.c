/* SPDX-License-Identifier: Apache-2.0 */
/* Scales of tensors to multipliers and tables. */
#include "quant/rescale.h"

#include "quant/requant.h"

bool zi_rescale_add(double scale_a, double scale_b, double scale_out, zi_rescale_factors *out)
{
    double twice_max = 2.0 * (scale_a > scale_b ? scale_a : scale_b);
    double unit = (double)(1 << ZI_ADD_LEFT_SHIFT) * scale_out;
    return zi_multiplier_from_real(scale_a / twice_max, &out->a) &&
           zi_multiplier_from_real(scale_b / twice_max, &out->b) &&
           zi_multiplier_from_real(twice_max / unit, &out->out);
}

bool zi_rescale_mean(double scale_in, double scale_out, int32_t count, zi_multiplier *out)
{
    return zi_multiplier_from_real(scale_in / (scale_out * (double)count), out);
}

bool zi_rescale_table(float scale_in, int32_t zero_in, float scale_out, int32_t zero_out,
                      int8_t table[256])
{
    zi_multiplier m;
    if (!zi_multiplier_from_real((double)scale_in / (double)scale_out, &m))
        return false;
    for (int32_t q = -128; q <= 127; q++) {
        int32_t r = zi_requant(q - zero_in, m.multiplier, m.shift);
        table[q + 128] = (int8_t)zi_offset_clamp(r, zero_out, -128, 127);
    }
    return true;
}
