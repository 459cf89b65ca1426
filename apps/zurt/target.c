/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a model of any kind, feeds it samples and reads its outputs as real values. */
#include "target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler_part.h"

/** More are no classes, but a map. */
enum { MOST_CLASSES = 100000 };

void target_note_own(cli *c, const char *path, const target_options *options)
{
    if (options->norm_given)
        cli_note(c, "%s carries its own preprocessing; --input-norm and its kin are ignored", path);
    if (target_shapes_given(options))
        cli_note(c, "%s has its shapes; --input-size, --shape and --batch are for an .onnx", path);
}

/* Options that were given and change nothing here. */
static void note_idle_options(cli *c, const target *t, const target_options *o)
{
    if (t->is_zurt)
        target_note_own(c, t->path, o);
    const char *device = target_device(t);
    bool wants_pl = o->session.device == ZURT_DEVICE_XRT || o->session.device == ZURT_DEVICE_SIM;
    if (!t->is_zurt && wants_pl)
        cli_note(c, "%s runs on the host; --device is for a .zurt", t->path);
    else if (o->session.xclbin && strcmp(device, "xrt") != 0)
        cli_note(c, "--xclbin is not used: %s runs on %s%s", t->path, device,
                 o->session.device == ZURT_DEVICE_AUTO ? " (--device xrt says why)" : "");
}

static int load_zurt(cli *c, target *t, const target_options *options)
{
    zurt_model_options load = ZURT_MODEL_OPTIONS_INIT;
    load.max_bytes = options->session.max_bytes;
    zurt_status st = zurt_model_load(c->ctx, t->path, &load, &t->model);
    if (st)
        return cli_fail(c, st, NULL);
    t->norm = *zurt_model_norm(t->model);
    t->n_in = zurt_model_n_inputs(t->model);
    t->n_out = zurt_model_n_outputs(t->model);
    t->inputs = calloc(t->n_in + 1, sizeof(*t->inputs));
    t->outputs = calloc(t->n_out + 1, sizeof(*t->outputs));
    for (size_t i = 0; t->inputs && i < t->n_in; i++)
        t->inputs[i] = *zurt_model_input(t->model, i);
    for (size_t i = 0; t->outputs && i < t->n_out; i++)
        t->outputs[i] = *zurt_model_output(t->model, i);
    return EXIT_DONE;
}

static int import_onnx(cli *c, target *t, const target_options *options)
{
    int code = compiler->import(c, t, options);
    if (code == EXIT_DONE)
        compiler->describe(t, options);
    return code;
}

/* The first axis that all inputs share; 1 if there is none. */
static int32_t shared_axis(const zurt_tensor_info *inputs, size_t n)
{
    int32_t axis = n ? inputs[0].dims[0] : 1;
    for (size_t i = 0; i < n; i++) {
        if (inputs[i].rank < 2 || inputs[i].dims[0] < 1 || inputs[i].dims[0] != axis)
            return 1;
    }
    return axis;
}

size_t target_batch_of(const zurt_tensor_info *inputs, size_t n_in, const zurt_tensor_info *outputs,
                       size_t n_out)
{
    int32_t batch = shared_axis(inputs, n_in);
    for (size_t i = 0; batch > 1 && i < n_out; i++) {
        const zurt_tensor_info *info = &outputs[i];
        // [2 * boxes, 4] holds the boxes of one sample after those of the other
        bool parts = info->rank >= 2 && info->dims[0] > 0 && info->dims[0] % batch == 0;
        bool one_each = info->rank == 1 && info->dims[0] == batch;
        if (!parts && !one_each)
            return 1;
    }
    return (size_t)batch;
}

static bool allocate_buffers(target *t)
{
    t->in = calloc(t->n_in + 1, sizeof(*t->in));
    t->in_space = calloc(t->n_in + 1, sizeof(*t->in_space));
    t->out = calloc(t->n_out + 1, sizeof(*t->out));
    const bool described = t->inputs && t->outputs;
    if (!described || !t->in || !t->in_space || !t->out)
        return false;
    for (size_t i = 0; i < t->n_in; i++) {
        t->in_space[i] = (zurt_span){calloc(1, t->inputs[i].bytes + 1), t->inputs[i].bytes};
        t->in[i] = (zurt_view){t->in_space[i].data, t->inputs[i].bytes};
        if (!t->in[i].data)
            return false;
    }
    for (size_t i = 0; i < t->n_out; i++) {
        t->out[i] = (zurt_span){calloc(1, t->outputs[i].bytes + 1), t->outputs[i].bytes};
        if (!t->out[i].data)
            return false;
    }
    return true;
}

int target_recognise(cli *c, const char *path, bool *is_zurt)
{
    zurt_file_kind kind;
    zurt_status st = zurt_file_kind_read(c->ctx, path, &kind);
    if (st)
        return cli_fail(c, st, NULL);
    *is_zurt = kind == ZURT_FILE_ZURT;
    bool named = cli_has_suffix(path, ".zurt") || cli_has_suffix(path, ".onnx");
    if (kind == ZURT_FILE_UNKNOWN && named) // damaged: its reader says how
        *is_zurt = cli_has_suffix(path, ".zurt");
    else if (kind != ZURT_FILE_ZURT && kind != ZURT_FILE_ONNX && kind != ZURT_FILE_TFLITE)
        return cli_fail(c, ZURT_E_FORMAT, "%s: this is %s, not an ONNX, TFLite or .zurt model%s%s",
                        path, zurt_file_kind_name(kind), zurt_file_kind_remedy(kind)[0] ? "; " : "",
                        zurt_file_kind_remedy(kind));
    return *is_zurt || compiler ? EXIT_DONE : compiler_instead(c, path);
}

static int load_names(cli *c, target *t, const char *path)
{
    int code = names_load(c, path, &t->names);
    size_t classes = target_is_classifier(t) ? target_out_elems(t, 0) : 0;
    if (code == EXIT_DONE && classes && classes != t->names.n)
        cli_note(c, "%s has %zu names, %s tells %zu classes apart: they may be another model's",
                 path, t->names.n, t->path, classes);
    return code;
}

int target_load(cli *c, const char *path, const target_options *options, target *out)
{
    *out = (target){
        .path = path, .layout = options->layout, .orientation = target_orientation(options)};
    int code = target_recognise(c, path, &out->is_zurt);
    if (code == EXIT_DONE)
        code = out->is_zurt ? load_zurt(c, out, options) : import_onnx(c, out, options);
    if (code == EXIT_DONE && (!out->inputs || !out->outputs))
        code = cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", path);
    return code;
}

/* A session or an evaluator. */
static int prepare(cli *c, target *t, const target_options *options)
{
    zurt_status st = ZURT_OK;
    if (t->is_zurt)
        st = zurt_session_create(c->ctx, t->model, &options->session, &t->session);
    else if (!options->facts_only)
        st = compiler->prepare(c, t, options);
    int code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    if (code == EXIT_DEVICE && options->session.device == ZURT_DEVICE_XRT)
        cli_note(c, "zurt doctor looks for what is wrong, and says how to mend it");
    return code;
}

static int allocate(cli *c, target *t)
{
    if (!allocate_buffers(t))
        return cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", t->path);
    t->batch = target_batch_of(t->inputs, t->n_in, t->outputs, t->n_out);
    return EXIT_DONE;
}

int target_open(cli *c, const char *path, const target_options *options, target *out)
{
    int code = target_load(c, path, options, out);
    if (code == EXIT_DONE)
        code = prepare(c, out, options);
    if (code != EXIT_DONE)
        return code;
    note_idle_options(c, out, options);
    code = allocate(c, out);
    return code == EXIT_DONE && options->labels ? load_names(c, out, options->labels) : code;
}

int target_wrap(cli *c, zurt_graph *graph, const target_options *options, target *out)
{
    *out = (target){.path = "",
                    .graph = graph,
                    .borrowed = true,
                    .layout = options->layout,
                    .orientation = target_orientation(options)};
    compiler->describe(out, options);
    return allocate(c, out);
}

int target_beside(cli *c, const target *t, target *out)
{
    *out = *t;
    out->in = NULL;
    out->in_space = out->out = NULL;
    return allocate_buffers(out) ? EXIT_DONE
                                 : cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", t->path);
}

void target_free_buffers(target *t)
{
    for (size_t i = 0; t->in_space && i < t->n_in; i++)
        free(t->in_space[i].data);
    for (size_t i = 0; t->out && i < t->n_out; i++)
        free(t->out[i].data);
    free(t->in);
    free(t->in_space);
    free(t->out);
    t->in = NULL;
    t->in_space = t->out = NULL;
}

void target_close(target *t)
{
    target_free_buffers(t);
    free(t->inputs);
    free(t->outputs);
    zurt_session_destroy(t->session);
    zurt_model_destroy(t->model);
    if (t->graph)
        compiler->close(t);
    names_free(&t->names);
    *t = (target){0};
}

int target_run(cli *c, target *t)
{
    zurt_status st = t->is_zurt ? zurt_session_run(t->session, t->in, t->n_in, t->out, t->n_out)
                                : compiler->run(t);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

/* The part of every input buffer that sample `b` of the batch takes. */
static zurt_span *slices(const target *t, size_t b)
{
    zurt_span *out = calloc(t->n_in + 1, sizeof(*out));
    for (size_t i = 0; out && i < t->n_in; i++) {
        size_t bytes = t->in_space[i].bytes / t->batch;
        out[i] = (zurt_span){(uint8_t *)t->in_space[i].data + b * bytes, bytes};
    }
    return out;
}

int target_bind(cli *c, const target *t, data_source *s)
{
    zurt_span *one = slices(t, 0);
    if (!one)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->layout = t->layout;
    s->orientation = t->orientation;
    int code = data_bind(c, s, t->inputs, one, t->n_in);
    free(one);
    return code;
}

int target_fill(cli *c, target *t, const data_source *s, size_t first, size_t last)
{
    int code = EXIT_DONE;
    for (size_t b = 0; code == EXIT_DONE && b < t->batch; b++) {
        zurt_span *one = slices(t, b);
        size_t i = first + b < last ? first + b : last - 1;
        code = one ? data_fill(c, s, i, &t->norm, t->inputs, one, t->n_in)
                   : cli_fail(c, ZURT_E_NOMEM, "out of memory");
        free(one);
    }
    return code;
}

size_t target_out_elems(const target *t, size_t output)
{
    const zurt_tensor_info *info = &t->outputs[output];
    return info->bytes / zurt_dtype_bytes(info->dtype) / t->batch;
}

int target_out_floats(cli *c, const target *t, size_t k, float *values)
{
    const zurt_view bytes = {t->out[k].data, t->outputs[k].bytes};
    zurt_status st = zurt_tensor_to_float(c->ctx, &t->outputs[k], bytes, values);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

int target_predict(cli *c, target *t, const data_source *s, size_t first, size_t count,
                   float *const *out)
{
    size_t most = 0;
    for (size_t k = 0; k < t->n_out; k++) {
        size_t elems = target_out_elems(t, k);
        most = elems > most ? elems : most;
    }
    float *values = malloc((most * t->batch + 1) * sizeof(*values));
    if (!values)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    int code = EXIT_DONE;
    for (size_t at = 0; code == EXIT_DONE && at < count; at += t->batch) {
        size_t n = count - at < t->batch ? count - at : t->batch;
        code = target_fill(c, t, s, first + at, first + at + n);
        if (code == EXIT_DONE)
            code = target_run(c, t);
        for (size_t k = 0; code == EXIT_DONE && k < t->n_out; k++) {
            size_t elems = target_out_elems(t, k);
            code = target_out_floats(c, t, k, values);
            memcpy(out[k] + at * elems, values, n * elems * sizeof(*values));
        }
    }
    free(values);
    return code;
}

const char *target_label(const target *t, size_t i)
{
    if (t->names.n)
        return i < t->names.n ? t->names.items[i] : "";
    const char *label = t->is_zurt ? zurt_model_label(t->model, i) : compiler->label(t, i);
    return label ? label : "";
}

/* [N, C], [N, 1, 1, C], [N, C, 1, 1] or, without a batch, [C]; more than one class. */
static bool holds_scores(const target *t, size_t output)
{
    const zurt_tensor_info *info = &t->outputs[output];
    const int32_t *d = info->dims;
    size_t elems = target_out_elems(t, output);
    if (elems < 2 || elems > MOST_CLASSES)
        return false;
    switch (info->rank) {
    case 1:
        return t->batch == 1;
    case 2:
        return elems == (size_t)d[1];
    case 4:
        return d[2] == 1 &&
               (d[1] == 1 ? elems == (size_t)d[3] : d[3] == 1 && elems == (size_t)d[1]);
    default:
        return false;
    }
}

bool target_is_classifier(const target *t)
{
    size_t n = 0;
    for (size_t k = 0; k < t->n_out; k++)
        n += holds_scores(t, k);
    return n == 1 && holds_scores(t, 0);
}

const char *target_device(const target *t)
{
    zurt_session_info info;
    if (t->is_zurt && zurt_session_info_get(t->session, &info) == ZURT_OK)
        return info.device;
    return "host";
}

void target_note_fallbacks(cli *c, const target *t)
{
    zurt_session_info info;
    if (t->session && zurt_session_info_get(t->session, &info) == ZURT_OK && info.n_fallbacks)
        cli_note(c, "%s: %" PRIu64 " answers are the CPU's, since the device failed: %s", t->path,
                 info.n_fallbacks, info.failure);
}
