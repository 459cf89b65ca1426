/* SPDX-License-Identifier: Apache-2.0 */
/* Property: any bytes are refused or give sections inside the file and names that end. The corpus
 * starts from what zt_xclbin_build() writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/pl/xclbin.h"
#include "base/crc32c.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "xclbin: %s\n", what);
        abort();
    }
}

static void parse(zurt_ctx *ctx, zi_bytes file)
{
    zi_xclbin x;
    if (zi_xclbin_parse(ctx, file, &x) != ZURT_OK) {
        require(zurt_ctx_error(ctx)[0] != 0, "refused without a word");
        return;
    }
    require(memchr(x.platform, 0, sizeof(x.platform)) && memchr(x.unit, 0, sizeof(x.unit)) &&
                memchr(x.kernel, 0, sizeof(x.kernel)) && x.caps.caps.name == x.caps.name,
            "a name does not end");
    volatile uint8_t sum = 0;
    for (int kind = 0; kind < 40; kind++) {
        zi_bytes s;
        bool found = zi_xclbin_section(&x, (zi_xclbin_kind)kind, &s);
        for (size_t i = 0; found && i < s.size; i++)
            sum = (uint8_t)(sum + s.data[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx = NULL;
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy || zurt_ctx_create(NULL, &ctx))
        abort();
    parse(ctx, (zi_bytes){data, size});
    // once more with a right check sum in every table: damage must be survived behind it too
    memcpy(copy, data, size);
    for (size_t at = 0; size >= ZI_CAPS_BYTES && at <= size - ZI_CAPS_BYTES; at++) {
        if (memcmp(copy + at, "ZURTCAPS", 8) == 0) {
            zi_put_u32(copy + at + 12, (uint32_t)ZI_CAPS_BYTES);
            zi_put_u32(copy + at + 16, zi_crc32c(0, copy + at + 20, ZI_CAPS_BYTES - 20));
        }
    }
    parse(ctx, (zi_bytes){copy, size});
    free(copy);
    zurt_ctx_destroy(ctx);
    return 0;
}
