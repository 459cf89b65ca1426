/* SPDX-License-Identifier: Apache-2.0 */
/* zurt inspect: what runs where, and why, before anything is quantised or loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "json.h"
#include "output.h"
#include "target.h"

typedef struct inspect_options {
    target_options target;
    const char *model;
    const char *board; /**< NULL: not given */
    const char *dot, *svg;
    bool force;
} inspect_options;

static int check_options(cli *c, const inspect_options *o)
{
    if (o->board && o->target.session.xclbin)
        return cli_usage(c, "--board and --xclbin exclude each other");
    int code = cli_reads(c, o->model);
    if (code == EXIT_DONE && o->target.session.xclbin)
        code = cli_reads(c, o->target.session.xclbin);
    if (code == EXIT_DONE && o->dot)
        code = cli_check_output(c, o->dot, o->force);
    return code == EXIT_DONE && o->svg ? cli_check_output(c, o->svg, o->force) : code;
}

static int take_option(cli *c, const option_row *row, const char *value, void *self)
{
    inspect_options *o = self;
    switch (row->id) {
    case OPT_BOARD:
        o->board = value;
        break;
    case OPT_DOT:
        o->dot = value;
        break;
    case OPT_SVG:
        o->svg = value;
        break;
    case OPT_FORCE:
        o->force = true;
        break;
    default:
        return target_option(c, row, value, &o->target);
    }
    return EXIT_DONE;
}

static int parse(cli *c, int argc, char **argv, inspect_options *o)
{
    int code = cli_parse(c, argc, argv, take_option, o);
    if (code != EXIT_DONE)
        return code;
    if (c->n_arguments != 1)
        return cli_usage(c, "wants one MODEL");
    o->model = c->arguments[0];
    return check_options(c, o);
}

/* ---- figures ---- */

double inspect_ms(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    return t->clock_khz ? (double)t->cycles / (double)t->clock_khz : 0.0;
}

double inspect_fps(const inspection *v)
{
    double ms = inspect_ms(v);
    return ms > 0.0 ? 1000.0 * (double)v->batch / ms : 0.0;
}

double inspect_utilisation(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    double peak = (double)t->cycles * (double)t->macs_per_cycle;
    return peak > 0.0 ? (double)t->pl_macs / peak : 0.0;
}

static void json_totals(json_writer *j, const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    json_object(j, "totals");
    json_uint(j, "cycles", t->cycles);
    json_double(j, "ms", inspect_ms(v));
    json_double(j, "fps", inspect_fps(v));
    json_uint(j, "ddr_bytes", t->ddr_bytes);
    json_double(j, "utilisation", inspect_utilisation(v));
    json_uint(j, "macs", t->macs);
    json_uint(j, "pl_macs", t->pl_macs);
    json_uint(j, "clock_khz", t->clock_khz);
    json_uint(j, "batch", v->batch);
    json_uint(j, "segments", t->segments);
    json_uint(j, "launches", t->launches);
    json_double(j, "launch_ms_min", t->launches * INSPECT_LAUNCH_US_MIN * 1e-3);
    json_double(j, "launch_ms_max", t->launches * INSPECT_LAUNCH_US_MAX * 1e-3);
    json_uint(j, "cpu_nodes", t->cpu_nodes);
    json_uint(j, "boundary_bytes", t->boundary_bytes);
    json_close(j);
}

void inspect_json(const inspection *v)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "model", v->model);
    json_string(&j, "board", v->board);
    json_array(&j, "nodes");
    zurt_plan_node n;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++) {
        json_object(&j, NULL);
        json_string(&j, "name", n.name);
        json_string(&j, "op", n.op);
        json_string(&j, "device", n.device);
        json_string(&j, "type", zurt_dtype_name(n.dtype));
        json_string(&j, "reason", n.reason);
        json_string(&j, "remedy", n.remedy);
        json_uint(&j, "macs", n.macs);
        json_uint(&j, "cycles", n.cycles);
        json_uint(&j, "ddr_bytes", n.ddr_bytes);
        json_uint(&j, "segment", n.segment);
        json_close(&j);
    }
    json_close(&j);
    json_totals(&j, v);
    json_bool(&j, "modelled", true);
    json_bool(&j, "assumed_scales", v->totals.assumed_scales);
    json_end(&j);
}

/* ---- the plan ---- */

typedef struct subject {
    zurt_model *model;
    zurt_graph *graph;
    zurt_board *board;
    zurt_plan *plan;
} subject;

static void close_subject(subject *s)
{
    zurt_plan_destroy(s->plan);
    zurt_board_destroy(s->board);
    zurt_graph_destroy(s->graph);
    zurt_model_destroy(s->model);
}

static int open_board(cli *c, const inspect_options *o, subject *s)
{
    const char *xclbin = o->target.session.xclbin;
    const char *name = o->board ? o->board : "cpu";
    zurt_status st = xclbin ? zurt_board_load_xclbin(c->ctx, xclbin, &s->board)
                            : zurt_board_builtin(c->ctx, name, &s->board);
    if (st == ZURT_E_ARG) // no such board
        return cli_usage(c, "%s", zurt_ctx_error(c->ctx));
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

static int make_plan(cli *c, const inspect_options *o, subject *s)
{
    zurt_status st;
    bool is_zurt;
    int code = target_recognise(c, o->model, &is_zurt);
    if (code != EXIT_DONE)
        return code;
    if (is_zurt) {
        st = zurt_model_load_file(c->ctx, o->model, &s->model);
        if (!st)
            st = zurt_plan_create(c->ctx, s->model, s->board, &s->plan);
    } else {
        const zurt_import_options import = target_import(&o->target);
        st = zurt_import_onnx_file(c->ctx, o->model, &import, &s->graph);
        if (!st)
            st = zurt_graph_set_norm(c->ctx, s->graph, &o->target.norm);
        if (!st)
            st = zurt_graph_plan(c->ctx, s->graph, s->board, &s->plan);
    }
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

/* As target_batch_of(), of a model that is not opened to run. */
static size_t batch_of(const subject *s)
{
    size_t n_in = s->model ? zurt_model_n_inputs(s->model) : zurt_graph_n_inputs(s->graph);
    size_t n_out = s->model ? zurt_model_n_outputs(s->model) : zurt_graph_n_outputs(s->graph);
    zurt_tensor_info *infos = calloc(n_in + n_out + 1, sizeof(*infos));
    for (size_t i = 0; infos && i < n_in + n_out; i++) {
        if (s->model)
            infos[i] =
                i < n_in ? *zurt_model_input(s->model, i) : *zurt_model_output(s->model, i - n_in);
        else if (i < n_in)
            zurt_graph_input(s->graph, i, &infos[i]);
        else
            zurt_graph_output(s->graph, i - n_in, &infos[i]);
    }
    size_t batch = infos ? target_batch_of(infos, n_in, infos + n_in, n_out) : 0;
    free(infos);
    return batch;
}

static int write_drawing(cli *c, const inspection *v, const char *path, bool svg)
{
    output_file out;
    int code = output_open(c, path, &out);
    if (code == EXIT_DONE && svg)
        code = inspect_svg(c, v, out.file);
    else if (code == EXIT_DONE)
        inspect_dot(v, out.file);
    return output_close(c, &out, code);
}

static int report(cli *c, const inspect_options *o, const subject *s)
{
    zurt_board_info board = {.name = ""};
    zurt_board_info_get(s->board, &board);
    inspection v = {.model = o->model,
                    .board = board.name,
                    .plan = s->plan,
                    .totals = zurt_plan_totals_get(s->plan),
                    .batch = batch_of(s)};
    int code = v.batch ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (code == EXIT_DONE && o->dot)
        code = write_drawing(c, &v, o->dot, false);
    if (code == EXIT_DONE && o->svg)
        code = write_drawing(c, &v, o->svg, true);
    if (code != EXIT_DONE || c->stdout_taken)
        return code;
    if (c->json)
        inspect_json(&v);
    else
        inspect_text(&v);
    return EXIT_DONE;
}

int cmd_inspect(cli *c, int argc, char **argv)
{
    inspect_options o = {.target = target_options_default()};
    subject s = {0};
    int code = parse(c, argc, argv, &o);
    if (code == EXIT_DONE)
        code = open_board(c, &o, &s);
    if (code == EXIT_DONE)
        code = make_plan(c, &o, &s);
    if (code == EXIT_DONE)
        code = report(c, &o, &s);
    close_subject(&s);
    return code;
}
