/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a53_ort LIBRARY MODEL.onnx: runs a model of one input and one output in ONNX Runtime twice, on
 * one thread, for the A53 model to count the second run. The input is seeded noise. Prints what
 * a53_run prints: the first interval, then one step, the whole network.
 *
 * The library is opened at run time; its functions are in a table that only grows at its end, of
 * which the part that is used is declared here. Ref: ONNX Runtime's C API, struct OrtApi,
 * version 12.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "a53_mark.h"

enum { API_VERSION = 12, LOG_ERROR = 3, OPTIMISE_ALL = 99, MAX_RANK = 8 };
enum { ELEMENT_FLOAT = 1, ELEMENT_UINT8 = 2, ELEMENT_INT8 = 3 };

typedef void *handle; /* each of its own type, opaque */

/* `nothing_N`: as many functions that are not used. */
typedef struct ort_api {
    void (*nothing_2[2])(void);
    const char *(*error_message)(handle status);
    handle (*create_env)(int level, const char *id, handle *out);
    void (*nothing_2b[2])(void);
    handle (*disable_telemetry)(handle env);
    handle (*create_session)(handle env, const char *path, handle options, handle *out);
    void (*nothing_1)(void);
    handle (*run)(handle session, handle options, const char *const *inputs, const handle *values,
                  size_t n_inputs, const char *const *outputs, size_t n_outputs, handle *out);
    handle (*create_options)(handle *out);
    void (*nothing_12[12])(void);
    handle (*set_optimisation)(handle options, int level);
    handle (*set_intra_threads)(handle options, int n);
    handle (*set_inter_threads)(handle options, int n);
    void (*nothing_7[7])(void);
    handle (*input_type)(handle session, size_t i, handle *out);
    void (*nothing_2c[2])(void);
    handle (*input_name)(handle session, size_t i, handle allocator, char **out);
    handle (*output_name)(handle session, size_t i, handle allocator, char **out);
    void (*nothing_11[11])(void);
    handle (*create_tensor)(handle memory, void *data, size_t bytes, const int64_t *dims,
                            size_t rank, int type, handle *out);
    void (*nothing_5[5])(void);
    handle (*tensor_info)(handle type, handle *out);
    void (*nothing_4[4])(void);
    handle (*element_type)(handle info, int *out);
    handle (*rank)(handle info, size_t *out);
    handle (*dims)(handle info, int64_t *out, size_t rank);
    void (*nothing_6[6])(void);
    handle (*cpu_memory)(int allocator_type, int memory_type, handle *out);
    void (*nothing_8[8])(void);
    handle (*default_allocator)(handle *out);
} ort_api;

typedef struct ort_base {
    const ort_api *(*api)(uint32_t version);
    const char *(*version)(void);
} ort_base;

static const ort_api *api;

static void check(handle status)
{
    if (!status)
        return;
    fprintf(stderr, "a53_ort: %s\n", api->error_message(status));
    exit(1);
}

static void open_library(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        fprintf(stderr, "a53_ort: %s\n", dlerror());
        exit(1);
    }
    union {
        void *object;
        const ort_base *(*function)(void);
    } get = {dlsym(library, "OrtGetApiBase")};
    api = get.object ? get.function()->api(API_VERSION) : NULL;
    if (!api) {
        fprintf(stderr, "a53_ort: %s has no C API of version %d\n", path, API_VERSION);
        exit(1);
    }
}

static void *noise(size_t n, int type)
{
    const size_t bytes = type == ELEMENT_FLOAT ? n * sizeof(float) : n;
    uint8_t *p = malloc(bytes + 1);
    uint64_t state = 1;
    for (size_t i = 0; p && i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint8_t v = (uint8_t)(state >> 56);
        if (type == ELEMENT_FLOAT)
            ((float *)(void *)p)[i] = (float)v / 255.0f;
        else
            p[i] = v;
    }
    if (!p)
        exit(1);
    return p;
}

/* A tensor of noise for the session's only input. */
static handle make_input(handle session)
{
    handle type, info, memory, value;
    int64_t dims[MAX_RANK];
    size_t rank, n = 1;
    int element;
    check(api->input_type(session, 0, &type));
    check(api->tensor_info(type, &info));
    check(api->element_type(info, &element));
    check(api->rank(info, &rank));
    if (rank > MAX_RANK ||
        (element != ELEMENT_FLOAT && element != ELEMENT_UINT8 && element != ELEMENT_INT8)) {
        fprintf(stderr, "a53_ort: the input is no tensor of float, int8 or uint8\n");
        exit(1);
    }
    check(api->dims(info, dims, rank));
    for (size_t i = 0; i < rank; i++) {
        dims[i] = dims[i] > 0 ? dims[i] : 1;
        n *= (size_t)dims[i];
    }
    check(api->cpu_memory(0, 0, &memory));
    check(api->create_tensor(memory, noise(n, element), element == ELEMENT_FLOAT ? 4 * n : n, dims,
                             rank, element, &value));
    return value;
}

int main(int argc, char **argv)
{
    handle env, options, session, allocator, out = NULL;
    char *in_name, *out_name;
    if (argc != 3) {
        fprintf(stderr, "usage: a53_ort LIBRARY MODEL.onnx\n");
        return 2;
    }
    open_library(argv[1]);
    check(api->create_env(LOG_ERROR, "a53", &env));
    check(api->disable_telemetry(env));
    check(api->create_options(&options));
    check(api->set_intra_threads(options, 1));
    check(api->set_inter_threads(options, 1));
    check(api->set_optimisation(options, OPTIMISE_ALL));
    check(api->create_session(env, argv[2], options, &session));
    check(api->default_allocator(&allocator));
    check(api->input_name(session, 0, allocator, &in_name));
    check(api->output_name(session, 0, allocator, &out_name));
    const handle in = make_input(session);
    const char *const inputs[] = {in_name}, *const outputs[] = {out_name};
    a53_mark(); // the model begins here
    check(api->run(session, NULL, inputs, &in, 1, outputs, 1, &out));
    a53_mark();
    check(api->run(session, NULL, inputs, &in, 1, outputs, 1, &out)); // into the same output
    a53_mark();
    printf("2\nnetwork\t0\t%s\n", argv[2]);
    fflush(stdout);
    _Exit(0); // taking it down takes as long as the run, in the emulator
}
