/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: every variant of a kernel computes what the definition says, and touches nothing but
 * its operands. The first two bytes choose the op, the others what tests/kern draws at random.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kern/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ops lie on a ring of 65536 at places that their names give: a new one takes inputs from one
 * other, and those of the rest of the corpus mean what they meant. */
static const kern_op *op_at(uint32_t place)
{
    size_t n;
    const kern_variant *v = kern_variants(&n);
    const kern_op *op = NULL;
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        const uint32_t distance = (kern_op_place(v[i].op) - place) & 0xFFFF;
        if (distance < least) {
            least = distance;
            op = v[i].op;
        }
    }
    return op;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const kern_op *op = op_at(data[0] | (uint32_t)data[1] << 8);
    if (!kern_check(op, NULL, kern_from_bytes(data + 2, size - 2))) {
        fflush(stdout);
        abort();
    }
    return 0;
}
