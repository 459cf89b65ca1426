/* SPDX-License-Identifier: Apache-2.0 */
/** @file A plan and how `zurt inspect` shows it. */
#ifndef APP_INSPECT_H
#define APP_INSPECT_H

#include <stdio.h>

#include "cli.h"

/** What a launch costs on a board beyond its cycles. Ref: docs/commands.md. */
#define INSPECT_LAUNCH_US_MIN 50
#define INSPECT_LAUNCH_US_MAX 200

typedef struct inspection {
    const char *model; /**< its path */
    const char *board; /**< the table's name */
    const zurt_plan *plan;
    zurt_plan_totals totals;
    size_t batch; /**< frames of one run */
} inspection;

/** Modelled time of one run on the PL; 0 where nothing is modelled. */
double inspect_ms(const inspection *v);
/** Modelled frames a second; 0 where nothing is modelled. */
double inspect_fps(const inspection *v);
/** Share of the array's multiply-accumulates that is used, 0..1. */
double inspect_utilisation(const inspection *v);

void inspect_json(const inspection *v);
void inspect_text(const inspection *v);

/** Writes the graph for graphviz. */
void inspect_dot(const inspection *v, FILE *file);
/** As inspect_dot(), drawn by graphviz's program `dot`. EXIT_DONE or stated. */
int inspect_svg(cli *c, const inspection *v, FILE *file);

#endif
