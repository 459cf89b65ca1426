/* SPDX-License-Identifier: Apache-2.0 */
/** @file The engine's sources, linked into this process once per configuration. */
#ifndef ZI_BACKEND_PL_ENGINE_H
#define ZI_BACKEND_PL_ENGINE_H

#include <stdbool.h>

#include "backend/pl/pl_port.h"

/** The engine of a board; false: none of that name. Any thread. */
bool zi_pl_engine_get(const char *board, zi_pl_engine *out);

#endif
