/* SPDX-License-Identifier: Apache-2.0 */
/* Between the bytes of an input or output and the real values that they stand for. */
#include <math.h>

#include "base/ctx.h"
#include "model/model.h"
#include "quant/scale.h"

/* How many elements `bytes` hold; false: part of one is left over, or more than the tensor has. */
static bool count_of(zurt_ctx *ctx, const zurt_tensor_info *info, const void *data, size_t bytes,
                     size_t *out)
{
    const size_t elem = zurt_dtype_bytes(info->dtype);
    if (!elem || bytes % elem || bytes > info->bytes) {
        zi_fail(ctx, ZURT_E_ARG, "tensor '%.64s' is %zu bytes of %s: %zu were given", info->name,
                info->bytes, zurt_dtype_name(info->dtype), bytes);
        return false;
    }
    if ((!data && bytes) || (uintptr_t)data % elem) {
        zi_fail(ctx, ZURT_E_ARG, "tensor '%.64s': %s", info->name,
                data ? "the address is not aligned to its element" : "no address");
        return false;
    }
    *out = bytes / elem;
    return true;
}

static double integer_at(zurt_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case ZURT_S8:
        return ((const int8_t *)data)[i];
    case ZURT_S32:
        return ((const int32_t *)data)[i];
    case ZURT_S64:
        return (double)((const int64_t *)data)[i];
    default:
        return ((const uint8_t *)data)[i];
    }
}

zurt_status zurt_tensor_to_float(zurt_ctx *ctx, const zurt_tensor_info *info, zurt_view bytes,
                                 float *out)
{
    size_t n;
    if (!ctx || !info)
        return ZURT_E_ARG;
    if (!count_of(ctx, info, bytes.data, bytes.bytes, &n))
        return ZURT_E_ARG;
    if (!out && n)
        return zi_fail(ctx, ZURT_E_ARG, "tensor '%.64s': nowhere to put its values", info->name);
    const bool scaled = info->scale > 0.0f;
    for (size_t i = 0; i < n; i++) {
        if (info->dtype == ZURT_F32) {
            out[i] = ((const float *)bytes.data)[i];
            continue;
        }
        const double q = integer_at(info->dtype, bytes.data, i);
        out[i] = scaled ? info->scale * (float)(q - info->zero_point) : (float)q;
    }
    return ZURT_OK;
}

/* The element that holds a value; false: there is none. */
static bool put(const zurt_tensor_info *info, float v, void *data, size_t i)
{
    const float scale = info->scale > 0.0f ? info->scale : 1.0f;
    const bool fits_s32 = v >= -0x1p31f && v < 0x1p31f && truncf(v) == v;
    const bool fits_s64 = v >= -0x1p63f && v < 0x1p63f && truncf(v) == v;
    switch (info->dtype) {
    case ZURT_F32:
        ((float *)data)[i] = v;
        return true;
    case ZURT_S8:
        ((int8_t *)data)[i] = (int8_t)zi_quantize(v, scale, info->zero_point, INT8_MIN, INT8_MAX);
        return true;
    case ZURT_U8:
        ((uint8_t *)data)[i] = (uint8_t)zi_quantize(v, scale, info->zero_point, 0, UINT8_MAX);
        return true;
    case ZURT_S32:
        ((int32_t *)data)[i] = fits_s32 ? (int32_t)v : 0;
        return fits_s32;
    case ZURT_S64:
        ((int64_t *)data)[i] = fits_s64 ? (int64_t)v : 0;
        return fits_s64;
    case ZURT_BOOL:
        ((uint8_t *)data)[i] = v > 0.0f;
        return v == 0.0f || v == 1.0f;
    default:
        return false;
    }
}

zurt_status zurt_tensor_from_float(zurt_ctx *ctx, const zurt_tensor_info *info, const float *values,
                                   zurt_span out)
{
    size_t n;
    if (!ctx || !info)
        return ZURT_E_ARG;
    if (!count_of(ctx, info, out.data, out.bytes, &n))
        return ZURT_E_ARG;
    if (!values && n)
        return zi_fail(ctx, ZURT_E_ARG, "tensor '%.64s': no values", info->name);
    for (size_t i = 0; i < n; i++) {
        if (!put(info, values[i], out.data, i))
            return zi_fail(ctx, ZURT_E_FORMAT, "tensor '%.64s' is %s: it cannot hold %g, value %zu",
                           info->name, zurt_dtype_name(info->dtype), (double)values[i], i);
    }
    return ZURT_OK;
}
