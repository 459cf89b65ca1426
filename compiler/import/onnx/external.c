/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors whose data are in another file. Ref: ONNX, docs/ExternalData.md. */
#include <string.h>

#include "import/onnx/importer.h"

bool zc_is_external(const Onnx__TensorProto *t)
{
    return t->n_external_data || t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static const char *entry(const Onnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = t->external_data[i];
        if (e->key && strcmp(e->key, key) == 0)
            return e->value ? e->value : "";
    }
    return NULL;
}

/* A decimal number, digits alone; `absent` where the entry is not there. */
static bool read_number(const Onnx__TensorProto *t, const char *key, uint64_t absent, uint64_t *out)
{
    const char *text = entry(t, key);
    *out = text ? 0 : absent;
    if (text && !*text)
        return false;
    for (const char *p = text; p && *p; p++) {
        if (*p < '0' || *p > '9' || *out > (UINT64_MAX - 9) / 10)
            return false;
        *out = *out * 10 + (uint64_t)(*p - '0');
    }
    return true;
}

static zurt_status find_bytes(zc_onnx *o, const Onnx__TensorProto *t, size_t bytes, zi_bytes *out)
{
    const char *location = entry(t, "location");
    uint64_t offset, length;
    if (!location)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "external data without a location");
    if (!read_number(t, "offset", 0, &offset) || !read_number(t, "length", bytes, &length))
        return zi_fail(o->ctx, ZURT_E_FORMAT,
                       "external data: offset and length must be decimal numbers");
    if (length != bytes)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "external data of %llu bytes, its shape needs %zu",
                       (unsigned long long)length, bytes);
    *out = (zi_bytes){NULL, 0};
    if (!bytes)
        return ZURT_OK;
    if (!o->files)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "its data are in the file '%.120s', and a model in memory has no folder; "
                       "import it from its file, or save it with all tensors inside",
                       location);
    zi_bytes whole;
    bool opened;
    zurt_status st = zc_weight_files_find(o->ctx, o->files, location, &whole, &opened);
    if (!st && opened)
        zc_fold_earn(o, whole.size);
    if (!st && !zi_bytes_sub(whole, offset, bytes, out))
        st = zi_fail(o->ctx, ZURT_E_FORMAT,
                     "bytes %llu to %llu of '%.120s', which has %zu: the file is cut or another "
                     "model's",
                     (unsigned long long)offset, (unsigned long long)offset + bytes, location,
                     whole.size);
    return st;
}

zurt_status zc_external_bytes(zc_onnx *o, const Onnx__TensorProto *t, const char *name,
                              size_t bytes, zi_bytes *out)
{
    zurt_status st = find_bytes(o, t, bytes, out);
    return st && st != ZURT_E_NOMEM ? zi_fail_prefix(o->ctx, st, "tensor '%.80s': ", name) : st;
}
