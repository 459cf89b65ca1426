/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as a kernel that fails: $ZT_FAULT is crash:N, exit:N, stop:N, hang:N or wrong:N, of
 * its N-th launch; N = 0 is any launch without work, as in the test when a device is opened.
 * late:MS: every launch takes that much longer.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "isa/zk_step.h"

void zk_engine_kv260(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1,
                     const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w);
void zk_engine(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1, const v16 *w2,
               const v16 *w3, const v16 *act_r, v16 *act_w);

static int is_due(const char *fault, int32_t n_epochs)
{
    static long launches;
    const char *colon = fault ? strchr(fault, ':') : NULL;
    if (!colon)
        return 0;
    if (n_epochs > 0)
        launches++;
    long n = strtol(colon + 1, NULL, 10);
    return n == 0 ? n_epochs == 0 : n_epochs > 0 && n == launches;
}

void zk_engine(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1, const v16 *w2,
               const v16 *w3, const v16 *act_r, v16 *act_w)
{
    const char *fault = getenv("ZT_FAULT");
    int wrong = 0;
    if (fault && strncmp(fault, "late:", 5) == 0) {
        long ms = strtol(fault + 5, NULL, 10);
        const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
        nanosleep(&t, NULL);
        fault = NULL;
    }
    if (is_due(fault, n_epochs)) {
        if (strncmp(fault, "crash", 5) == 0)
            abort();
        if (strncmp(fault, "exit", 4) == 0)
            _exit(3);
        if (strncmp(fault, "stop", 4) == 0)
            kill(getpid(), SIGSTOP);
        while (strncmp(fault, "hang", 4) == 0)
            pause();
        wrong = strncmp(fault, "wrong", 5) == 0;
    }
    zk_engine_kv260(steps, n_epochs, w0, w1, w2, w3, act_r, act_w);
    for (int i = 0; wrong && i < 256; i++) // wherever the outputs are
        act_w[i].b[0] ^= 1;
}
