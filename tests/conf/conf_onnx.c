/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs ONNX's operator tests through import and the executor, once as imported and once after all
 * passes. A case is skipped only where zurt itself says that it does not support it, and the
 * reason is zurt's message. An input is frozen to its test value where the import says that it
 * must be constant.
 *
 * usage: conf_onnx [--at-least N] [--only TEXT] DIR
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_case.h"

enum { SKIPPED_TEST = 77, REASON = 160 };

typedef enum verdict { PASS, SKIP, FAIL } verdict;

typedef struct tally {
    size_t count[3];
    char (*reasons)[REASON]; /* one per skipped case */
    size_t n_reasons;
    const char *only;
} tally;

/* ---- comparing ------------------------------------------------------------------------------ */

static bool close_enough(float is, float should)
{
    if (isnan(should) || isinf(should))
        return isnan(should) ? isnan(is) : is == should;
    return fabsf(is - should) <= 1e-5f + 1e-3f * fabsf(should);
}

static bool equal(const case_tensor *should, const zurt_tensor_info *is, const void *data,
                  char *why)
{
    bool same_shape = should->rank == is->rank && should->dtype == is->dtype;
    for (int32_t i = 0; i < should->rank && same_shape; i++)
        same_shape = should->dims[i] == is->dims[i];
    if (!same_shape) {
        snprintf(why, REASON, "output '%.40s' has another shape or type (%s, rank %d)", is->name,
                 zurt_dtype_name(is->dtype), (int)is->rank);
        return false;
    }
    for (size_t i = 0; i < should->elems; i++) {
        size_t bytes = zurt_dtype_bytes(is->dtype);
        bool same = is->dtype == ZURT_F32
                        ? close_enough(((const float *)data)[i], ((float *)should->data)[i])
                        : memcmp((const char *)data + i * bytes,
                                 (const char *)should->data + i * bytes, bytes) == 0;
        if (same)
            continue;
        double a = is->dtype == ZURT_F32 ? (double)((const float *)data)[i] : 0;
        double b = is->dtype == ZURT_F32 ? (double)((float *)should->data)[i] : 0;
        snprintf(why, REASON, "output '%.40s'[%zu] differs (%g, expected %g)", is->name, i, a, b);
        return false;
    }
    return true;
}

/* NonMaxSuppression of zurt gives as many rows as there can be: those behind the boxes found are
 * -1. True if that is so of `data` and the others are as they should be. */
static bool equal_rows(const case_tensor *should, const zurt_tensor_info *is, const void *data)
{
    bool fits = should->rank == 2 && is->rank == 2 && should->dtype == ZURT_S64 &&
                is->dtype == ZURT_S64 && should->dims[1] == 3 && is->dims[1] == 3 &&
                should->dims[0] <= is->dims[0];
    const int64_t *rows = data;
    for (size_t i = should->elems; fits && i < 3 * (size_t)is->dims[0]; i++)
        fits = rows[i] == -1;
    return fits && memcmp(rows, should->data, should->elems * sizeof(*rows)) == 0;
}

static bool pads_rows(const onnx_case *c)
{
    static const char op[] = "NonMaxSuppression";
    const char *bytes = (const char *)c->model;
    for (size_t i = 0; i + sizeof(op) <= c->model_bytes; i++) {
        if (memcmp(bytes + i, op, sizeof(op) - 1) == 0)
            return true;
    }
    return false;
}

/* ---- one case ------------------------------------------------------------------------------- */

static const case_tensor *find(const case_tensor *tensors, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(tensors[i].name) == len && strncmp(tensors[i].name, name, len) == 0)
            return &tensors[i];
    }
    return NULL;
}

/* The input that the message asks to be constant: "... input 'NAME' must be constant ...". */
static const case_tensor *wanted_constant(const onnx_case *c, const char *message)
{
    const char *end = strstr(message, "' must be constant");
    const char *start = message;
    for (const char *p = message; end && (p = strstr(p, "input '")) && p < end; p++)
        start = p + strlen("input '");
    return end ? find(c->in, c->n_in, start, (size_t)(end - start)) : NULL;
}

static zurt_binding bind(const case_tensor *t)
{
    zurt_binding b = {.name = t->name, .dtype = t->dtype, .rank = t->rank, .data = t->data};
    memcpy(b.dims, t->dims, sizeof(b.dims));
    return b;
}

static zurt_status import(zurt_ctx *ctx, const onnx_case *c, bool keep, zurt_graph **out)
{
    zurt_binding bindings[CASE_MAX_TENSORS];
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.keep_structure = keep;
    options.bindings = bindings;
    for (;;) {
        zurt_status st = zurt_import_onnx_mem(ctx, c->model, c->model_bytes, &options, out);
        const case_tensor *t =
            st == ZURT_E_UNSUPPORTED ? wanted_constant(c, zurt_ctx_error(ctx)) : NULL;
        for (size_t i = 0; i < options.n_bindings && t; i++) {
            if (strcmp(bindings[i].name, t->name) == 0)
                t = NULL; // asked for it already
        }
        if (!t)
            return st;
        bindings[options.n_bindings++] = bind(t);
    }
}

/* An image input that became NHWC takes its data in that order. */
static void *to_nhwc(const case_tensor *t)
{
    size_t bytes = zurt_dtype_bytes(t->dtype), to = 0;
    char *out = malloc(t->elems * bytes + 1);
    const size_t n = (size_t)t->dims[0], c = (size_t)t->dims[1], hw = t->elems / (n * c);
    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < hw; p++) {
            for (size_t k = 0; k < c; k++, to++)
                memcpy(out + to * bytes, (char *)t->data + ((i * c + k) * hw + p) * bytes, bytes);
        }
    }
    return out;
}

static verdict run(const onnx_case *c, const zurt_graph *g, zurt_evaluator *e, char *why)
{
    zurt_view in[CASE_MAX_TENSORS];
    zurt_span out[CASE_MAX_TENSORS];
    void *moved[CASE_MAX_TENSORS] = {0};
    size_t n_in = zurt_graph_n_inputs(g), n_out = zurt_graph_n_outputs(g);
    verdict v = n_in <= c->n_in && n_out == c->n_out ? PASS : FAIL;
    if (v == FAIL)
        snprintf(why, REASON, "%zu inputs, %zu outputs; expected %zu, %zu", n_in, n_out, c->n_in,
                 c->n_out);
    for (size_t i = 0; i < n_in && v == PASS; i++) {
        zurt_tensor_info info;
        zurt_graph_input(g, i, &info);
        const case_tensor *t = find(c->in, c->n_in, info.name, strlen(info.name));
        if (!t || t->elems * zurt_dtype_bytes(t->dtype) != info.bytes) {
            snprintf(why, REASON, "input '%.40s' does not match the test's", info.name);
            v = FAIL;
            break;
        }
        moved[i] = info.from_nchw && t->elems ? to_nhwc(t) : NULL;
        in[i] = (zurt_view){moved[i] ? moved[i] : t->data, info.bytes};
    }
    for (size_t i = 0; i < n_out && v == PASS; i++) {
        zurt_tensor_info info;
        zurt_graph_output(g, i, &info);
        out[i] = (zurt_span){calloc(info.bytes + 1, 1), info.bytes};
    }
    bool ran = v == PASS;
    if (ran && zurt_evaluator_run(e, in, n_in, out, n_out) != ZURT_OK) {
        snprintf(why, REASON, "the run failed");
        v = FAIL;
    }
    for (size_t i = 0; i < n_out && v == PASS; i++) {
        zurt_tensor_info info;
        zurt_graph_output(g, i, &info);
        if (strcmp(info.name, c->out[i].name) != 0) {
            snprintf(why, REASON, "output %zu is '%.40s', not '%.40s'", i, info.name,
                     c->out[i].name);
            v = FAIL;
        } else if (pads_rows(c) ? !equal_rows(&c->out[i], &info, out[i].data)
                                : !equal(&c->out[i], &info, out[i].data, why)) {
            v = FAIL;
        }
    }
    for (size_t i = 0; i < n_in; i++)
        free(moved[i]);
    for (size_t i = 0; i < n_out && ran; i++)
        free(out[i].data);
    return v;
}

/* "node 0 'x' (Conv): text" becomes "Conv: text". */
static void shorten(const char *message, char *why)
{
    const char *open = strstr(message, "' ("), *close = open ? strstr(open, "): ") : NULL;
    if (strncmp(message, "node ", 5) == 0 && close)
        snprintf(why, REASON, "%.*s: %s", (int)(close - open - 3), open + 3, close + 3);
    else
        snprintf(why, REASON, "%s", message);
}

static verdict judge(zurt_status st, const char *message, char *why)
{
    if (!st)
        return PASS;
    shorten(message, why);
    return st == ZURT_E_UNSUPPORTED || st == ZURT_E_VERSION ? SKIP : FAIL;
}

static verdict run_mode(const onnx_case *c, bool keep, char *why)
{
    zurt_ctx *ctx = NULL;
    zurt_graph *g = NULL;
    zurt_evaluator *e = NULL;
    if (zurt_ctx_create(NULL, &ctx) != ZURT_OK)
        return FAIL;
    verdict v = judge(import(ctx, c, keep, &g), zurt_ctx_error(ctx), why);
    if (v == PASS)
        v = judge(zurt_evaluator_create(ctx, g, 1, &e), zurt_ctx_error(ctx), why);
    if (v == PASS)
        v = run(c, g, e, why);
    zurt_evaluator_destroy(e);
    zurt_graph_destroy(g);
    zurt_ctx_destroy(ctx);
    return v;
}

static verdict run_case(const char *dir, onnx_case *c, char *why)
{
    bool loaded = onnx_case_load_data(dir, c);
    verdict kept = run_mode(c, true, why);
    if (kept != SKIP && !loaded) {
        snprintf(why, REASON, "the test's tensors cannot be read");
        return FAIL;
    }
    if (kept != PASS)
        return kept;
    verdict passed = run_mode(c, false, why);
    if (passed == SKIP) {
        char text[REASON];
        snprintf(text, sizeof(text), "%s", why);
        snprintf(why, REASON, "only the passes refuse it: %.130s", text);
        return FAIL;
    }
    return passed;
}

/* ---- all cases ------------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void run_suite(const char *root, const char *suite, tally *t)
{
    char path[4096];
    struct dirent **entries;
    snprintf(path, sizeof(path), "%s/%s", root, suite);
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char dir[8192], why[REASON] = "";
        onnx_case c;
        snprintf(dir, sizeof(dir), "%s/%s", path, name);
        bool wanted = name[0] != '.' && (!t->only || strstr(name, t->only));
        if (wanted && onnx_case_load_model(dir, &c)) {
            static const char *const words[] = {"PASS", "SKIP", "FAIL"};
            verdict v = run_case(dir, &c, why);
            t->count[v]++;
            printf("%s %s/%s %s\n", words[v], suite, name, v == PASS ? "" : why);
            if (v == SKIP) {
                t->reasons = realloc(t->reasons, (t->n_reasons + 1) * sizeof(*t->reasons));
                memcpy(t->reasons[t->n_reasons++], why, REASON);
            }
            onnx_case_free(&c);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void print_reasons(tally *t)
{
    if (!t->n_reasons)
        return;
    qsort(t->reasons, t->n_reasons, sizeof(*t->reasons), by_text);
    printf("\nskipped, by reason:\n");
    for (size_t i = 0; i < t->n_reasons;) {
        size_t k = i;
        while (k < t->n_reasons && strcmp(t->reasons[i], t->reasons[k]) == 0)
            k++;
        printf("%5zu %s\n", k - i, t->reasons[i]);
        i = k;
    }
}

int main(int argc, char **argv)
{
    tally t = {0};
    size_t at_least = 0;
    const char *root = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--at-least") == 0 && i + 1 < argc)
            at_least = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            t.only = argv[++i];
        else
            root = argv[i];
    }
    struct dirent **suites;
    int n = root ? scandir(root, &suites, NULL, alphasort) : -1;
    if (n < 0) {
        printf("SKIP: no ONNX test data (Debian: libonnx-testdata)\n");
        return SKIPPED_TEST;
    }
    for (int i = 0; i < n; i++) {
        if (suites[i]->d_name[0] != '.')
            run_suite(root, suites[i]->d_name, &t);
        free(suites[i]);
    }
    free(suites);
    print_reasons(&t);
    free(t.reasons);
    printf("\n%zu passed, %zu skipped, %zu failed\n", t.count[PASS], t.count[SKIP], t.count[FAIL]);
    if (t.count[PASS] < at_least)
        printf("at least %zu must pass\n", at_least);
    return t.count[FAIL] || t.count[PASS] < at_least;
}
