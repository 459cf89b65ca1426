/* SPDX-License-Identifier: Apache-2.0 */
/* make_test_xclbin kv260|zcu104 MHZ FILE: an xclbin as of a board, whose linker reached MHZ. */
#include <stdio.h>
#include <stdlib.h>

#include "codegen/engine_caps.h"
#include "support/xclbin_builder.h"

int main(int argc, char **argv)
{
    enum { BYTES = ZT_XCLBIN_BYTES + ZT_XCLBIN_MORE(ZT_XCLBIN_CLOCKS_BYTES) };
    uint8_t bytes[BYTES], clocks[ZT_XCLBIN_CLOCKS_BYTES];
    zurt_ctx *ctx;
    const zi_caps *caps = argc == 4 ? zi_caps_builtin(argv[1]) : NULL;
    if (!caps || zurt_ctx_create(NULL, &ctx))
        return 2;
    bool good = zt_xclbin_build(ctx, bytes) &&
                zi_caps_encode(ctx, caps, bytes + ZT_XCLBIN_CAPS_AT) == ZURT_OK;
    bytes[332] = 0; // XCLBIN_FLAT
    zt_xclbin_clocks(clocks, (uint32_t)strtoul(argv[2], NULL, 10));
    zt_xclbin_add(bytes, 11, clocks, sizeof(clocks));
    FILE *f = fopen(argv[3], "wb");
    good = good && f && fwrite(bytes, 1, sizeof(bytes), f) == sizeof(bytes);
    good = f && fclose(f) == 0 && good;
    zurt_ctx_destroy(ctx);
    return !good;
}
