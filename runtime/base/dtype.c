/* SPDX-License-Identifier: Apache-2.0 */
/* Size and name of each element type. */
#include <zurt/zurt.h>

size_t zurt_dtype_bytes(zurt_dtype dtype)
{
    switch (dtype) {
    case ZURT_S8:
    case ZURT_U8:
    case ZURT_BOOL:
        return 1;
    case ZURT_F32:
    case ZURT_S32:
        return 4;
    case ZURT_S64:
        return 8;
    case ZURT_DTYPE_NONE:
        break;
    }
    return 0;
}

const char *zurt_dtype_name(zurt_dtype dtype)
{
    switch (dtype) {
    case ZURT_F32:
        return "f32";
    case ZURT_S8:
        return "s8";
    case ZURT_U8:
        return "u8";
    case ZURT_S32:
        return "s32";
    case ZURT_S64:
        return "s64";
    case ZURT_BOOL:
        return "bool";
    case ZURT_DTYPE_NONE:
        break;
    }
    return "?";
}
