/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ails the shim of XRT 2.14 to 2.25 and not 2.13's. The rest of the cure is in shim_cure.c.
 *
 * 1. It takes the host's copy of a buffer from the heap, and gives it to munmap() in the end. So it
 *    gets pages.
 * 2. For a buffer in a file it opens the file once more and maps 16 GB of it, and gives back
 *    neither. So there is one descriptor and one mapping.
 * 3. Its static objects are gone before XRT closes the device at the program's end. So they stay.
 * 4. A thread of it sleeps for 10, 20, 30 ... s, which a second xclbin waits for, and after five
 *    minutes never sleeps again. So it sleeps until the device is closed or loads anew.
 * 5. The record of a buffer outlives the buffer. It goes with the record's entry in the shim's map.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim_wrap.h"

/* Of class SwEmuShim; operator delete, with a size and without. */
#define FREE_BUFFER  _ZN12xclswemuhal29SwEmuShim9xclFreeBOEj
#define DELETE_SIZED _ZdlPvm
#define DELETE       _ZdlPv

void FREE_BUFFER(void *self, unsigned handle);
EXPANDED(void, DELETE_SIZED, void *p, size_t size);
void DELETE(void *p);
WRAPPED(int, posix_memalign, void **out, size_t align, size_t size);
WRAPPED(int, open, const char *path, int flags, ...);
WRAPPED(int, close, int fd);
WRAPPED(void *, mmap, void *at, size_t size, int protection, int flags, int fd, off_t offset);
WRAPPED(int, munmap, void *at, size_t size);
WRAPPED(int, nanosleep, const struct timespec *time, struct timespec *left);
WRAPPED(int, __cxa_atexit, void (*function)(void *), void *argument, void *library);

/* ---- the host's copies of buffers ---- */

/* Nothing else of the shim asks for aligned memory. */
int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    (void)align; // that of a page
    void *p = __real_mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return ENOMEM;
    *out = p;
    return 0;
}

/* A node of std::map<unsigned, record *>. */
typedef struct map_node {
    void *tree[4];
    unsigned handle;
    void *record;
} map_node;

void NAMED(__wrap_, DELETE_SIZED)(void *p, size_t size)
{
    const uintptr_t freer = (uintptr_t)FREE_BUFFER;
    Dl_info caller;
    if (p && size == sizeof(map_node) && dladdr(__builtin_return_address(0), &caller) &&
        (uintptr_t)caller.dli_saddr == freer)
        DELETE(((const map_node *)p)->record);
    NAMED(__real_, DELETE_SIZED)(p, size);
}

/* The device process's file of the host's buffers. */
typedef struct host_file {
    char path[64];
    int fd; // 0: none
    unsigned char *bytes;
    size_t size;
} host_file;

enum { MAX_FILES = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of the files
static host_file files[MAX_FILES];

/* With the lock held. */
static host_file *find_file(const char *path, int fd)
{
    for (int i = 0; i < MAX_FILES; i++) {
        host_file *f = &files[i];
        if (path ? f->fd && strcmp(f->path, path) == 0 : f->fd == fd)
            return f;
    }
    return NULL;
}

/* With the lock held. Other files of /proc are opened as ever. */
static int open_file(const char *path, int flags)
{
    host_file *f = find_file(path, 0);
    if (f)
        return f->fd;
    f = find_file(NULL, 0);
    struct stat about;
    const int fd = __real_open(path, flags & ~O_CREAT);
    if (fd <= 0 || !f || !strstr(path, "/fd/") || strlen(path) >= sizeof(f->path) ||
        fstat(fd, &about) != 0)
        return fd;
    void *bytes = __real_mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (bytes != MAP_FAILED) {
        *f = (host_file){.fd = fd, .bytes = bytes, .size = (size_t)about.st_size};
        memcpy(f->path, path, strlen(path) + 1);
    }
    return fd;
}

int __wrap_open(const char *path, int flags, ...)
{
    unsigned mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, unsigned);
        va_end(args);
    }
    if (strncmp(path, "/proc/", 6) != 0)
        return __real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    const int fd = open_file(path, flags);
    pthread_mutex_unlock(&lock);
    return fd;
}

/* The mapping stays: XRT may have an eye on a command for longer than on the device. */
int __wrap_close(int fd)
{
    pthread_mutex_lock(&lock);
    host_file *f = fd > 0 ? find_file(NULL, fd) : NULL;
    if (f)
        *f = (host_file){0};
    pthread_mutex_unlock(&lock);
    return __real_close(fd);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    unsigned char *p = NULL;
    pthread_mutex_lock(&lock);
    host_file *f = fd > 0 ? find_file(NULL, fd) : NULL;
    if (f && offset >= 0 && (uint64_t)offset < f->size)
        p = f->bytes + offset;
    pthread_mutex_unlock(&lock);
    return p ? p : __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
    bool is_file = false;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_FILES; i++) {
        const uintptr_t begin = (uintptr_t)files[i].bytes;
        is_file |= files[i].fd && (uintptr_t)at >= begin && (uintptr_t)at - begin < files[i].size;
    }
    pthread_mutex_unlock(&lock);
    return is_file ? 0 : __real_munmap(at, size);
}

/* ---- threads and the end ---- */

/* Only that thread sleeps for a second or more. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    const struct timespec slice = {0, 20000000};
    if (time->tv_sec == 0)
        return __real_nanosleep(time, left);
    do
        __real_nanosleep(&slice, NULL);
    while (atomic_load(&shim_is_loaded));
    return 0;
}

int __wrap___cxa_atexit(void (*function)(void *), void *argument, void *library)
{
    (void)function, (void)argument, (void)library;
    return 0;
}
