/* SPDX-License-Identifier: Apache-2.0 */
/* Names what a result is of (model, data, options, shard) by hashes, digests outputs, writes JSON.
 */
#include "eval_result.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 16 };

void eval_shard_range(eval_shard shard, uint64_t samples, uint64_t *first, uint64_t *end)
{
    *first = samples * (shard.i - 1) / shard.n;
    *end = samples * shard.i / shard.n;
}

/* Digits at *text, moves past them; 0 if there are none or it is no number of a shard. */
static uint64_t shard_number(const char **text)
{
    uint64_t v = 0;
    for (; isdigit((unsigned char)**text) && v <= OPTION_MOST_SHARDS; ++*text)
        v = v * 10 + (uint64_t)(**text - '0');
    return v <= OPTION_MOST_SHARDS ? v : 0;
}

bool eval_shard_parse(const char *text, eval_shard *out)
{
    out->i = shard_number(&text);
    if (*text++ != '/')
        return false;
    out->n = shard_number(&text);
    return !*text && out->i >= 1 && out->i <= out->n;
}

const char *eval_shard_text(eval_shard shard, char text[EVAL_SHARD_TEXT])
{
    snprintf(text, EVAL_SHARD_TEXT, "%" PRIu64 "/%" PRIu64, shard.i, shard.n);
    return text;
}

void eval_result_add_outputs(eval_result *r, uint64_t sample, const target *t, size_t slot)
{
    sha256 h;
    uint8_t digest[SHA256_BYTES];
    sha256_begin(&h);
    sha256_add_u64(&h, sample);
    for (size_t k = 0; k < t->n_out; k++) {
        size_t bytes = t->out[k].bytes / t->batch;
        sha256_add(&h, (const uint8_t *)t->out[k].data + slot * bytes, bytes);
    }
    sha256_end(&h, digest);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        r->outputs[i] ^= digest[i];
}

static int hash_model(cli *c, const char *path, char out[SHA256_TEXT])
{
    FILE *file = fopen(path, "rb");
    uint8_t *chunk = malloc(CHUNK);
    int code = EXIT_DONE;
    if (!file)
        code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    else if (!chunk)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    sha256 h;
    uint8_t digest[SHA256_BYTES];
    sha256_begin(&h);
    for (size_t got = 1; code == EXIT_DONE && got > 0;) {
        got = fread(chunk, 1, CHUNK, file);
        sha256_add(&h, chunk, got);
        if (ferror(file))
            code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    }
    sha256_end(&h, digest);
    sha256_text(digest, out);
    free(chunk);
    if (file)
        fclose(file);
    return code;
}

/* The preprocessing and the shapes of an .onnx are the command line's, those of a .zurt its own. */
static void print_onnx_options(FILE *f, const target_options *o)
{
    static const char *const fits[] = {"stretch", "crop", "letterbox"}; // as zurt_fit has them
    fprintf(f, "fit %s, crop-ratio %.9g%s, input-norm", fits[o->norm.fit],
            (double)o->norm.crop_ratio, o->norm.is_bgr ? ", bgr" : "");
    for (int i = 0; i < o->norm.channels; i++)
        fprintf(f, " %.9g/%.9g", (double)o->norm.mean[i], (double)o->norm.std[i]);
    if (o->import.width)
        fprintf(f, ", input-size %dx%d", (int)o->import.width, (int)o->import.height);
    if (o->import.batch)
        fprintf(f, ", batch %d", (int)o->import.batch);
    for (size_t i = 0; i < o->import.n_shapes; i++) {
        fprintf(f, ", shape %s=", o->shapes[i].name);
        for (int k = 0; k < o->shapes[i].rank; k++)
            fprintf(f, "%s%d", k ? "x" : "", (int)o->shapes[i].dims[k]);
    }
    fputs(", ", f);
}

/* The order that samples were read in, whether it was asked for or the source's. */
static bool is_chw(const target *t, const target_options *o)
{
    bool chw = o->layout == SAMPLE_NCHW;
    for (size_t i = 0; o->layout == SAMPLE_AS_SOURCE && i < t->n_in; i++)
        chw = chw || t->inputs[i].from_nchw;
    return chw;
}

static char *options_text(const target *t, const target_options *o)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    if (!t->is_zurt)
        print_onnx_options(f, o);
    fprintf(f, "layout %s, %s", is_chw(t, o) ? "nchw" : "nhwc", o->no_exif ? "no-exif" : "exif");
    bool failed = ferror(f) != 0;
    if (fclose(f) != 0 || failed) {
        free(text);
        text = NULL;
    }
    return text;
}

int eval_result_identify(cli *c, eval_result *r, const target *t, const target_options *options,
                         const data_source *s)
{
    sha256 h;
    uint8_t digest[SHA256_BYTES];
    sha256_begin(&h);
    data_digest(s, (size_t)r->data_samples, &h);
    sha256_end(&h, digest);
    sha256_text(digest, r->data_sha256);
    r->options = options_text(t, options);
    if (!r->options)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    return hash_model(c, t->path, r->model_sha256);
}

void eval_result_json(json_writer *j, const eval_result *r)
{
    char text[SHA256_TEXT];
    json_string(j, "model", r->model);
    json_string(j, "model_sha256", r->model_sha256);
    json_string(j, "device", r->device);
    json_string(j, "data", r->data);
    json_string(j, "data_sha256", r->data_sha256);
    json_string(j, "options", r->options);
    json_string(j, "shard", eval_shard_text(r->shard, text));
    json_uint(j, "data_samples", r->data_samples);
    json_uint(j, "unreadable", r->unreadable);
    score_json(j, &r->score);
    json_uint(j, "top1_count", r->score.top1);
    json_uint(j, "top5_count", r->score.top5);
    sha256_text(r->outputs, text);
    json_string(j, "outputs_sha256", text);
}
