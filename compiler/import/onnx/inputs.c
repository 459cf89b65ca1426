/* SPDX-License-Identifier: Apache-2.0 */
/* Graph inputs: their shapes, as the model and the caller's options have them, and inputs that the
 * caller froze. */
#include <stdio.h>
#include <string.h>

#include "import/onnx/importer.h"

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

zurt_status zc_binding(zc_onnx *o, const zurt_binding *b, zi_id *out)
{
    int64_t wide[ZURT_MAX_RANK] = {0};
    int32_t dims[ZURT_MAX_RANK];
    size_t n = 0;
    size_t elem = zurt_dtype_bytes(b->dtype);
    if (!elem || b->rank < 0 || b->rank > ZURT_MAX_RANK)
        return zi_fail(o->ctx, ZURT_E_ARG, "binding '%.80s': bad type or rank", b->name);
    for (int32_t i = 0; i < b->rank; i++)
        wide[i] = b->dims[i];
    zurt_status st = zc_read_dims(o, b->name, wide, (size_t)b->rank, b->dtype, dims, &n);
    void *data = NULL;
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, b->name, b->dtype, b->rank, dims, NULL, out, &data);
    if (!st)
        memcpy(data, b->data, n * elem);
    return st;
}

/* ---- graph inputs -------------------------------------------------------------------------- */

/* "[N,3,?,224]" as the model has it. */
static void describe_shape(const Onnx__TensorShapeProto *shape, char *out, size_t size)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; shape && i < shape->n_dim && at < size; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        const char *sign = i ? "," : "[", *param = d->dim_param ? d->dim_param : "";
        int n = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                    ? snprintf(out + at, size - at, "%s%lld", sign, (long long)d->dim_value)
                    : snprintf(out + at, size - at, "%s%.20s", sign, *param ? param : "?");
        at += n > 0 ? (size_t)n : 0;
    }
    if (at < size)
        snprintf(out + at, size - at, "%s", shape && shape->n_dim ? "]" : "[]");
}

/* Value of a dimension that the model leaves open: batch, or height and width of an image. */
static zurt_status open_dim(zc_onnx *o, const char *name, const Onnx__TensorShapeProto *shape,
                            size_t i, int32_t *out)
{
    const zurt_import_options *options = o->options;
    if (i == 0) {
        *out = options->batch > 0 ? options->batch : 1;
        o->batch_used = true;
        return ZURT_OK;
    }
    bool image = shape->n_dim == 4;
    const Onnx__TensorShapeProto__Dimension *d = image ? shape->dim[1] : NULL;
    bool nhwc = d && d->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    size_t h = nhwc ? 1 : 2;
    const int32_t size = !image ? 0 : i == h ? options->height : i == h + 1 ? options->width : 0;
    if (size > 0) {
        *out = size;
        o->size_used = true;
        return ZURT_OK;
    }
    char known[128];
    describe_shape(shape, known, sizeof(known));
    if (image && (i == h || i == h + 1))
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "input '%.80s' is %s: height and width are open; give them with "
                       "--input-size WxH",
                       name, known);
    return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                   "input '%.80s' is %s: dim %zu is open; give the whole shape with "
                   "--shape '%.80s=1x...'",
                   name, known, i, name);
}

/* The first fixed batch found is the one that options.batch replaces. */
static int64_t rewrite_batch(zc_onnx *o, int64_t declared)
{
    o->batch_used = true;
    if (o->batch_from == 0 && declared > 0 && declared <= ZI_MAX_DIM) {
        o->batch_from = (int32_t)declared;
        o->batch_to = o->options->batch;
    }
    return declared == o->batch_from ? o->batch_to : declared;
}

static bool is_fixed(const Onnx__TensorShapeProto__Dimension *d)
{
    return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
           d->dim_value >= 0;
}

static zurt_status declared_dims(zc_onnx *o, const char *name, const Onnx__TensorShapeProto *shape,
                                 int64_t *dims)
{
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        int32_t open = 0;
        zurt_status st = is_fixed(d) ? ZURT_OK : open_dim(o, name, shape, i, &open);
        if (st)
            return st;
        dims[i] = is_fixed(d) ? d->dim_value : open;
        if (is_fixed(d) && i == 0 && o->options->batch > 0)
            dims[i] = rewrite_batch(o, d->dim_value);
    }
    return ZURT_OK;
}

static const zurt_input_shape *shape_option(const zc_onnx *o, const char *name)
{
    for (size_t i = 0; i < o->options->n_shapes; i++) {
        if (strcmp(o->options->shapes[i].name, name) == 0)
            return &o->options->shapes[i];
    }
    return NULL;
}

/* The caller's shape, which may fill what the model leaves open and nothing else. */
static zurt_status given_dims(zc_onnx *o, const zurt_input_shape *given,
                              const Onnx__TensorShapeProto *shape, int64_t *dims)
{
    bool used = !shape;
    char known[128];
    describe_shape(shape, known, sizeof(known));
    if (shape && shape->n_dim != (size_t)given->rank)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED, "input '%.80s' is %s: --shape gives it %d dims",
                       given->name, known, (int)given->rank);
    for (int32_t i = 0; i < given->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape ? shape->dim[i] : NULL;
        dims[i] = given->dims[i];
        used = used || (d && !is_fixed(d));
        if (d && is_fixed(d) && d->dim_value != given->dims[i])
            return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                           "input '%.80s' is %s: dim %d is fixed, --shape cannot make it %d; "
                           "%s",
                           given->name, known, (int)i, (int)given->dims[i],
                           i == 0 ? "--batch may" : "export the model with that shape");
    }
    if (o->options->batch > 0 && given->rank > 0 && given->dims[0] != o->options->batch)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "input '%.80s': --shape has a batch of %d, --batch %d", given->name,
                       (int)given->dims[0], (int)o->options->batch);
    o->batch_used = o->batch_used || given->rank > 0;
    if (!used)
        zi_log(o->ctx, ZURT_LOG_WARNING,
               "--shape of '%.80s' has no effect: the model fixes every dim: %s", given->name,
               known);
    return ZURT_OK;
}

zurt_status zc_graph_input(zc_onnx *o, const Onnx__ValueInfoProto *info, zi_id *out)
{
    const char *name = info->name;
    const Onnx__TypeProto *type = info->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "input '%.80s' is no tensor; export without sequences, maps or optionals",
                       name);
    const Onnx__TypeProto__Tensor *tensor = type->tensor_type;
    zurt_dtype dtype = zc_dtype(tensor->elem_type);
    if (dtype == ZURT_DTYPE_NONE || tensor->elem_type == TYPE(UINT16) ||
        tensor->elem_type == TYPE(INT16))
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "input '%.80s': elements of type %s; export with float, int8, uint8, int32, "
                       "int64 or bool inputs",
                       name, zc_onnx_type_name(tensor->elem_type));
    const zurt_input_shape *given = shape_option(o, name);
    if (!tensor->shape && !given)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "input '%.80s' has no shape; give it with --shape '%.80s=1x...'", name,
                       name);
    const size_t rank = given ? (size_t)given->rank : tensor->shape->n_dim;
    int64_t wide[ZURT_MAX_RANK] = {0};
    int32_t dims[ZURT_MAX_RANK];
    size_t n;
    zurt_status st = ZURT_OK;
    if (given)
        st = given_dims(o, given, tensor->shape, wide);
    else if (rank <= ZURT_MAX_RANK)
        st = declared_dims(o, name, tensor->shape, wide);
    if (!st)
        st = zc_read_dims(o, name, wide, rank, dtype, dims, &n);
    if (!st)
        st = zi_graph_add_tensor(o->ctx, o->g, name, out);
    if (st)
        return st;
    zi_tensor *t = &o->g->tensors[*out];
    t->dtype = dtype;
    t->rank = (int32_t)rank;
    memcpy(t->dims, dims, (size_t)t->rank * sizeof(*dims));
    return zi_graph_add_input(o->ctx, o->g, *out);
}

static const char *first_input(const zc_onnx *o)
{
    for (size_t i = 0; i < o->graph->n_input; i++) {
        const char *name = o->graph->input[i]->name;
        uint32_t v = name && *name ? zc_value_find(o, name) : ZI_NONE;
        if (v != ZI_NONE && o->values[v].from == ZC_FROM_INPUT)
            return name;
    }
    return "";
}

/* A name in the options that no input has would be passed over otherwise. */
static zurt_status check_names(zc_onnx *o)
{
    for (size_t i = 0; i < o->options->n_shapes; i++) {
        const char *name = o->options->shapes[i].name;
        uint32_t v = zc_value_find(o, name);
        if (v == ZI_NONE || o->values[v].from != ZC_FROM_INPUT)
            return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                           "--shape: the model has no input '%.80s'; its first is '%.80s'", name,
                           first_input(o));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(o->options->shapes[k].name, name) == 0)
                return zi_fail(o->ctx, ZURT_E_UNSUPPORTED, "--shape: input '%.80s' is named twice",
                               name);
        }
    }
    return ZURT_OK;
}

zurt_status zc_graph_inputs(zc_onnx *o)
{
    const zurt_import_options *options = o->options;
    zurt_status st = check_names(o);
    for (size_t i = 0; i < o->graph->n_input && !st; i++) {
        const char *name = o->graph->input[i]->name;
        if (!name || !*name)
            return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: graph input %zu has no name", i);
        zc_value *v = &o->values[zc_value_find(o, name)];
        if (v->from == ZC_FROM_INPUT)
            st = zc_value_make(o, v);
    }
    if (!st && options->batch > 0 && !o->batch_used)
        zi_log(o->ctx, ZURT_LOG_WARNING, "--batch %d has no effect: no input has a batch axis",
               (int)options->batch);
    if (!st && (options->height > 0 || options->width > 0) && !o->size_used)
        zi_log(o->ctx, ZURT_LOG_WARNING,
               "--input-size %dx%d has no effect: no input has an open height and width",
               (int)options->width, (int)options->height);
    return st;
}
