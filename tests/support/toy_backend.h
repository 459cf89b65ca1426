/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The smallest back end that does something: an "accelerator" that looks bytes up in tables.
 * Written to be read beside docs/porting-a-backend.md.
 */
#ifndef ZT_TOY_BACKEND_H
#define ZT_TOY_BACKEND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "backend/backend.h"

/** The only device of its kind. Set `broken` and its runs fail; `lowering` before it is opened, and
 *  its table has it. */
typedef struct zt_toy_state {
    atomic_bool broken;
    atomic_uint n_commands; /**< carried out */
    const zi_lowering *lowering;
} zt_toy_state;

extern zt_toy_state zt_toy;

extern const zi_backend_vtable zt_backend_toy;

#endif
