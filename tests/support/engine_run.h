/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Runs a step list on the engine's sources, each buffer between pages that nobody may touch: an
 * access outside it ends the process, in every build.
 */
#ifndef ZT_ENGINE_RUN_H
#define ZT_ENGINE_RUN_H

#include "backend/pl/pl_port.h"
#include "codegen/cg_encode.h"

/**
 * Blocks until the engine of a board, "kv260" or "zcu104", has run the list on zeros.
 *
 * @return what it counted; `wrong` is 0 for a list that the checker takes for its capability
 *         table. Aborts when the machine refuses memory.
 */
zi_pl_counts zt_engine_run(const char *board, const zi_cg_code *code);

#endif
