/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output_hashes MODEL.zurt...: runs each model on the CPU, on inputs made here, with every set of
 * CPU features that chooses other kernels, and with two threads. Prints a line for each model: its
 * name, a hash of the file, a hash of all outputs, and that of the reference kernels if it is
 * another: sums in float, where they are left, are fused multiply-adds on vectors alone. Exit 1 if
 * two other sets of features give two hashes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/zurt.h>

enum { MAX_PORTS = 16, MAX_MASKS = 66, INPUTS = 2 };

typedef struct hash {
    uint64_t value;
} hash;

/* FNV-1a. */
static void add(hash *h, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        h->value = (h->value ^ p[i]) * 1099511628211u;
}

static const hash empty = {14695981039346656037u};

static void stop(zurt_ctx *ctx, const char *what)
{
    fprintf(stderr, "output_hashes: %s: %s\n", what, zurt_ctx_error(ctx));
    exit(1);
}

static void *allocated(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

/* Input 0 is noise, input 1 a ramp with noise on it; floats are exact fractions in [0, 1). */
static void *made(const zurt_tensor_info *info, int input, uint64_t *state)
{
    uint8_t *p = allocated(info->bytes);
    const size_t n = info->dtype == ZURT_F32 ? info->bytes / sizeof(float) : info->bytes;
    for (size_t i = 0; i < n; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        const uint8_t random = (uint8_t)(*state >> 56);
        const uint8_t v = input ? (uint8_t)(i * 256 / n / 2 + random / 8) : random;
        if (info->dtype == ZURT_F32)
            ((float *)(void *)p)[i] = (float)v / 256.0f;
        else
            p[i] = v;
    }
    return p;
}

static void run(zurt_ctx *ctx, zurt_session *s, const zurt_model *m, int input, hash *h)
{
    zurt_view in[MAX_PORTS];
    zurt_span out[MAX_PORTS];
    void *data[MAX_PORTS];
    const size_t n_in = zurt_model_n_inputs(m), n_out = zurt_model_n_outputs(m);
    uint64_t state = (uint64_t)input + 1;
    if (n_in > MAX_PORTS || n_out > MAX_PORTS)
        abort();
    for (size_t i = 0; i < n_in; i++) {
        data[i] = made(zurt_model_input(m, i), input, &state);
        in[i] = (zurt_view){data[i], zurt_model_input(m, i)->bytes};
    }
    for (size_t i = 0; i < n_out; i++) {
        const size_t bytes = zurt_model_output(m, i)->bytes;
        out[i] = (zurt_span){allocated(bytes), bytes};
    }
    if (zurt_session_run(s, in, n_in, out, n_out))
        stop(ctx, "run");
    for (size_t i = 0; i < n_in; i++)
        free(data[i]);
    for (size_t i = 0; i < n_out; i++) {
        add(h, out[i].data, out[i].bytes);
        free(out[i].data);
    }
}

static uint64_t outputs(const char *path, uint32_t mask, uint32_t threads)
{
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.cpu_mask = mask;
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.threads = threads;
    zurt_ctx *ctx = NULL;
    zurt_model *m = NULL;
    zurt_session *s = NULL;
    hash h = empty;
    if (zurt_ctx_create(&options, &ctx) || zurt_model_load_file(ctx, path, &m) ||
        zurt_session_create(ctx, m, &o, &s))
        stop(ctx, path);
    for (int i = 0; i < INPUTS; i++)
        run(ctx, s, m, i, &h);
    zurt_session_destroy(s);
    zurt_model_destroy(m);
    zurt_ctx_destroy(ctx);
    return h.value;
}

static size_t add_mask(uint32_t *out, size_t n, uint32_t mask)
{
    for (size_t i = 0; i < n; i++) {
        if (out[i] == mask)
            return n;
    }
    out[n] = mask;
    return n + 1;
}

/* Feature by feature up to all that there are, then all but one. */
static size_t masks(uint32_t *out)
{
    const uint32_t all = zurt_cpu_features();
    size_t n = add_mask(out, 0, 0);
    for (int bit = 0; bit < 32; bit++)
        n = add_mask(out, n, all & (uint32_t)((2ull << bit) - 1));
    for (int bit = 0; bit < 32; bit++)
        n = add_mask(out, n, all & ~(1u << bit));
    return n;
}

static uint64_t of_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    hash h = empty;
    char buffer[4096];
    if (!f) {
        perror(path);
        exit(1);
    }
    for (size_t n; (n = fread(buffer, 1, sizeof(buffer), f)) > 0;)
        add(&h, buffer, n);
    fclose(f);
    return h.value;
}

/* File name without folder and ending. */
static int name_length(const char *name)
{
    const char *end = strrchr(name, '.');
    return (int)(end ? (size_t)(end - name) : strlen(name));
}

static int differs(const char *path, uint32_t mask, uint32_t threads, uint64_t is, uint64_t wanted)
{
    fprintf(stderr,
            "output_hashes: %s: with CPU features 0x%x and %u threads the outputs are %016" PRIx64
            ", else %016" PRIx64 "\n",
            path, mask, threads, is, wanted);
    return 1;
}

static int hash_model(const char *path)
{
    uint32_t mask[MAX_MASKS];
    const size_t n = masks(mask);
    const uint64_t wanted = outputs(path, UINT32_MAX, 2);
    const uint64_t reference = outputs(path, mask[0], 1);
    int bad = 0;
    for (size_t i = 1; i < n; i++) {
        const uint64_t is = outputs(path, mask[i], 1);
        if (is != wanted)
            bad += differs(path, mask[i], 1, is, wanted);
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    printf("%.*s %016" PRIx64 " %016" PRIx64, name_length(name), name, of_file(path), wanted);
    if (reference != wanted)
        printf(" %016" PRIx64, reference);
    printf("\n");
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: output_hashes MODEL.zurt...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        bad += hash_model(argv[i]);
    return bad ? 1 : 0;
}
