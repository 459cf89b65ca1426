/* SPDX-License-Identifier: Apache-2.0 */
/* The options that say how samples reach a model and where it runs. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

enum { MOST_SIDE = 1 << 20 };

target_options target_options_default(void)
{
    target_options o = {.norm = {.channels = 1, .fit = ZURT_FIT_CENTRE_CROP, .crop_ratio = 1.0f},
                        .import = ZURT_IMPORT_OPTIONS_INIT,
                        .layout = SAMPLE_AS_SOURCE,
                        .session = ZURT_SESSION_OPTIONS_INIT};
    for (int i = 0; i < 4; i++)
        o.norm.std[i] = 1.0f;
    o.session.threads = 0; // one per core
    return o;
}

bool target_shapes_given(const target_options *options)
{
    const zurt_import_options *import = &options->import;
    return import->batch || import->width || import->n_shapes;
}

zurt_import_options target_import(const target_options *options)
{
    zurt_import_options import = options->import;
    import.shapes = options->shapes;
    return import;
}

zurt_orientation target_orientation(const target_options *options)
{
    return options->no_exif ? ZURT_ORIENT_STORED : ZURT_ORIENT_UPRIGHT;
}

/* ---- forms of their own ---- */

/* NAME=1x3x64x200; a name may hold a '=' itself. */
static int take_shape(cli *c, const option_row *row, const char *value, void *self)
{
    target_options *o = self;
    char *equal = strrchr(value, '=');
    zurt_input_shape *s = &o->shapes[o->import.n_shapes];
    if (o->import.n_shapes == TARGET_MAX_SHAPES)
        return cli_usage(c, "--%s is taken %d times at most", row->name, TARGET_MAX_SHAPES);
    *s = (zurt_input_shape){.name = value};
    bool good = equal && equal != value;
    for (const char *p = equal; good && *p;) { // at '=' or 'x'
        char *end;
        long dim = strtol(p + 1, &end, 10);
        const bool is_number = p[1] >= '0' && p[1] <= '9' && (!*end || *end == 'x');
        const bool is_dim = dim > 0 && dim <= 1 << 24;
        good = is_number && is_dim && s->rank < ZURT_MAX_RANK;
        if (good)
            s->dims[s->rank++] = (int32_t)dim;
        p = end;
    }
    if (!good)
        return cli_refuse_value(c, row, value);
    *equal = 0; // in argv, which is ours
    o->import.n_shapes++;
    return EXIT_DONE;
}

static int take_size(cli *c, const option_row *row, const char *value, void *self)
{
    target_options *o = self;
    char *end;
    long w = strtol(value, &end, 10);
    long h = 0;
    bool good = end != value && *end == 'x';
    if (good) {
        const char *second = end + 1;
        h = strtol(second, &end, 10);
        good = end != second && !*end;
    }
    const bool in_range = w >= 1 && h >= 1 && w <= MOST_SIDE && h <= MOST_SIDE;
    if (!good || !in_range)
        return cli_refuse_value(c, row, value);
    o->import.width = (int32_t)w;
    o->import.height = (int32_t)h;
    return EXIT_DONE;
}

/* Reads "MEAN/STD" at *text; moves past it and a following comma. */
static bool parse_pair(const char **text, float *mean, float *std)
{
    char *end;
    double m = strtod(*text, &end);
    if (end == *text || *end != '/')
        return false;
    const char *second = end + 1;
    double s = strtod(second, &end);
    const bool in_range = s > 0.0 && s < 1e6 && fabs(m) < 1e6;
    if (end == second || !in_range)
        return false;
    if (*end != ',' && *end != 0)
        return false;
    *mean = (float)m;
    *std = (float)s;
    *text = *end ? end + 1 : end;
    return true;
}

/* Pixels / 255 lie in [0, 1], so do mean and deviation of any set of them. */
static int check_norm(cli *c, const zurt_norm *norm, int n)
{
    for (int i = 0; i < n; i++) {
        double mean = (double)norm->mean[i], std = (double)norm->std[i];
        if (fabs(mean) > 1.0 || std > 1.0)
            return cli_usage(c,
                             "--input-norm is of pixels / 255, in [0, 1]; %g/%g looks like one of "
                             "pixels in 0..255, which is %g/%g here",
                             mean, std, mean / 255.0, std / 255.0);
    }
    return EXIT_DONE;
}

static int take_norm(cli *c, const option_row *row, const char *text, void *self)
{
    target_options *o = self;
    int n = 0;
    for (;;) {
        while (n < 4 && parse_pair(&text, &o->norm.mean[n], &o->norm.std[n])) {
            n++;
            if (!*text)
                break;
        }
        if (*text || n == 0)
            return cli_refuse_value(c, row, text);
        float unused;
        const char *following = optind < c->argc ? c->argv[optind] : "";
        if (!parse_pair(&following, &unused, &unused) || n == 4)
            break;
        text = c->argv[optind++];
    }
    o->norm.channels = n;
    for (int i = n; i < 4; i++) { // further channels as the last one given
        o->norm.mean[i] = o->norm.mean[n - 1];
        o->norm.std[i] = o->norm.std[n - 1];
    }
    return check_norm(c, &o->norm, n);
}

/* ---- what is bound ---- */

static void bind_inputs(cli *c, target_options *o)
{
    const cli_binding bindings[] = {
        {OPT_INPUT_NORM, .take = take_norm, .self = o, .given = &o->norm_given},
        {OPT_BGR, .i32 = &o->norm.is_bgr, .given = &o->norm_given},
        {OPT_FIT, .choice = CLI_CHOICE(&o->norm.fit), .given = &o->norm_given},
        {OPT_CROP_RATIO, .f32 = &o->norm.crop_ratio, .given = &o->norm_given},
        {OPT_INPUT_SIZE, .take = take_size, .self = o},
        {OPT_BATCH, .i32 = &o->import.batch},
        {OPT_SHAPE, .take = take_shape, .self = o},
        {OPT_LAYOUT, .choice = CLI_CHOICE(&o->layout)},
        {OPT_NO_EXIF, .flag = &o->no_exif},
        {OPT_LABEL_OFFSET, .i32 = &o->label_offset},
        {OPT_LABELS, .text = &o->labels},
        {0},
    };
    cli_bind(c, bindings);
}

void target_bind_options(cli *c, target_options *o)
{
    zurt_session_options *session = &o->session;
    const cli_binding bindings[] = {
        {OPT_DEVICE, .choice = CLI_CHOICE(&session->device)},
        {OPT_XCLBIN, .text = &session->xclbin},
        {OPT_THREADS, .u32 = &session->threads},
        {OPT_TIMEOUT, .u32 = &session->timeout_ms},
        {OPT_MAX_MEMORY, .mib = &session->max_bytes},
        {OPT_FALLBACK, .u32 = &session->fallback},
        {0},
    };
    bind_inputs(c, o);
    cli_bind(c, bindings);
}
