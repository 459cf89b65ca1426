/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a graph computes, without planner, session or back end. */
#ifndef ZT_REFERENCE_H
#define ZT_REFERENCE_H

#include "support/model_fixture.h"

/** Runs node after node through ops/ with the reference kernels on one thread, each tensor in
 *  memory of its own. Aborts when out of memory. */
zurt_status zt_reference_run(zurt_ctx *ctx, const zi_graph *g, const zt_io *io);

#endif
