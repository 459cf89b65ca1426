/* SPDX-License-Identifier: Apache-2.0 */
/* What ails XRT 2.13's shim alone: its message buffer drops the result of realloc() and then writes
 * to freed memory, so malloc gives it regions large enough never to move; and the host's copy of a
 * buffer outlives the buffer, and so does its record, so both get an owner. The rest of the cure is
 * in shim_cure.c. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "shim_wrap.h"

WRAPPED(void *, malloc, size_t size);
WRAPPED(void *, realloc, void *ptr, size_t size);
WRAPPED(void, free, void *ptr);
WRAPPED(int, posix_memalign, void **out, size_t align, size_t size);

/* Of class CpuemShim; the first argument is the object. */
#define MAP_BUFFER   _ZN12xclcpuemhal29CpuemShim8xclMapBOEjb
#define UNMAP_BUFFER _ZN12xclcpuemhal29CpuemShim10xclUnmapBOEjPv
#define FREE_BUFFER  _ZN12xclcpuemhal29CpuemShim9xclFreeBOEj
#define FIND_BUFFER  _ZN12xclcpuemhal29CpuemShim16xclGetBoByHandleEj
#define DELETE       _ZdlPv // operator delete

EXPANDED(void *, MAP_BUFFER, void *self, unsigned handle, bool write);
EXPANDED(int, UNMAP_BUFFER, void *self, unsigned handle, void *address);
EXPANDED(void, FREE_BUFFER, void *self, unsigned handle);
void *FIND_BUFFER(void *self, unsigned handle);
void DELETE(void *p);

enum { POISON = 0xa5 };

/* ---- message buffers ---- */

/* Address space, not memory: pages come on first use. */
#define REGION_BYTES ((size_t)256 << 20)

enum { REGION_HEADER = 64 };

typedef struct region {
    struct region *next;
    bool used;
} region;

static pthread_mutex_t regions_lock = PTHREAD_MUTEX_INITIALIZER;
static region *regions;

static void *region_data(region *r)
{
    return (unsigned char *)r + REGION_HEADER;
}

/* With the lock held. */
static region *find_region(const void *data)
{
    region *r = regions;
    while (r && region_data(r) != data)
        r = r->next;
    return r;
}

static region *take_region(void)
{
    region *r = regions;
    while (r && r->used)
        r = r->next;
    if (!r) {
        void *p = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED)
            return NULL;
        r = p;
        r->next = regions;
        regions = r;
    }
    r->used = true;
    return r;
}

void *__wrap_malloc(size_t size)
{
    if (size > REGION_BYTES - REGION_HEADER)
        return NULL;
    pthread_mutex_lock(&regions_lock);
    region *r = take_region();
    pthread_mutex_unlock(&regions_lock);
    return r ? region_data(r) : NULL;
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return ptr && size <= REGION_BYTES - REGION_HEADER ? ptr : __wrap_malloc(size);
}

void __wrap_free(void *ptr)
{
    pthread_mutex_lock(&regions_lock);
    region *r = ptr ? find_region(ptr) : NULL;
    if (r) {
        r->used = false;
        // the first page holds the header; a message needs more only if it is large
        madvise((unsigned char *)r + 4096, REGION_BYTES - 4096, MADV_DONTNEED);
    }
    pthread_mutex_unlock(&regions_lock);
    if (ptr && !r)
        __real_free(ptr);
}

/* ---- the host's copies of buffers ---- */

typedef struct host_copy {
    struct host_copy *next;
    const void *shim;
    unsigned handle;
    void *bytes; // NULL: the shim made none
    size_t size;
} host_copy;

static pthread_mutex_t copies_lock = PTHREAD_MUTEX_INITIALIZER;
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
    pthread_mutex_lock(&copies_lock);
    c->next = host_copies;
    host_copies = c;
    pthread_mutex_unlock(&copies_lock);
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
    pthread_mutex_lock(&copies_lock);
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
    pthread_mutex_unlock(&copies_lock);
}
