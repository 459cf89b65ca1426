/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The smallest useful program on libzurt: classify MODEL.zurt INPUT
 *
 * INPUT is a picture (JPEG, PNG or BMP, known by its bytes), or a file named .raw that holds
 * exactly the bytes of the model's input tensor. Prints the five best classes. Build against an
 * installed zurt: see the CMakeLists.txt beside this file, or `cc classify.c $(pkg-config --cflags
 * --libs zurt)`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/image.h>
#include <zurt/zurt.h>

static zurt_status read_picture(zurt_ctx *ctx, const char *path, const zurt_model *m, zurt_span in)
{
    const zurt_tensor_info *info = zurt_model_input(m, 0); // [1, H, W, C]
    const zurt_norm *norm = zurt_model_norm(m);
    zurt_image photo = {0};
    zurt_image fitted = {0};
    zurt_status st = info->rank == 4 && info->dims[0] == 1 ? ZURT_OK : ZURT_E_UNSUPPORTED;
    if (!st)
        st = zurt_image_load(ctx, path, ZURT_ORIENT_UPRIGHT, &photo);
    if (!st)
        st = zurt_image_fit(ctx, &photo, info->dims[2], info->dims[1], norm->fit, norm->crop_ratio,
                            &fitted);
    if (!st)
        st = zurt_image_to_tensor(ctx, &fitted, norm, info, &in);
    zurt_image_destroy(ctx, &fitted);
    zurt_image_destroy(ctx, &photo);
    return st;
}

static zurt_status read_raw(const char *path, zurt_span in)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return ZURT_E_IO;
    size_t n = fread(in.data, 1, in.bytes, f);
    zurt_status st = n == in.bytes && fgetc(f) == EOF ? ZURT_OK : ZURT_E_FORMAT;
    fclose(f);
    return st;
}

static void print_best(const zurt_model *m, const float *values, size_t n)
{
    size_t last = SIZE_MAX; // the one printed before: the next is smaller, or equal and further on
    for (size_t rank = 0; rank < 5 && rank < n; rank++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            const float limit = last == SIZE_MAX ? 0.0f : values[last];
            int open = last == SIZE_MAX || values[i] < limit || (!(values[i] > limit) && i > last);
            if (open && (best == SIZE_MAX || values[i] > values[best]))
                best = i;
        }
        if (best == SIZE_MAX)
            return; // only NaN is left
        const char *label = zurt_model_label(m, best);
        printf("%6zu  %8.4f  %s\n", best, (double)values[best], label ? label : "");
        last = best;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: classify MODEL.zurt PICTURE|TENSOR.raw\n");
        return 2;
    }
    zurt_ctx *ctx = NULL;
    zurt_model *m = NULL;
    zurt_session *s = NULL;
    zurt_span in = {0};
    zurt_span out = {0};
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    if (!st)
        st = zurt_model_load_file(ctx, argv[1], &m);
    if (!st && (zurt_model_n_inputs(m) != 1 || zurt_model_n_outputs(m) != 1))
        st = ZURT_E_UNSUPPORTED;
    if (!st)
        st = zurt_session_create(ctx, m, NULL, &s);
    if (!st) {
        in = (zurt_span){malloc(zurt_model_input(m, 0)->bytes), zurt_model_input(m, 0)->bytes};
        out = (zurt_span){malloc(zurt_model_output(m, 0)->bytes), zurt_model_output(m, 0)->bytes};
        st = in.data && out.data ? ZURT_OK : ZURT_E_NOMEM;
    }
    const char *suffix = strrchr(argv[2], '.');
    if (!st && suffix && !strcmp(suffix, ".raw"))
        st = read_raw(argv[2], in);
    else if (!st)
        st = read_picture(ctx, argv[2], m, in);
    if (!st)
        st = zurt_session_run(s, &(zurt_view){in.data, in.bytes}, 1, &out, 1);
    const size_t n = st ? 0 : out.bytes / zurt_dtype_bytes(zurt_model_output(m, 0)->dtype);
    float *values = malloc((n + 1) * sizeof(*values));
    if (!st)
        st = values ? zurt_tensor_to_float(ctx, zurt_model_output(m, 0),
                                           (zurt_view){out.data, out.bytes}, values)
                    : ZURT_E_NOMEM;
    if (!st)
        print_best(m, values, n);
    else
        fprintf(stderr, "classify: %s: %s\n", zurt_status_name(st), ctx ? zurt_ctx_error(ctx) : "");
    free(values);
    free(in.data);
    free(out.data);
    zurt_session_destroy(s);
    zurt_model_destroy(m);
    zurt_ctx_destroy(ctx);
    return st ? 1 : 0;
}
