/* SPDX-License-Identifier: Apache-2.0 */
/* zurt run: one inference per set of inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "output.h"
#include "run_input.h"
#include "score.h"
#include "sha256.h"
#include "shown.h"
#include "target.h"

typedef struct run_options {
    target_options target;
    const char *model;
    char **inputs;
    size_t n_inputs;
    const char *output;
    uint32_t top;
    bool force;
} run_options;

static int parse(cli *c, int argc, char **argv, run_options *o)
{
    const cli_binding bindings[] = {
        {OPT_TOP, .u32 = &o->top},
        {OPT_OUTPUT, .text = &o->output},
        {OPT_FORCE, .flag = &o->force},
        {0},
    };
    cli_bind(c, bindings);
    target_bind_options(c, &o->target);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (o->output && strcmp(o->output, "-") == 0)
        return cli_usage(c, "-o is the PREFIX of a file for each output, not '-'");
    o->model = c->arguments[0];
    o->inputs = c->arguments + 1;
    o->n_inputs = c->n_arguments - 1;
    if (o->output && o->target.labels)
        code = cli_reads(c, o->target.labels);
    for (size_t i = 0; code == EXIT_DONE && o->output && i < c->n_arguments; i++)
        code = cli_reads(c, c->arguments[i]);
    return code;
}

/* The k best classes of one sample, best first, of equals the first; returns how many. */
static size_t best_classes(const float *values, size_t n, size_t k, size_t *best)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (found == k && !(values[i] > values[best[k - 1]]))
            continue;
        size_t at = found < k ? found++ : k - 1;
        for (; at > 0 && values[i] > values[best[at - 1]]; at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    return found;
}

typedef char output_path[4096];

static int name_output(cli *c, const run_options *o, const target *t, size_t run, size_t k,
                       output_path path)
{
    int length = snprintf(path, sizeof(output_path), "%s.%zu.%zu.%s", o->output, run, k,
                          zurt_dtype_name(t->outputs[k].dtype));
    if (length < 0 || (size_t)length >= sizeof(output_path))
        return cli_fail(c, ZURT_E_LIMIT, "-o: the path is longer than %zu",
                        sizeof(output_path) - 1);
    return EXIT_DONE;
}

/* Every file of every run, before the first is written. */
static int check_outputs(cli *c, const run_options *o, const target *t)
{
    int code = EXIT_DONE;
    output_path path;
    for (size_t at = 0, run = 0; at < o->n_inputs; run++) {
        for (size_t k = 0; code == EXIT_DONE && k < t->n_out; k++) {
            code = name_output(c, o, t, run, k, path);
            if (code == EXIT_DONE)
                code = cli_check_path(c, path, o->force);
        }
        at += run_input_group(t, o->inputs + at, o->n_inputs - at);
    }
    return code;
}

static int write_outputs(cli *c, const run_options *o, const target *t, size_t run)
{
    int code = EXIT_DONE;
    output_path path;
    for (size_t k = 0; code == EXIT_DONE && k < t->n_out; k++) {
        code = name_output(c, o, t, run, k, path);
        if (code == EXIT_DONE)
            code = output_write(c, path, t->out[k].data, t->out[k].bytes);
    }
    return code;
}

static void report_json(json_writer *j, const run_options *o, const target *t, size_t k,
                        const float *values, size_t n_samples)
{
    const zurt_tensor_info *info = &t->outputs[k];
    char hex[65];
    sha256_hex(t->out[k].data, t->out[k].bytes, hex);
    json_object(j, NULL);
    json_string(j, "name", info->name);
    json_array(j, "shape");
    for (int32_t d = 0; d < info->rank; d++)
        json_int(j, NULL, info->dims[d]);
    json_close(j);
    json_string(j, "type", zurt_dtype_name(info->dtype));
    json_double(j, "scale", info->scale);
    json_int(j, "zero_point", info->zero_point);
    json_string(j, "sha256", hex);
    json_array(j, "top");
    size_t best[OPTION_MOST_TOP];
    size_t elems = target_out_elems(t, k);
    for (size_t s = 0; target_is_classifier(t) && k == 0 && s < n_samples; s++) {
        size_t found = best_classes(values + s * elems, elems, o->top, best);
        for (size_t i = 0; i < found; i++) {
            json_object(j, NULL);
            if (n_samples > 1)
                json_uint(j, "sample", s);
            json_uint(j, "class", best[i]);
            json_string(j, "label", target_label(t, best[i]));
            json_double(j, "score", (double)values[s * elems + best[i]]);
            json_close(j);
        }
    }
    json_close(j);
    json_close(j);
}

/* An output that is no list of scores. */
static void print_range(const zurt_tensor_info *info, const float *values, size_t n)
{
    float lo = values[0];
    float hi = values[0];
    for (size_t i = 1; i < n; i++) {
        lo = values[i] < lo ? values[i] : lo;
        hi = values[i] > hi ? values[i] : hi;
    }
    printf("  output '");
    columns_print(stdout, info->name);
    printf("' [");
    for (int32_t d = 0; d < info->rank; d++)
        printf("%s%d", d ? ", " : "", (int)info->dims[d]);
    printf("]: %zu values from %g to %g\n", n, (double)lo, (double)hi);
}

static void report_text(const run_options *o, const target *t, size_t k, const float *values,
                        size_t n_samples)
{
    size_t best[OPTION_MOST_TOP];
    size_t elems = target_out_elems(t, k);
    if (!target_is_classifier(t) || k > 0) {
        print_range(&t->outputs[k], values, elems * n_samples);
        return;
    }
    for (size_t s = 0; s < n_samples; s++) {
        size_t found = best_classes(values + s * elems, elems, o->top, best);
        for (size_t i = 0; i < found; i++) {
            const char *label = target_label(t, best[i]);
            printf("  %9.4f  %zu%s", (double)values[s * elems + best[i]], best[i],
                   label[0] ? " " : "");
            columns_print(stdout, label);
            putchar('\n');
        }
        if (s + 1 < n_samples)
            printf("\n");
    }
}

static int report(cli *c, const run_options *o, const target *t, json_writer *j, size_t n_samples)
{
    int code = EXIT_DONE;
    for (size_t k = 0; code == EXIT_DONE && k < t->n_out; k++) {
        size_t n = target_out_elems(t, k) * t->batch;
        float *values = malloc((n + 1) * sizeof(*values));
        if (!values)
            return cli_fail(c, ZURT_E_NOMEM, "out of memory");
        code = target_out_floats(c, t, k, values);
        if (code == EXIT_DONE && c->json)
            report_json(j, o, t, k, values, n_samples);
        else if (code == EXIT_DONE && n)
            report_text(o, t, k, values, n_samples);
        free(values);
    }
    return code;
}

/* Runs every input; with --json the outputs of all stand in one array, in order. */
static int run_inputs(cli *c, const run_options *o, target *t, json_writer *j)
{
    int code = o->output ? check_outputs(c, o, t) : EXIT_DONE;
    size_t used = 0;
    for (size_t at = 0, run = 0; code == EXIT_DONE && at < o->n_inputs; at += used, run++) {
        size_t n_samples;
        code = run_input_fill(c, t, o->inputs + at, o->n_inputs - at, &used, &n_samples);
        if (code == EXIT_DONE)
            code = target_run(c, t);
        if (code == EXIT_DONE && o->output)
            code = write_outputs(c, o, t, run);
        if (code != EXIT_DONE)
            break;
        for (size_t i = 0; !c->json && i < used; i++)
            printf("%s%s", shown(o->inputs[at + i]), i + 1 < used ? " " : "\n");
        code = report(c, o, t, j, n_samples);
    }
    return code;
}

static int run_json(cli *c, const run_options *o, target *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size); // a failure half-way leaves only the error object
    if (!memory)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    json_writer j;
    json_begin(&j, memory);
    json_string(&j, "model", o->model);
    json_string(&j, "device", target_device(t));
    json_array(&j, "outputs");
    int code = run_inputs(c, o, t, &j);
    json_end(&j);
    bool good = fclose(memory) == 0 && text;
    if (code == EXIT_DONE && good)
        fputs(text, stdout);
    free(text);
    return code == EXIT_DONE && !good ? cli_fail(c, ZURT_E_NOMEM, "out of memory") : code;
}

int cmd_run(cli *c, int argc, char **argv)
{
    run_options o = {.target = target_options_default(), .top = 5};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    target t;
    code = target_open(c, o.model, &o.target, &t);
    if (code == EXIT_DONE)
        code = c->json ? run_json(c, &o, &t) : run_inputs(c, &o, &t, NULL);
    target_note_fallbacks(c, &t);
    target_close(&t);
    return code;
}
