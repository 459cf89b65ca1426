/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

const char target_input_help[] =
    "  --input-norm MEAN/STD ...  per channel, for pixels / 255 (default 0/1); .zurt has its own\n"
    "  --bgr                      the model wants blue, green, red\n"
    "  --fit stretch|crop         how a picture becomes the input's size (default crop)\n"
    "  --crop-ratio R             for crop: 0.875 takes 224 out of 256 (default 1)\n"
    "  --input-size WxH           for a model whose height and width are symbolic\n"
    "  --batch N                  rewrites the batch of an ONNX model\n"
    "  --layout nchw|nhwc         of raw and npy samples (default: the source model's)\n"
    "  --label-offset N           added to the classes of DATA, e.g. 1 for a background class\n";

const char target_device_help[] =
    "  --device auto|cpu|xrt|sim  where a .zurt runs (default auto)\n"
    "  --xclbin FILE              bitstream for xrt\n"
    "  --threads N                CPU threads of one request (default: one per core)\n"
    "  --timeout MS               limit of one launch on the PL (default 10000)\n"
    "  --fallback                 on a PL failure answer from the CPU\n";

const char data_help[] =
    "DATA: idx:IMAGES,LABELS  dir:PATH[,LABELS.txt]  npy:X.npy[,Y.npy]  raw:FILE[,LABELS]  "
    "random:N\n";

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

static int parse_norm(cli *c, int argc, char **argv, target_options *o)
{
    int n = 0;
    const char *text = optarg;
    for (;;) {
        while (n < 4 && parse_pair(&text, &o->norm.mean[n], &o->norm.std[n])) {
            n++;
            if (!*text)
                break;
        }
        if (*text)
            return cli_usage(c, "--input-norm wants MEAN/STD for 1 to 4 channels, not '%s'", text);
        float unused;
        const char *following = optind < argc ? argv[optind] : "";
        if (!parse_pair(&following, &unused, &unused) || n == 4)
            break;
        text = argv[optind++];
    }
    o->norm.channels = n;
    for (int i = n; i < 4; i++) { // further channels as the last one given
        o->norm.mean[i] = o->norm.mean[n - 1];
        o->norm.std[i] = o->norm.std[n - 1];
    }
    o->norm_given = true;
    return EXIT_DONE;
}

static int parse_device(cli *c, zurt_device *out)
{
    static const char *const names[] = {"auto", "cpu", "xrt", "sim"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(optarg, names[i]) == 0) {
            *out = (zurt_device)i;
            return EXIT_DONE;
        }
    }
    return cli_usage(c, "--device wants auto, cpu, xrt or sim, not '%s'", optarg);
}

static int parse_fit(cli *c, target_options *o)
{
    bool crop = strcmp(optarg, "crop") == 0;
    if (!crop && strcmp(optarg, "stretch") != 0)
        return cli_usage(c, "--fit wants stretch or crop, not '%s'", optarg);
    o->norm.fit = crop ? ZURT_FIT_CENTRE_CROP : ZURT_FIT_STRETCH;
    o->norm_given = true;
    return EXIT_DONE;
}

static int parse_layout(cli *c, target_options *o)
{
    o->keep_nhwc = strcmp(optarg, "nhwc") == 0;
    if (!o->keep_nhwc && strcmp(optarg, "nchw") != 0)
        return cli_usage(c, "--layout wants nchw or nhwc, not '%s'", optarg);
    return EXIT_DONE;
}

static int parse_crop_ratio(cli *c, target_options *o)
{
    double ratio;
    if (!cli_parse_double(c, "--crop-ratio", optarg, 0.01, 1.0, &ratio))
        return EXIT_USAGE;
    o->norm.crop_ratio = (float)ratio;
    o->norm_given = true;
    return EXIT_DONE;
}

static int input_option(cli *c, int opt, int argc, char **argv, target_options *o)
{
    uint32_t number = 0;
    bool good = true;
    switch (opt) {
    case OPT_INPUT_NORM:
        return parse_norm(c, argc, argv, o);
    case OPT_BGR:
        o->norm.is_bgr = 1;
        o->norm_given = true;
        break;
    case OPT_FIT:
        return parse_fit(c, o);
    case OPT_CROP_RATIO:
        return parse_crop_ratio(c, o);
    case OPT_INPUT_SIZE:
        good = cli_parse_dims(c, "--input-size", optarg, &o->import.width, &o->import.height);
        break;
    case OPT_BATCH:
        good = cli_parse_u32(c, "--batch", optarg, 1, 65536, &number);
        o->import.batch = (int32_t)number;
        break;
    case OPT_LAYOUT:
        return parse_layout(c, o);
    case OPT_LABEL_OFFSET:
        good = cli_parse_u32(c, "--label-offset", optarg, 0, 1000000, &o->label_offset);
        break;
    default:
        return -1;
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

static int device_option(cli *c, int opt, target_options *o)
{
    bool good = true;
    switch (opt) {
    case OPT_DEVICE:
        return parse_device(c, &o->session.device);
    case OPT_XCLBIN:
        o->session.xclbin = optarg;
        break;
    case OPT_THREADS:
        good = cli_parse_u32(c, "--threads", optarg, 1, 64, &o->session.threads);
        break;
    case OPT_TIMEOUT:
        good = cli_parse_u32(c, "--timeout", optarg, 1, 3600000, &o->session.timeout_ms);
        break;
    case OPT_FALLBACK:
        o->session.fallback = 1;
        break;
    default:
        return -1;
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

int target_option(cli *c, int opt, int argc, char **argv, target_options *o)
{
    switch (opt) {
    case CLI_OPT_JSON:
        c->json = true;
        return EXIT_DONE;
    case CLI_OPT_QUIET:
        c->quiet = true;
        return EXIT_DONE;
    case '?':
        return cli_usage(c, "'%s' is not an option, lacks its value or takes none",
                         argv[optind - 1]);
    default:
        break;
    }
    int code = input_option(c, opt, argc, argv, o);
    return code == -1 ? device_option(c, opt, o) : code;
}
