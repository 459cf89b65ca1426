/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers live in private pages: host and device copies differ until they are synced, so that a
 * forgotten sync shows here as it would on the board. Where the shim maps a file for the host's
 * copy (it means the file to be the device's memory), it gets one that only hosts map. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

typedef struct buffer {
    uint64_t address;
    uint64_t size;
    struct buffer *next;
} buffer;

static uint8_t *window;
static uint64_t window_size;
static buffer *buffers;
static int host_file = -1;

void memory_init(uint64_t bytes)
{
    if (window)
        return;
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        device_die("cannot reserve %llu bytes for device memory: %s", (unsigned long long)bytes,
                   strerror(errno));
    window = p;
    window_size = bytes;
}

static bool overlaps(uint64_t address, uint64_t size)
{
    for (const buffer *b = buffers; b; b = b->next) {
        if (address < b->address + b->size && b->address < address + size)
            return true;
    }
    return false;
}

bool memory_alloc(uint64_t address, uint64_t size)
{
    memory_init((uint64_t)16 << 30); // a buffer may come before the xclbin that tells the banks
    if (size > window_size || address % PAGE)
        return false;
    size = size ? (size + PAGE - 1) / PAGE * PAGE : PAGE;
    if (size > window_size || address > window_size - size || overlaps(address, size))
        return false;
    buffer *b = malloc(sizeof(*b));
    if (!b || mmap(window + address, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        device_die("no memory for a buffer of %llu bytes", (unsigned long long)size);
    *b = (buffer){address, size, buffers};
    buffers = b;
    return true;
}

static void release(buffer *b)
{
    // back to inaccessible pages: a kernel that still uses them is caught
    mmap(window + b->address, b->size, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (host_file >= 0)
        fallocate(host_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)b->address,
                  (off_t)b->size);
    free(b);
}

void memory_free(uint64_t address)
{
    for (buffer **at = &buffers; *at; at = &(*at)->next) {
        if ((*at)->address == address) {
            buffer *b = *at;
            *at = b->next;
            release(b);
            return;
        }
    }
}

void memory_free_all(void)
{
    while (buffers) {
        buffer *b = buffers;
        buffers = b->next;
        release(b);
    }
}

uint8_t *memory_at(uint64_t address, uint64_t size)
{
    for (const buffer *b = buffers; b; b = b->next) {
        if (address >= b->address && size <= b->size && address - b->address <= b->size - size)
            return window + address;
    }
    return NULL;
}

const char *memory_host_file(void)
{
    static char name[40];
    if (host_file < 0) {
        host_file = memfd_create("swemu-host", MFD_CLOEXEC);
        if (host_file < 0 || ftruncate(host_file, (off_t)window_size) != 0)
            device_die("cannot make a file for the host's buffers: %s", strerror(errno));
        snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)getpid(), host_file);
    }
    return name;
}
