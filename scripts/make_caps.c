/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_caps BOARD FILE [RQ [MHZ [PP]]]: writes a board's capability table, the USER_METADATA
 * section of its xclbin; RQ, MHZ and PP are those of a bitstream that was not built with the
 * board's own. Used by the emulation and by kernels-hls/vitis.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codegen/engine_caps.h"
#include "plan/caps_io.h"

int main(int argc, char **argv)
{
    const zi_caps *board = argc >= 3 && argc <= 6 ? zi_caps_builtin(argv[1]) : NULL;
    uint32_t rq = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    uint32_t mhz = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
    uint32_t pp = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;
    const bool bad_rq = board && argc > 3 && (rq < 2 || rq > board->pixel_parallel);
    const bool bad_mhz = argc > 4 && (mhz < 1 || mhz > 1000);
    const bool bad_pp = board && argc > 5 && (pp < 4 || pp > board->pixel_parallel);
    if (!board || bad_rq || bad_mhz || bad_pp) {
        fprintf(stderr,
                "usage: make_caps BOARD FILE [RQ [MHZ [PP]]]; boards: %s; RQ from 2 to the pixels "
                "of a cycle, MHZ from 1 to 1000, PP from 4 to the board's pixels of a cycle\n",
                zi_caps_builtin_names());
        return 2;
    }
    zi_caps caps = *board;
    if (rq)
        caps.requant_parallel = rq * caps.out_parallel;
    if (mhz)
        caps.clock_khz = mhz * 1000;
    if (pp) {
        caps.scratchpad_words = caps.scratchpad_words / caps.pixel_parallel * pp;
        caps.pixel_parallel = pp;
    }
    uint8_t table[ZI_CAPS_BYTES];
    zurt_ctx *ctx = NULL;
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    if (!st)
        st = zi_caps_encode(ctx, &caps, table);
    FILE *f = st ? NULL : fopen(argv[2], "wb");
    bool written = f && fwrite(table, 1, sizeof(table), f) == sizeof(table);
    written = f && fclose(f) == 0 && written;
    if (!written)
        fprintf(stderr, "make_caps: %s\n", st ? zurt_ctx_error(ctx) : "cannot write the file");
    zurt_ctx_destroy(ctx);
    return written ? 0 : 1;
}
