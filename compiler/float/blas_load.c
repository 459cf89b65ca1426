/* SPDX-License-Identifier: Apache-2.0 */
/* Finds OpenBLAS when something is computed with it, and not before: its constructor starts threads
 * and asks for 128 MiB for each, without end where it does not get them. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "float/blas.h"

/* LP64 integers, as in the library of this name; its 64-bit variant has another. */
#define LIBRARY "libopenblas.so.0"

/* What OpenBLAS maps for every thread that computes, on x86-64; elsewhere it is less. */
#define BUFFER_BYTES ((size_t)128 << 20)

/* What the library, what it needs and the data of both map; of 0.3.21 it is 40 MiB. */
#define LIBRARY_BYTES ((size_t)96 << 20)

enum { MOST_THREADS = 256 };

zc_blas_functions zc_blas;

/* The stack that a thread gets whose maker asks for none. */
static size_t stack_bytes(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return (size_t)8 << 20;
    return (size_t)limit.rlim_cur;
}

/* Whether the address space, which may be limited, has room for the library and for so many threads
 * with their buffers. OpenBLAS itself asks again for ever when it has not. */
static bool has_room(size_t library_bytes, size_t n_threads)
{
    void *maps[MOST_THREADS + 1];
    size_t sizes[MOST_THREADS + 1];
    size_t n = 0, got = 0;
    if (library_bytes)
        sizes[n++] = library_bytes;
    for (size_t i = 0; i < n_threads && i < MOST_THREADS; i++)
        sizes[n++] = BUFFER_BYTES + stack_bytes();
    while (got < n) {
        maps[got] =
            mmap(NULL, sizes[got], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (maps[got] == MAP_FAILED)
            break;
        got++;
    }
    for (size_t i = 0; i < got; i++)
        munmap(maps[i], sizes[i]);
    return got == n;
}

static zurt_status find(zurt_ctx *ctx, void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);
    if (!symbol)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "OpenBLAS: " LIBRARY " has no %s", name);
    memcpy(out, &symbol, sizeof(symbol));
    return ZURT_OK;
}

/* Its threads inherit a mask that leaves every signal to the program's own. */
static void *open_library(void)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return library;
}

/* Two that load at once find the same. Never unloaded: its threads run its code. */
static zurt_status load(zurt_ctx *ctx)
{
    void *library = open_library();
    if (!library) {
        const char *why = dlerror();
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "no OpenBLAS (Debian: apt-get install libopenblas0): %s",
                       why ? why : LIBRARY);
    }
    zc_sgemm_fn *sgemm = NULL;
    zc_sgemv_fn *sgemv = NULL;
    void (*set_threads)(int) = NULL;
    zurt_status st = find(ctx, library, "cblas_sgemm", &sgemm);
    if (!st)
        st = find(ctx, library, "cblas_sgemv", &sgemv);
    if (!st)
        st = find(ctx, library, "openblas_set_num_threads", &set_threads);
    if (st)
        return st;
    set_threads(1); // ops/ spreads the work itself
    atomic_store(&zc_blas.sgemv, sgemv);
    atomic_store(&zc_blas.sgemm, sgemm);
    return ZURT_OK;
}

zurt_status zc_blas_load(zurt_ctx *ctx, uint32_t n_threads)
{
    const bool loaded = atomic_load(&zc_blas.sgemm) != NULL;
    const uint32_t seen = atomic_load(&zc_blas.n_threads);
    if (loaded && n_threads <= seen)
        return ZURT_OK;
    const long cores = loaded ? 0 : sysconf(_SC_NPROCESSORS_ONLN); // one of its threads for each
    const size_t n = n_threads + (cores > 1 ? (size_t)cores - 1 : 0);
    if (!has_room(loaded ? 0 : LIBRARY_BYTES, n))
        return zi_fail(ctx, ZURT_E_NOMEM,
                       "OpenBLAS maps %zu MiB for each of %zu threads, besides itself and their "
                       "stacks, and the address space has no room for that: raise the limit "
                       "(ulimit -v), or compute with fewer threads",
                       BUFFER_BYTES >> 20, n);
    zurt_status st = loaded ? ZURT_OK : load(ctx);
    if (!st)
        atomic_store(&zc_blas.n_threads, n_threads);
    return st;
}
