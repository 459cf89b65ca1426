/* SPDX-License-Identifier: Apache-2.0 */
/* The complete command: .onnx models through libzurt-compiler. */
#include "compiler_part.h"

#include <stdlib.h>

static void describe(target *t, const target_options *options)
{
    t->norm = options->norm;
    t->n_in = zurt_graph_n_inputs(t->graph);
    t->n_out = zurt_graph_n_outputs(t->graph);
    t->inputs = calloc(t->n_in + 1, sizeof(*t->inputs));
    t->outputs = calloc(t->n_out + 1, sizeof(*t->outputs));
    for (size_t i = 0; t->inputs && i < t->n_in; i++)
        zurt_graph_input(t->graph, i, &t->inputs[i]);
    for (size_t i = 0; t->outputs && i < t->n_out; i++)
        zurt_graph_output(t->graph, i, &t->outputs[i]);
}

static int import(cli *c, target *t, const target_options *options)
{
    const zurt_import_options shapes = target_import(options);
    zurt_status st = zurt_import_file(c->ctx, t->path, &shapes, &t->graph);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

static zurt_status prepare(cli *c, target *t, const target_options *options)
{
    return zurt_evaluator_create(c->ctx, t->graph, options->session.threads, &t->evaluator);
}

static zurt_status run(target *t)
{
    return zurt_evaluator_run(t->evaluator, t->in, t->n_in, t->out, t->n_out);
}

static void close_graph(target *t)
{
    zurt_evaluator_destroy(t->evaluator);
    if (!t->borrowed)
        zurt_graph_destroy(t->graph);
}

static const char *label(const target *t, size_t i)
{
    return zurt_graph_label(t->graph, i);
}

static size_t n_nodes(const target *t)
{
    return zurt_graph_n_nodes(t->graph);
}

static zurt_status node(const target *t, size_t i, zurt_node_info *out)
{
    return zurt_graph_node(t->graph, i, out);
}

static zurt_status plan(cli *c, target *t, const target_options *options, const zurt_board *board,
                        zurt_plan **out)
{
    zurt_status st = zurt_graph_set_norm(c->ctx, t->graph, &options->norm);
    return st ? st : zurt_graph_plan(c->ctx, t->graph, board, out);
}

static const compiler_part part = {
    .compile = cmd_compile,
    .merge = cmd_merge,
    .quantize = cmd_quantize,
    .import = import,
    .describe = describe,
    .prepare = prepare,
    .run = run,
    .close = close_graph,
    .label = label,
    .n_nodes = n_nodes,
    .node = node,
    .plan = plan,
};

const compiler_part *const compiler = &part;
