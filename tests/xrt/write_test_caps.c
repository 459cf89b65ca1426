/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the test kernel's capability table to the file named. */
#include <stdio.h>

#include "plan/caps_io.h"
#include "support/pl_fixture.h"

int main(int argc, char **argv)
{
    uint8_t table[ZI_CAPS_BYTES];
    zurt_ctx *ctx = NULL;
    FILE *f = argc == 2 ? fopen(argv[1], "wb") : NULL;
    bool written = f && zurt_ctx_create(NULL, &ctx) == ZURT_OK &&
                   zi_caps_encode(ctx, zt_pl_caps(), table) == ZURT_OK &&
                   fwrite(table, 1, sizeof(table), f) == sizeof(table);
    zurt_ctx_destroy(ctx);
    return f && fclose(f) == 0 && written ? 0 : 1;
}
