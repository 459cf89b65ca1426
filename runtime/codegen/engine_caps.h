/* SPDX-License-Identifier: Apache-2.0 */
/** @file Capability tables of the step engines that this build makes programs for. */
#ifndef ZI_CODEGEN_ENGINE_CAPS_H
#define ZI_CODEGEN_ENGINE_CAPS_H

#include "plan/plan.h"

/** "cpu", "kv260", "zcu104"; NULL if unknown. */
const zi_caps *zi_caps_builtin(const char *name);
/** Names of the built-in tables, for messages: "cpu, kv260". */
const char *zi_caps_builtin_names(void);

/**
 * Whether this build can make programs for a table's engine: it may come from an xclbin.
 * @return ZURT_OK; ZURT_E_VERSION; ZURT_E_UNSUPPORTED: sizes that no engine of this build has.
 */
zurt_status zi_caps_check_engine(zurt_ctx *ctx, const zi_caps *caps);

/** Sets the lowering of a table that passes zi_caps_check_engine(); else its status. */
zurt_status zi_caps_take_engine(zurt_ctx *ctx, zi_caps *caps);

#endif
