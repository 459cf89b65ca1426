/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports every float ONNX model that has golden outputs, runs it as imported and after all
 * passes, and compares with what other runtimes computed.
 * DIR/golden/CASE.txt names the model and the tensors, DIR/golden/CASE.{in,out0,...}.f32 hold them
 * (inputs as the model declares them, NCHW).
 *
 * usage: golden_float [--only TEXT] [--tolerance SHARE_OF_RANGE] DIR
 */
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zurt/compile.h>

enum { SKIPPED_TEST = 77, MAX_OUTPUTS = 32, PATH_BYTES = 4096 };

/* Of the output's range. A model quantised dynamically gave its golden outputs with 8-bit
 * activations, zurt computes it in float: that noise is the model's, not zurt's. */
static const double default_tolerance = 1e-3, dynamic_tolerance = 5e-2;

typedef struct golden {
    char model[256];
    int dims[4];
    int rank;
    size_t n_out;
    char out_name[MAX_OUTPUTS][128];
} golden;

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long end = ftell(f);
    rewind(f);
    void *data = malloc((size_t)end + 1);
    *size = data ? fread(data, 1, (size_t)end, f) : 0;
    fclose(f);
    return data;
}

/* False: not a float case of an ONNX model. */
static bool parse(const char *path, golden *g)
{
    FILE *f = fopen(path, "r");
    char line[1024], type[16] = "";
    *g = (golden){0};
    while (f && fgets(line, sizeof(line), f)) {
        char *open = strchr(line, '[');
        if (strncmp(line, "model ", 6) == 0) {
            sscanf(line, "model %255s", g->model);
        } else if (strncmp(line, "in ", 3) == 0 && open) {
            g->rank = sscanf(open, "[%d , %d , %d , %d", &g->dims[0], &g->dims[1], &g->dims[2],
                             &g->dims[3]);
            char *close = strchr(open, ']');
            sscanf(close ? close : "", "] %15s", type);
        } else if (strncmp(line, "out", 3) == 0 && g->n_out < MAX_OUTPUTS) {
            sscanf(line, "out%*u %127s", g->out_name[g->n_out]);
            g->n_out++;
        }
    }
    if (f)
        fclose(f);
    size_t len = strlen(g->model);
    return len > 5 && strcmp(g->model + len - 5, ".onnx") == 0 && strcmp(type, "f32") == 0;
}

static float *to_nhwc(const float *x, const int32_t *nhwc)
{
    const size_t n = (size_t)nhwc[0], hw = (size_t)nhwc[1] * (size_t)nhwc[2], c = (size_t)nhwc[3];
    float *out = malloc(n * hw * c * sizeof(*out) + 1);
    for (size_t i = 0, to = 0; i < n; i++) {
        for (size_t p = 0; p < hw; p++) {
            for (size_t k = 0; k < c; k++)
                out[to++] = x[(i * c + k) * hw + p];
        }
    }
    return out;
}

static double relative_error(const float *is, const float *should, size_t n)
{
    double lo = INFINITY, hi = -INFINITY, worst = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)is[i] - (double)should[i]);
        lo = fmin(lo, (double)should[i]);
        hi = fmax(hi, (double)should[i]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst / (hi > lo ? hi - lo : 1.0);
}

static size_t output_index(const golden *g, const char *name, size_t otherwise)
{
    for (size_t i = 0; i < g->n_out; i++) {
        if (strcmp(g->out_name[i], name) == 0)
            return i;
    }
    return otherwise;
}

/* Largest relative error of all outputs; NAN: a file is missing or does not fit. */
static double compare(const char *stem, const golden *g, const zurt_graph *graph,
                      const zurt_span *out)
{
    double worst = 0;
    size_t n = zurt_graph_n_outputs(graph);
    for (size_t i = 0; i < n; i++) {
        zurt_tensor_info info;
        char path[2 * PATH_BYTES];
        size_t bytes = 0;
        zurt_graph_output(graph, i, &info);
        snprintf(path, sizeof(path), "%s.out%zu.f32", stem, output_index(g, info.name, i));
        float *should = read_file(path, &bytes);
        double e = should && bytes == info.bytes
                       ? relative_error(out[i].data, should, bytes / sizeof(float))
                       : NAN;
        free(should);
        worst = e > worst || isnan(e) ? e : worst;
    }
    return n == g->n_out ? worst : NAN;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double run(const char *stem, const golden *g, const zurt_graph *graph, zurt_evaluator *e,
                  double *ms)
{
    char path[2 * PATH_BYTES];
    size_t bytes = 0;
    zurt_tensor_info info;
    zurt_span out[MAX_OUTPUTS] = {{0}};
    size_t n_out = zurt_graph_n_outputs(graph);
    snprintf(path, sizeof(path), "%s.in.f32", stem);
    float *x = read_file(path, &bytes);
    zurt_graph_input(graph, 0, &info);
    if (!x || zurt_graph_n_inputs(graph) != 1 || bytes != info.bytes || n_out > MAX_OUTPUTS) {
        free(x);
        return NAN;
    }
    float *moved = info.from_nchw ? to_nhwc(x, info.dims) : NULL;
    zurt_view in = {moved ? moved : x, bytes};
    for (size_t i = 0; i < n_out; i++) {
        zurt_graph_output(graph, i, &info);
        out[i] = (zurt_span){malloc(info.bytes + 1), info.bytes};
    }
    double start = now_ms();
    zurt_status st = zurt_evaluator_run(e, &in, 1, out, n_out);
    *ms = now_ms() - start;
    double error = st ? NAN : compare(stem, g, graph, out);
    for (size_t i = 0; i < n_out; i++)
        free(out[i].data);
    free(moved);
    free(x);
    return error;
}

static bool was_dynamic(const zurt_graph *graph)
{
    for (size_t i = 0; i < zurt_graph_n_nodes(graph); i++) {
        zurt_node_info info;
        if (zurt_graph_node(graph, i, &info) == ZURT_OK && strstr(info.note, "dynamically"))
            return true;
    }
    return false;
}

/* *limit: raised by the run as imported, whose nodes still say where they come from. */
static bool run_mode(const char *dir, const char *name, const golden *g, bool keep, double *limit)
{
    char path[2 * PATH_BYTES], stem[PATH_BYTES];
    zurt_ctx *ctx = NULL;
    zurt_graph *graph = NULL;
    zurt_evaluator *e = NULL;
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.keep_structure = keep;
    options.height = g->rank == 4 ? g->dims[2] : 0; // where the model leaves them open
    options.width = g->rank == 4 ? g->dims[3] : 0;
    snprintf(path, sizeof(path), "%s/%s", dir, g->model);
    snprintf(stem, sizeof(stem), "%s/golden/%.*s", dir, (int)strlen(name) - 4, name);
    if (zurt_ctx_create(NULL, &ctx) != ZURT_OK)
        return false;
    double error = NAN, ms = 0;
    zurt_status st = zurt_import_onnx_file(ctx, path, &options, &graph);
    if (!st)
        st = zurt_evaluator_create(ctx, graph, 1, &e);
    if (!st)
        error = run(stem, g, graph, e, &ms);
    if (keep && was_dynamic(graph))
        *limit = dynamic_tolerance;
    bool ok = error <= *limit;
    printf("%-44s %-9s %5zu %5zu %10.2e %8.1f %s%s\n", name, keep ? "imported" : "optimised",
           zurt_graph_source_nodes(graph), zurt_graph_n_nodes(graph), error, ms,
           ok ? "ok" : "FAIL ", st ? zurt_ctx_error(ctx) : "");
    zurt_evaluator_destroy(e);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
    return ok;
}

int main(int argc, char **argv)
{
    const char *dir = NULL, *only = NULL;
    double tolerance = default_tolerance;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--tolerance") == 0 && i + 1 < argc)
            tolerance = strtod(argv[++i], NULL);
        else
            dir = argv[i];
    }
    char path[2 * PATH_BYTES];
    struct dirent **files;
    snprintf(path, sizeof(path), "%s/golden", dir ? dir : ".");
    int n = dir ? scandir(path, &files, NULL, alphasort) : -1;
    if (n < 0) {
        printf("SKIP: no golden outputs (set ZURT_DATA)\n");
        return SKIPPED_TEST;
    }
    size_t cases = 0, failed = 0;
    printf("%-44s %-9s %5s %5s %10s %8s\n", "case", "graph", "nodes", "left", "error", "ms");
    for (int i = 0; i < n; i++) {
        golden g;
        const char *name = files[i]->d_name, *end = strrchr(name, '.');
        snprintf(path, sizeof(path), "%s/golden/%s", dir, name);
        const bool is_golden = end && strcmp(end, ".txt") == 0;
        const bool is_wanted = !only || strstr(name, only);
        if (is_golden && is_wanted && parse(path, &g)) {
            cases += 2;
            double limit = tolerance;
            failed += !run_mode(dir, name, &g, true, &limit);
            failed += !run_mode(dir, name, &g, false, &limit);
        }
        free(files[i]);
    }
    free(files);
    printf("%zu runs, %zu failed\n", cases, failed);
    return failed > 0 || cases == 0;
}
