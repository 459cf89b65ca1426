/* SPDX-License-Identifier: Apache-2.0 */
/* The test kernel: obeys commands about delays, faults and wrong answers. */
#include "support/pl_test_kernel.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

void zk_engine_test(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                    const void *w2, const void *w3, const void *act_r, void *act_w)
{
    const int8_t *w[] = {w0, w1, w2, w3};
    const int8_t *in = act_r;
    int8_t *out = act_w;
    int32_t s[4];
    // "ZURT", and the sizes of zt_pl_caps() as the engine counts them
    int32_t identity[8] = {0x5452555a, 7, 8, 2, 64, 128, 256};
    if (n_epochs < 0) {
        memcpy(&identity[7], steps, 4);
        memcpy(act_w, identity, sizeof(identity));
    }
    if (n_epochs <= 0)
        return;
    memcpy(s, steps, sizeof(s));
    pause_ms(s[2]);
    switch (s[0]) {
    case ZT_ADD:
        for (int32_t i = 0; i < s[1]; i++)
            out[s[1] + i] = (int8_t)(in[i] + w[0][i] + w[1][i] + w[2][i] + w[3][i]);
        break;
    case ZT_APPEND:
        out[0]++;
        out[out[0]] = (int8_t)s[3];
        break;
    case ZT_CRASH:
        abort();
    case ZT_EXIT:
        _exit(3);
    default:
        for (;;)
            pause_ms(1000);
    }
}
