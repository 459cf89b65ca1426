/* SPDX-License-Identifier: Apache-2.0 */
/** @file A plan and how `zurt inspect` shows it. */
#ifndef APP_INSPECT_H
#define APP_INSPECT_H

#include <stdio.h>

#include "cli.h"
#include "figures.h"

typedef struct inspection {
    const char *model; /**< its path */
    const char *board; /**< the table's name */
    const zurt_plan *plan;
    zurt_plan_totals totals;
    size_t batch; /**< frames of one run */
    const zurt_tensor_info *inputs, *outputs;
    size_t n_inputs, n_outputs;
} inspection;

/** Whether a node's time is the PL's. */
bool inspect_on_pl(const zurt_plan_node *n);

void inspect_json(const inspection *v);
void inspect_text(const inspection *v);

/** Writes the graph for graphviz. */
void inspect_dot(const inspection *v, FILE *file);
/** What became of a drawing. */
typedef struct inspect_drawing {
    bool done;
    bool absent;        /**< graphviz's program `dot` is not installed */
    const char *reason; /**< of a failure */
} inspect_drawing;

/** Writes the graph as an SVG, drawn by graphviz's `dot`. */
inspect_drawing inspect_draw(const inspection *v, FILE *file);
/** inspect_draw() for a user who asked for it: EXIT_DONE, or stated why there is none. */
int inspect_svg(cli *c, const inspection *v, FILE *file);
/** One page: the sums, a table of the nodes, and the drawing where `dot` is installed. EXIT_DONE or
 *  stated. */
int inspect_html(cli *c, const inspection *v, FILE *file);

#endif
