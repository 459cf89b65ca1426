/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cure for Debian 12's amd64 libxrt_swemu.so.2, linked with the archive of the same library
 * (libxrt-dev) through the linker's --wrap. Nothing of the system is changed: the result is a
 * library of our own that XILINX_XRT points at.
 *
 * 1. Its message buffer drops the result of realloc() and then writes to freed memory. So malloc
 *    gives it regions large enough never to move.
 * 2. It does not notice that the device process ended, or answers by signalling the whole process
 *    group. So after a lost connection, or its kill(0), every call is answered here with an empty
 *    success: XRT returns, and the caller learns from swemu_device_gone() that nothing was done.
 * 3. It sleeps 5 s when it closes and waits for ever for a child that is gone.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_REGIONS = 64, REPLY_HEADER = 9 };
#define REGION_BYTES ((size_t)256 << 20) /* address space, not memory: pages come on first use */

void *__real_malloc(size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
ssize_t __real_read(int fd, void *out, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_kill(pid_t pid, int signal_number);
pid_t __real_waitpid(pid_t pid, int *status, int options);

void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);
ssize_t __wrap_read(int fd, void *out, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_kill(pid_t pid, int signal_number);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
unsigned __wrap_sleep(unsigned seconds);
int swemu_device_gone(void);

static void *regions[MAX_REGIONS];
static int n_regions;

static int is_region(const void *ptr)
{
    for (int i = 0; i < n_regions; i++) {
        if (regions[i] == ptr)
            return 1;
    }
    return 0;
}

void *__wrap_malloc(size_t size)
{
    if (size > REGION_BYTES || n_regions == MAX_REGIONS)
        return __real_malloc(size);
    void *p = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return __real_malloc(size);
    regions[n_regions++] = p;
    return p;
}

void *__wrap_realloc(void *ptr, size_t size)
{
    if (!is_region(ptr))
        return __real_realloc(ptr, size);
    return size <= REGION_BYTES ? ptr : NULL;
}

void __wrap_free(void *ptr)
{
    if (!is_region(ptr))
        __real_free(ptr);
}

/* ---- the device process is gone ---- */

static volatile sig_atomic_t gone;
static uint32_t last_call;          // number of the call under way
static const unsigned char *answer; // reply still to be read
static size_t answer_size;

/* Replies that say nothing was done: header with the body's length, then the body. */
#define REPLY(n, ...)                                                                              \
    {                                                                                              \
        0x09, n, 0, 0, 0, 0, 0, 0, 0, __VA_ARGS__                                                  \
    }
static const unsigned char reply_true[] = REPLY(2, 0x08, 1);
static const unsigned char reply_false[] = REPLY(2, 0x08, 0);
static const unsigned char reply_true_empty[] = REPLY(4, 0x08, 1, 0x12, 0);
static const unsigned char reply_false_empty[] = REPLY(4, 0x08, 0, 0x12, 0);
static const unsigned char reply_idle[] = REPLY(8, 0x08, 1, 0x12, 4, 6, 0, 0, 0);

enum {
    CALL_HEADER = 14,
    CALL_LOAD = 3,
    CALL_ALLOC = 4,
    CALL_TO_DEVICE = 6,
    CALL_FROM_DEVICE = 7,
    CALL_READ_CONTROL = 11,
    CALL_REGISTER_READ = 52
};

__attribute__((visibility("default"))) int swemu_device_gone(void)
{
    return gone;
}

static void lose(const char *how)
{
    if (!gone) {
        static const char text[] = "swemu: the device process is gone: ";
        ssize_t n = __real_write(2, text, sizeof(text) - 1); // may run in a signal handler
        n = __real_write(2, how, strlen(how));
        n = __real_write(2, "\n", 1);
        (void)n;
    }
    gone = 1;
}

static void answer_call(uint32_t call)
{
    switch (call) {
    case CALL_LOAD:
    case CALL_TO_DEVICE:
        answer = reply_false;
        answer_size = sizeof(reply_false);
        break;
    case CALL_ALLOC:
        answer = reply_true_empty;
        answer_size = sizeof(reply_true_empty);
        break;
    case CALL_FROM_DEVICE:
        answer = reply_false_empty;
        answer_size = sizeof(reply_false_empty);
        break;
    case CALL_READ_CONTROL:
    case CALL_REGISTER_READ:
        answer = reply_idle;
        answer_size = sizeof(reply_idle);
        break;
    default:
        answer = reply_true;
        answer_size = sizeof(reply_true);
        break;
    }
}

static int is_socket(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

ssize_t __wrap_read(int fd, void *out, size_t size)
{
    static int half_read; // the header of a reply came from the device, its body did not
    if (!is_socket(fd))
        return __real_read(fd, out, size);
    if (!gone) {
        ssize_t n = __real_read(fd, out, size);
        if (n > 0 || size == 0 || (n < 0 && (errno == EINTR || errno == EAGAIN))) {
            if (n > 0)
                half_read = n == REPLY_HEADER;
            return n;
        }
        lose("its stream ended");
        answer_call(last_call);
    }
    if (half_read || answer_size == 0) {
        half_read = 0;
        answer_size = 0;
        memset(out, 0, size);
        return (ssize_t)size;
    }
    size_t n = size < answer_size ? size : answer_size;
    memcpy(out, answer, n);
    answer += n;
    answer_size -= n;
    return (ssize_t)n;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (!is_socket(fd))
        return __real_write(fd, bytes, size);
    const unsigned char *p = bytes;
    bool header = size == CALL_HEADER && p[0] == 0x09 && p[9] == 0x15;
    if (header)
        last_call = p[10] | (uint32_t)p[11] << 8 | (uint32_t)p[12] << 16 | (uint32_t)p[13] << 24;
    if (!gone) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n >= 0 || errno == EINTR || errno == EAGAIN)
            return n;
        lose("it takes no more calls");
    }
    answer_call(last_call);
    return (ssize_t)size;
}

int __wrap_kill(pid_t pid, int signal_number)
{
    if (pid == 0) { // from the shim's SIGCHLD handler; it means the whole process group
        lose("it was killed by a signal");
        return 0;
    }
    return __real_kill(pid, signal_number);
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    pid_t child;
    do
        child = __real_waitpid(pid, status, options);
    while (child < 0 && errno == EINTR);
    return child < 0 ? 0 : child;
}

unsigned __wrap_sleep(unsigned seconds)
{
    (void)seconds;
    return 0;
}
