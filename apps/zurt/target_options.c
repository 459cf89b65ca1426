/* SPDX-License-Identifier: Apache-2.0 */
/* The options that say how samples reach a model and where it runs. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

target_options target_options_default(void)
{
    target_options o = {.norm = {.channels = 1, .fit = ZURT_FIT_CENTRE_CROP, .crop_ratio = 1.0f},
                        .import = ZURT_IMPORT_OPTIONS_INIT,
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

/* NAME=1x3x64x200; a name may hold a '=' itself. */
static int parse_shape(cli *c, const char *value, target_options *o)
{
    char *equal = strrchr(value, '=');
    zurt_input_shape *s = &o->shapes[o->import.n_shapes];
    if (o->import.n_shapes == TARGET_MAX_SHAPES)
        return cli_usage(c, "--shape is taken %d times at most", TARGET_MAX_SHAPES);
    *s = (zurt_input_shape){.name = value};
    bool good = equal && equal != value;
    for (const char *p = equal; good && *p;) { // at '=' or 'x'
        char *end;
        long dim = strtol(p + 1, &end, 10);
        good = p[1] >= '0' && p[1] <= '9' && dim > 0 && dim <= 1 << 24 && (!*end || *end == 'x') &&
               s->rank < ZURT_MAX_RANK;
        if (good)
            s->dims[s->rank++] = (int32_t)dim;
        p = end;
    }
    if (!good)
        return cli_usage(c, "--shape wants NAME=DIMxDIM..., e.g. images=1x3x64x200, not '%s'",
                         value);
    *equal = 0; // in argv, which is ours
    o->import.n_shapes++;
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
    if (end == second || !(s > 0.0 && s < 1e6) || !(m > -1e6 && m < 1e6))
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

static int parse_norm(cli *c, const char *text, target_options *o)
{
    int n = 0;
    for (;;) {
        while (n < 4 && parse_pair(&text, &o->norm.mean[n], &o->norm.std[n])) {
            n++;
            if (!*text)
                break;
        }
        if (*text)
            return cli_usage(c, "--input-norm wants MEAN/STD for 1 to 4 channels, not '%s'", text);
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
    o->norm_given = true;
    return check_norm(c, &o->norm, n);
}

static int parse_crop_ratio(cli *c, const char *value, target_options *o)
{
    double ratio;
    if (!cli_parse_double(c, "--crop-ratio", value, 0.01, 1.0, &ratio))
        return EXIT_USAGE;
    o->norm.crop_ratio = (float)ratio;
    o->norm_given = true;
    return EXIT_DONE;
}

static int input_option(cli *c, const option_row *row, const char *value, target_options *o)
{
    uint32_t number = 0;
    int word = 0;
    bool good = true;
    switch (row->id) {
    case OPT_INPUT_NORM:
        return parse_norm(c, value, o);
    case OPT_BGR:
        o->norm.is_bgr = 1;
        o->norm_given = true;
        break;
    case OPT_FIT:
        good = cli_word(c, row, value, &word) == EXIT_DONE;
        o->norm.fit = (zurt_fit)word; // the words are in the order of the values
        o->norm_given = true;
        break;
    case OPT_CROP_RATIO:
        return parse_crop_ratio(c, value, o);
    case OPT_INPUT_SIZE:
        good = cli_parse_dims(c, "--input-size", value, &o->import.width, &o->import.height);
        break;
    case OPT_BATCH:
        good = cli_parse_u32(c, "--batch", value, 1, 65536, &number);
        o->import.batch = (int32_t)number;
        break;
    case OPT_SHAPE:
        return parse_shape(c, value, o);
    case OPT_LAYOUT:
        good = cli_word(c, row, value, &word) == EXIT_DONE;
        o->keep_nhwc = word == 1;
        break;
    case OPT_NO_EXIF:
        o->orientation = ZURT_ORIENT_STORED;
        break;
    case OPT_LABEL_OFFSET:
        good = cli_parse_u32(c, "--label-offset", value, 0, 1000000, &o->label_offset);
        break;
    default:
        return CLI_NOT_MINE;
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

static int device_option(cli *c, const option_row *row, const char *value, target_options *o)
{
    static const zurt_device devices[] = {ZURT_DEVICE_AUTO, ZURT_DEVICE_CPU, ZURT_DEVICE_XRT,
                                          ZURT_DEVICE_SIM};
    uint32_t mib = 0;
    int word = 0;
    bool good = true;
    switch (row->id) {
    case OPT_DEVICE:
        good = cli_word(c, row, value, &word) == EXIT_DONE;
        o->session.device = devices[word];
        break;
    case OPT_XCLBIN:
        o->session.xclbin = value;
        break;
    case OPT_THREADS:
        good = cli_parse_u32(c, "--threads", value, 1, 64, &o->session.threads);
        break;
    case OPT_TIMEOUT:
        good = cli_parse_u32(c, "--timeout", value, 1, 3600000, &o->session.timeout_ms);
        break;
    case OPT_MAX_MEMORY:
        good = cli_parse_u32(c, "--max-memory", value, 1, 1u << 20, &mib);
        o->session.max_bytes = (size_t)mib << 20;
        break;
    case OPT_FALLBACK:
        o->session.fallback = 1;
        break;
    default:
        return CLI_NOT_MINE;
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

int target_option(cli *c, const option_row *row, const char *value, target_options *o)
{
    if (row->id == OPT_LABELS) {
        o->labels = value;
        return EXIT_DONE;
    }
    int code = input_option(c, row, value, o);
    return code == CLI_NOT_MINE ? device_option(c, row, value, o) : code;
}
