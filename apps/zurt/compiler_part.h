/* SPDX-License-Identifier: Apache-2.0 */
/** @file What only the complete command does, behind one door: a board's, the runtime-only one, is
 *  linked without libzurt-compiler, and without the JSON reader of merge. */
#ifndef APP_COMPILER_PART_H
#define APP_COMPILER_PART_H

#include "target.h"

typedef struct compiler_part {
    cli_main *compile, *merge, *quantize;
    /** Opens t->path, an .onnx, as t->graph; EXIT_DONE or stated. */
    int (*import)(cli *c, target *t, const target_options *options);
    /** Fills the norm, inputs and outputs of t from t->graph; out of memory they stay NULL. */
    void (*describe)(target *t, const target_options *options);
    /** Makes t->evaluator. */
    zurt_status (*prepare)(cli *c, target *t, const target_options *options);
    /** t->in to t->out. */
    zurt_status (*run)(target *t);
    void (*close)(target *t);
    /** As zurt_graph_label(), zurt_graph_n_nodes() and zurt_graph_node() of t->graph. */
    const char *(*label)(const target *t, size_t i);
    size_t (*n_nodes)(const target *t);
    zurt_status (*node)(const target *t, size_t i, zurt_node_info *out);
    /** What of the graph would run where, quantised with assumed scales if it is float. */
    zurt_status (*plan)(cli *c, target *t, const target_options *options, const zurt_board *board,
                        zurt_plan **out);
} compiler_part;

/** NULL in the runtime-only command. */
extern const compiler_part *const compiler;

/** Where the complete command is installed beside a runtime-only one; NULL: it is not. free() it.
 */
char *compiler_beside(void);

/**
 * The runtime-only command's way to do what needs the compiler: becomes the complete command, if it
 * is installed beside this one, with the arguments it was started with; else says who can do it.
 * Before anything is opened or written.
 *
 * @param model what needs it; NULL: the command itself.
 * @return EXIT_UNSUPPORTED, stated.
 */
int compiler_instead(cli *c, const char *model);

#endif
