/* SPDX-License-Identifier: Apache-2.0 */
/* zurt inspect: what runs where, and why, before anything is quantised or loaded. */
#include <stdio.h>

#include "compiler_part.h"
#include "inspect.h"
#include "output.h"
#include "target.h"

typedef struct inspect_options {
    target_options target;
    const char *model;
    const char *board;            /**< NULL: not given */
    const char *dot, *svg, *html; /**< files to write; NULL: not asked for */
    bool force;
} inspect_options;

static int check_options(cli *c, const inspect_options *o)
{
    if (o->board && o->target.session.xclbin)
        return cli_usage(c, "--board and --xclbin exclude each other");
    const char *const outputs[] = {o->dot, o->svg, o->html};
    int code = cli_reads(c, o->model);
    if (code == EXIT_DONE && o->target.session.xclbin)
        code = cli_reads(c, o->target.session.xclbin);
    for (size_t i = 0; code == EXIT_DONE && i < sizeof(outputs) / sizeof(outputs[0]); i++)
        code = outputs[i] ? cli_check_output(c, outputs[i], o->force) : EXIT_DONE;
    return code;
}

static int parse(cli *c, int argc, char **argv, inspect_options *o)
{
    const cli_binding bindings[] = {
        {OPT_BOARD, .text = &o->board}, {OPT_DOT, .text = &o->dot},     {OPT_SVG, .text = &o->svg},
        {OPT_HTML, .text = &o->html},   {OPT_FORCE, .flag = &o->force}, {0},
    };
    cli_bind(c, bindings);
    target_bind_options(c, &o->target);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    o->model = c->arguments[0];
    return check_options(c, o);
}

/* ---- the plan ---- */

typedef struct subject {
    target model;
    zurt_board *board;
    zurt_plan *plan;
} subject;

static void close_subject(subject *s)
{
    zurt_plan_destroy(s->plan);
    zurt_board_destroy(s->board);
    target_close(&s->model);
}

static int open_board(cli *c, const inspect_options *o, subject *s)
{
    const char *xclbin = o->target.session.xclbin;
    const char *name = o->board ? o->board : "cpu";
    zurt_status st = xclbin ? zurt_board_load_xclbin(c->ctx, xclbin, &s->board)
                            : zurt_board_builtin(c->ctx, name, &s->board);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

static int make_plan(cli *c, const inspect_options *o, subject *s)
{
    target *t = &s->model;
    int code = target_load(c, o->model, &o->target, t);
    if (code != EXIT_DONE)
        return code;
    if (t->is_zurt)
        target_note_own(c, o->model, &o->target);
    zurt_status st = t->is_zurt ? zurt_plan_create(c->ctx, t->model, s->board, &s->plan)
                                : compiler->plan(c, t, &o->target, s->board, &s->plan);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

typedef enum drawing { DRAW_DOT, DRAW_SVG, DRAW_HTML } drawing;

static int write_drawing(cli *c, const inspection *v, const char *path, drawing what)
{
    output_file out;
    if (!path)
        return EXIT_DONE;
    int code = output_open(c, path, &out);
    if (code == EXIT_DONE && what == DRAW_SVG)
        code = inspect_svg(c, v, out.file);
    else if (code == EXIT_DONE && what == DRAW_HTML)
        code = inspect_html(c, v, out.file);
    else if (code == EXIT_DONE)
        inspect_dot(v, out.file);
    return output_close(c, &out, code);
}

static int report(cli *c, const inspect_options *o, const subject *s)
{
    const target *t = &s->model;
    zurt_board_info board = {.name = ""};
    zurt_board_info_get(s->board, &board);
    const inspection v = {.model = o->model,
                          .board = board.name,
                          .plan = s->plan,
                          .totals = zurt_plan_totals_get(s->plan),
                          .n_inputs = t->n_in,
                          .n_outputs = t->n_out,
                          .inputs = t->inputs,
                          .outputs = t->outputs,
                          .batch = target_batch_of(t->inputs, t->n_in, t->outputs, t->n_out)};
    int code = write_drawing(c, &v, o->dot, DRAW_DOT);
    if (code == EXIT_DONE)
        code = write_drawing(c, &v, o->svg, DRAW_SVG);
    if (code == EXIT_DONE)
        code = write_drawing(c, &v, o->html, DRAW_HTML);
    if (code == EXIT_DONE && c->json && !c->stdout_taken)
        inspect_json(&v);
    else if (code == EXIT_DONE && !c->stdout_taken)
        inspect_text(&v);
    return code;
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
