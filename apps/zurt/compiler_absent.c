/* SPDX-License-Identifier: Apache-2.0 */
/* In place of compiler_part.c in the runtime-only command. */
#include "compiler_part.h"

const compiler_part *const compiler = NULL;
