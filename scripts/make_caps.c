/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_caps BOARD FILE: writes a board's capability table, the USER_METADATA section of its
 * xclbin. Used by the emulation and by kernels-hls/vitis.
 */
#include <stdio.h>

#include "plan/caps_io.h"

int main(int argc, char **argv)
{
    const zi_caps *caps = argc == 3 ? zi_caps_builtin(argv[1]) : NULL;
    if (!caps) {
        fprintf(stderr, "usage: make_caps BOARD FILE; boards: %s\n", zi_caps_builtin_names());
        return 2;
    }
    uint8_t table[ZI_CAPS_BYTES];
    zurt_ctx *ctx = NULL;
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    if (!st)
        st = zi_caps_encode(ctx, caps, table);
    FILE *f = st ? NULL : fopen(argv[2], "wb");
    bool written = f && fwrite(table, 1, sizeof(table), f) == sizeof(table);
    written = f && fclose(f) == 0 && written;
    if (!written)
        fprintf(stderr, "make_caps: %s\n", st ? zurt_ctx_error(ctx) : "cannot write the file");
    zurt_ctx_destroy(ctx);
    return written ? 0 : 1;
}
