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
 * 5. The record of a buffer outlives the buffer. It goes with its entry in the shim's map.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim_wrap.h"

/* Of class SwEmuShim. Operator delete, with a size and without. */
#define FREE_BUFFER  _ZN12xclswemuhal29SwEmuShim9xclFreeBOEj
#define DELETE_SIZED _ZdlPvm
#define DELETE       _ZdlPv
/* std::string's assignment. */
#define ASSIGN _ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_assignERKS4_

/* The begin of a std::string. */
typedef struct text {
    const char *bytes;
    size_t size;
} text;

void FREE_BUFFER(void *self, unsigned handle);
EXPANDED(void, DELETE_SIZED, void *p, size_t size);
void DELETE(void *p);
EXPANDED(void, ASSIGN, text *self, const text *from);
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
    char path[64]; // "": the entry is free
    int fd;        // 0: not opened yet
    unsigned char *bytes;
    size_t size;
} host_file;

enum { MAX_FILES = 8 };

static const char alias[] = "/proc/swemu/"; // and an index below MAX_FILES

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of the files
static host_file files[MAX_FILES];

/* With the lock held. An entry that was never opened may have to go. */
static int name_file(const char *path)
{
    int found = -1;
    for (int i = 0; i < MAX_FILES; i++) {
        if (strcmp(files[i].path, path) == 0)
            return i;
        if (!files[i].fd && (found < 0 || files[found].path[0]))
            found = i;
    }
    if (found >= 0) {
        files[found] = (host_file){0};
        memcpy(files[found].path, path, strlen(path) + 1);
    }
    return found;
}

/* The file's name is kept in each buffer's record, whose strings are not freed with it: so it gets
 * one that is short enough to lie in the record itself. */
void NAMED(__wrap_, ASSIGN)(text *self, const text *from)
{
    char name[sizeof(alias) + 1];
    text other = {name, 0};
    if (from->size < sizeof(files[0].path) && strncmp(from->bytes, "/proc/", 6) == 0 &&
        strstr(from->bytes, "/fd/")) {
        pthread_mutex_lock(&lock);
        const int i = name_file(from->bytes);
        pthread_mutex_unlock(&lock);
        if (i >= 0)
            other.size = (size_t)snprintf(name, sizeof(name), "%s%d", alias, i);
    }
    NAMED(__real_, ASSIGN)(self, other.size ? &other : from);
}

/* With the lock held. */
static int open_file(host_file *f, int flags)
{
    struct stat about;
    if (f->fd)
        return f->fd;
    const int fd = __real_open(f->path, flags & ~O_CREAT);
    if (fd <= 0 || fstat(fd, &about) != 0)
        return fd;
    void *bytes = __real_mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (bytes == MAP_FAILED)
        return fd;
    f->fd = fd;
    f->bytes = bytes;
    f->size = (size_t)about.st_size;
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
    if (strncmp(path, alias, sizeof(alias) - 1) != 0)
        return __real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    const int fd = open_file(&files[(unsigned)(path[sizeof(alias) - 1] - '0') % MAX_FILES], flags);
    pthread_mutex_unlock(&lock);
    return fd;
}

/* With the lock held. */
static host_file *find_file(int fd)
{
    for (int i = 0; i < MAX_FILES && fd > 0; i++) {
        if (files[i].fd == fd)
            return &files[i];
    }
    return NULL;
}

/* The mapping stays: XRT may have an eye on a command for longer than on the device. */
int __wrap_close(int fd)
{
    pthread_mutex_lock(&lock);
    host_file *f = find_file(fd);
    if (f)
        *f = (host_file){0};
    pthread_mutex_unlock(&lock);
    return __real_close(fd);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    unsigned char *p = NULL;
    pthread_mutex_lock(&lock);
    host_file *f = find_file(fd);
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
