/* SPDX-License-Identifier: Apache-2.0 */
/* The options that eval and compare share, the classes of their samples, room for outputs. */
#include "judge.h"

#include <stdlib.h>

judge_options judge_options_default(void)
{
    return (judge_options){.target = target_options_default()};
}

int judge_option(cli *c, const option_row *row, const char *value, judge_options *o)
{
    bool good = true;
    switch (row->id) {
    case OPT_DATA:
        o->data = value;
        break;
    case OPT_LIMIT:
        good = cli_parse_size(c, "--limit", value, 1, SIZE_MAX / 2, &o->limit);
        break;
    case OPT_HTML:
        o->html = value;
        break;
    case OPT_FORCE:
        o->force = true;
        break;
    default:
        return target_option(c, row, value, &o->target);
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

int judge_check_output(cli *c, const judge_options *o)
{
    int code = cli_reads(c, o->data);
    if (code == EXIT_DONE && o->target.session.xclbin)
        code = cli_reads(c, o->target.session.xclbin);
    return code == EXIT_DONE && o->html ? cli_check_output(c, o->html, o->force) : code;
}

int judge_open_data(cli *c, const judge_options *o, data_source *out)
{
    int code = data_open(c, o->data, out);
    out->label_offset = (int32_t)o->target.label_offset;
    return code;
}

int judge_count_refused(cli *c, const data_source *s, int code)
{
    if (!s->refused || s->refused->n == 0)
        return code;
    cli_note(c, "%zu of %zu samples could not be read and were left out", s->refused->n, s->n);
    return code == EXIT_DONE ? EXIT_INPUT : code;
}

size_t judge_samples(const judge_options *o, const data_source *s)
{
    return o->limit && o->limit < s->n ? o->limit : s->n;
}

float **judge_outputs_create(const target *t, size_t n)
{
    float **outputs = calloc(t->n_out + 1, sizeof(*outputs));
    for (size_t k = 0; outputs && k < t->n_out; k++) {
        size_t elems = target_out_elems(t, k);
        if (elems < SIZE_MAX / sizeof(**outputs) / (n + 1))
            outputs[k] = malloc((elems * n + 1) * sizeof(**outputs));
        if (!outputs[k]) {
            judge_outputs_destroy(t, outputs);
            return NULL;
        }
    }
    return outputs;
}

void judge_outputs_destroy(const target *t, float **outputs)
{
    for (size_t k = 0; outputs && k < t->n_out; k++)
        free(outputs[k]);
    free(outputs);
}
