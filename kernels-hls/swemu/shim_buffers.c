/* SPDX-License-Identifier: Apache-2.0 */
/* What Debian's shim never gives back gets an owner: launches' commands, buffers' records and the
 * host's copies of buffers. The rest of the cure is in shim_cure.c. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shim_wrap.h"

WRAPPED(void *, malloc, size_t size); // in shim_cure.c; here the heap itself is meant
WRAPPED(void, free, void *ptr);
WRAPPED(int, posix_memalign, void **out, size_t align, size_t size);

/* Of class CpuemShim; the first argument is the object. */
#define MAP_BUFFER                _ZN12xclcpuemhal29CpuemShim8xclMapBOEjb
#define UNMAP_BUFFER              _ZN12xclcpuemhal29CpuemShim10xclUnmapBOEjPv
#define FREE_BUFFER               _ZN12xclcpuemhal29CpuemShim9xclFreeBOEj
#define FIND_BUFFER               _ZN12xclcpuemhal29CpuemShim16xclGetBoByHandleEj
#define EXPANDED(type, name, ...) WRAPPED(type, name, __VA_ARGS__)
#define JOIN(a, b)                a##b
#define NAMED(prefix, name)       JOIN(prefix, name)

/* Of class SWScheduler. */
#define NEW_COMMAND _ZN12xclcpuemhal211SWScheduler17get_free_xocl_cmdEv
/* operator new, operator delete */
#define NEW    _Znwm
#define DELETE _ZdlPv

EXPANDED(void *, NEW, size_t size);
void DELETE(void *p);
void *NEW_COMMAND(void *self);
EXPANDED(void *, MAP_BUFFER, void *self, unsigned handle, bool write);
EXPANDED(int, UNMAP_BUFFER, void *self, unsigned handle, void *address);
EXPANDED(void, FREE_BUFFER, void *self, unsigned handle);
void *FIND_BUFFER(void *self, unsigned handle);

enum { POISON = 0xa5 };

/* ---- what launches leave behind ---- */

enum { COMMANDS = 4096, COMMAND_BYTES = 64, CODE_BYTES = 0x40 };

/* A launch's command is never deleted, and nothing looks at it once the launch has ended. Far fewer
 * than these are in flight: each holds a buffer of XRT's. In the heap they would leave holes
 * between the buffers of sessions. */
static unsigned char commands[COMMANDS][COMMAND_BYTES] __attribute__((aligned(16)));
static atomic_uint n_commands;

void *NAMED(__wrap_, NEW)(size_t size)
{
    const uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    const uintptr_t maker = (uintptr_t)NEW_COMMAND;
    if (caller <= maker || caller > maker + CODE_BYTES || size > COMMAND_BYTES)
        return NAMED(__real_, NEW)(size);
    return commands[atomic_fetch_add(&n_commands, 1) % COMMANDS];
}

/* ---- the host's copies of buffers ---- */

typedef struct host_copy {
    struct host_copy *next;
    const void *shim;
    unsigned handle;
    void *bytes; // NULL: the shim made none
    size_t size;
} host_copy;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of the list
static host_copy *host_copies;

/* Set while a buffer is mapped: what the shim allocates then is the host's copy. */
static _Thread_local host_copy *copying;

/* Pages of their own, so that what comes and goes with every session leaves no holes in the heap.
 * Poisoned: what an earlier buffer held must not pass for a result. */
int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    if (!copying || copying->bytes || size == 0)
        return __real_posix_memalign(out, align, size);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return ENOMEM;
    memset(p, POISON, size);
    copying->bytes = p;
    copying->size = size;
    *out = p;
    return 0;
}

void *NAMED(__wrap_, MAP_BUFFER)(void *self, unsigned handle, bool write)
{
    host_copy *c = __real_malloc(sizeof(*c));
    if (!c)
        return NULL;
    *c = (host_copy){.shim = self, .handle = handle};
    copying = c;
    void *p = NAMED(__real_, MAP_BUFFER)(self, handle, write);
    copying = NULL;
    pthread_mutex_lock(&lock);
    c->next = host_copies;
    host_copies = c;
    pthread_mutex_unlock(&lock);
    return p;
}

/* The shim would unmap pages of the heap. */
int NAMED(__wrap_, UNMAP_BUFFER)(void *self, unsigned handle, void *address)
{
    (void)self, (void)handle, (void)address;
    return 0;
}

void NAMED(__wrap_, FREE_BUFFER)(void *self, unsigned handle)
{
    void *record = FIND_BUFFER(self, handle);
    NAMED(__real_, FREE_BUFFER)(self, handle);
    if (record && !FIND_BUFFER(self, handle))
        DELETE(record); // it leaves its list, and nothing else knows it
    pthread_mutex_lock(&lock);
    for (host_copy **at = &host_copies; *at;) {
        host_copy *c = *at;
        if (c->shim != self || c->handle != handle) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        if (c->bytes)
            munmap(c->bytes, c->size);
        __real_free(c);
    }
    pthread_mutex_unlock(&lock);
}
