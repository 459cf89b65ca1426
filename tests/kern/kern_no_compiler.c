/* SPDX-License-Identifier: Apache-2.0 */
/* In place of kern_compiler.c where the kernels are built alone: arm64.kern. */
#include "harness.h"

void kern_add_compiler(void)
{
}
