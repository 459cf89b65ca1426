/* SPDX-License-Identifier: Apache-2.0 */
/* In place of kern_compiler.c where the kernels are built alone: arm64.kern. */
#include "kern.h"

void kern_add_compiler(kern_variant *list, size_t *count)
{
    (void)list;
    (void)count;
}
