/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cure for Debian's amd64 libxrt_swemu.so.2, linked with the archive of the same library
 * (libxrt-dev) through the linker's --wrap. Nothing of the system is changed: the result is a
 * library of our own that XILINX_XRT points at.
 *
 * Faults of every XRT from 2.13 to 2.25, cured here:
 * 1. It does not notice that the device process ended, or answers by signalling the whole process
 *    group, or by exit(). So after a lost connection every call is answered here with an empty
 *    success: XRT returns, and the caller learns from swemu_devices_lost() that nothing was done.
 * 2. It waits for ever for a device process that is stopped. Here it waits SWEMU_ANSWER_MS.
 * 3. It installs signal handlers in the host program, sleeps 5 s when it closes, and waits there
 *    for any child at all. It gets to do none of these.
 * 4. Every launch leaves its command behind: shim_commands.c.
 *
 * Of 2.13 alone: memory and buffers, shim_2_13.c. Of the later ones: files, buffers and a thread,
 * shim_2_14.c.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim_wrap.h"

WRAPPED(ssize_t, read, int fd, void *out, size_t size);
WRAPPED(ssize_t, write, int fd, const void *bytes, size_t size);
WRAPPED(ssize_t, recv, int fd, void *out, size_t size, int flags);
WRAPPED(ssize_t, send, int fd, const void *bytes, size_t size, int flags);
WRAPPED(int, kill, pid_t pid, int signal_number);
WRAPPED(pid_t, waitpid, pid_t pid, int *status, int options);
WRAPPED(unsigned, sleep, unsigned seconds);
WRAPPED(pid_t, fork, void);
WRAPPED(int, select, int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);
WRAPPED(int, accept, int fd, struct sockaddr *address, socklen_t *size);
WRAPPED(int, sigaction, int number, const struct sigaction *action, struct sigaction *old);

/** Device processes that ended while their connection was open, since the program's start. */
__attribute__((visibility("default"))) unsigned swemu_devices_lost(void);

/* ---- connections ---- */

enum { CALL_CLOSE = 1, CALL_LOAD = 3, CALL_ALLOC = 4, CALL_TO_DEVICE = 6, CALL_FROM_DEVICE = 7 };
enum { CALL_READ = 11, CALL_REGISTER_READ = 52, CALL_DRIVER_VERSION = 53 };
enum { MAX_LINKS = 32, CALL_HEADER = 14, MAX_REPLY = 24, CONNECT_MS = 30000, END_MS = 5000 };

/* A connection to a device process. After accept() only the thread that makes a call touches it:
 * the shim makes one call at a time. */
typedef struct device_link {
    int fd; // 0: free
    pid_t child;
    bool gone;
    bool in_reply;      // a reply's header came from the device
    uint32_t call;      // number of the call under way
    size_t body_left;   // bytes of a call's body still to come from the shim
    size_t answer_at;   // of the answer made here
    size_t answer_size; // 0: none is being read
    unsigned char answer[MAX_REPLY];
} device_link;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of the links' numbers
static device_link links[MAX_LINKS];
static atomic_uint lost;
atomic_bool shim_is_loaded;
static _Thread_local pid_t forked;       // child whose connection is awaited
static _Thread_local bool ended_early;   // it ended before it connected
static _Thread_local device_link *spoke; // connection of the last call

unsigned swemu_devices_lost(void)
{
    return atomic_load(&lost);
}

static device_link *find_link(int fd)
{
    device_link *found = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_LINKS && fd > 0; i++) {
        if (links[i].fd == fd)
            found = &links[i];
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* How long the device process may take for an answer. None waits for a kernel: they take no time,
 * unless it is stopped. */
static int answer_ms(void)
{
    const char *text = getenv("SWEMU_ANSWER_MS");
    long ms = text ? strtol(text, NULL, 10) : 0;
    return ms > 0 && ms < 1000000 ? (int)ms : 10000;
}

static void add_link(int fd, pid_t child)
{
    const struct timeval limit = {answer_ms() / 1000, answer_ms() % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_LINKS; i++) {
        if (links[i].fd == 0) {
            links[i] = (device_link){.fd = fd, .child = child};
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

static void lose(device_link *l)
{
    if (!l->gone)
        atomic_fetch_add(&lost, 1);
    l->gone = true;
}

/* Waits for bytes; a process that sends none is ended, and the connection with it. */
static void await_answer(const device_link *l)
{
    struct pollfd p = {l->fd, POLLIN, 0};
    if (poll(&p, 1, answer_ms()) == 0)
        __real_kill(l->child, SIGKILL);
}

/* Replies that say nothing was done: header with the body's length, then the body. */
static void make_answer(device_link *l)
{
    static const unsigned char failed[] = {0x08, 0};
    static const unsigned char done[] = {0x08, 1};
    static const unsigned char done_no_file[] = {0x08, 1, 0x12, 0};
    static const unsigned char no_data[] = {0x08, 0, 0x12, 0};
    static const unsigned char idle[] = {0x08, 1, 0x12, 4, 6, 0, 0, 0};
    const unsigned char *body = done;
    size_t size = sizeof(done);
    if (l->call == CALL_LOAD || l->call == CALL_TO_DEVICE) {
        body = failed;
    } else if (l->call == CALL_ALLOC) {
        body = done_no_file;
        size = sizeof(done_no_file);
    } else if (l->call == CALL_FROM_DEVICE) {
        body = no_data;
        size = sizeof(no_data);
    } else if (l->call == CALL_READ || l->call == CALL_REGISTER_READ) {
        body = idle;
        size = sizeof(idle);
    }
    memset(l->answer, 0, sizeof(l->answer));
    l->answer[0] = 0x09;
    l->answer[1] = (unsigned char)size;
    memcpy(l->answer + 9, body, size);
    l->answer_at = 0;
    l->answer_size = 9 + size;
}

static ssize_t take_reply(device_link *l, void *out, size_t size)
{
    if (!l->gone) {
        await_answer(l);
        ssize_t n = __real_read(l->fd, out, size);
        if (n > 0)
            l->in_reply = true;
        if (n > 0 || (n < 0 && errno == EINTR))
            return n;
        lose(l);
        if (!l->in_reply)
            make_answer(l);
    }
    size_t n = l->answer_size - l->answer_at;
    n = size < n ? size : n;
    if (n == 0) { // the rest of a reply that the device began: zeros are no field
        memset(out, 0, size);
        return (ssize_t)size;
    }
    memcpy(out, l->answer + l->answer_at, n);
    l->answer_at += n;
    return (ssize_t)n;
}

ssize_t __wrap_read(int fd, void *out, size_t size)
{
    device_link *l = size ? find_link(fd) : NULL;
    return l ? take_reply(l, out, size) : __real_read(fd, out, size);
}

ssize_t __wrap_recv(int fd, void *out, size_t size, int flags)
{
    device_link *l = size ? find_link(fd) : NULL;
    return l ? take_reply(l, out, size) : __real_recv(fd, out, size, flags);
}

/* Follows the frames: each call is a header and a body. */
static void note_call(device_link *l, const unsigned char *p, size_t size)
{
    if (l->body_left) {
        l->body_left -= size < l->body_left ? size : l->body_left;
        return;
    }
    if (size != CALL_HEADER)
        return;
    l->body_left = 0;
    for (int i = 7; i >= 0; i--)
        l->body_left = l->body_left << 8 | p[1 + i];
    l->call = p[10] | (uint32_t)p[11] << 8 | (uint32_t)p[12] << 16 | (uint32_t)p[13] << 24;
    if (l->call == CALL_CLOSE || l->call == CALL_DRIVER_VERSION)
        atomic_store(&shim_is_loaded, l->call == CALL_DRIVER_VERSION);
    l->in_reply = false;
    l->answer_size = 0;
    l->answer_at = 0;
    if (l->gone)
        make_answer(l);
}

static ssize_t make_call(device_link *l, const void *bytes, size_t size)
{
    spoke = l;
    ssize_t n = l->gone ? (ssize_t)size : __real_send(l->fd, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
        return n;
    bool broke = n < 0;
    if (broke) {
        __real_kill(l->child, SIGKILL); // it may only be stopped
        n = (ssize_t)size;
    }
    note_call(l, bytes, (size_t)n);
    if (broke) {
        lose(l);
        make_answer(l);
    }
    return n;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    device_link *l = find_link(fd);
    return l ? make_call(l, bytes, size) : __real_write(fd, bytes, size);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    device_link *l = find_link(fd);
    return l ? make_call(l, bytes, size) : __real_send(fd, bytes, size, flags);
}

/* ---- the device process's start and end ---- */

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* True once the child has ended; it stays to be waited for. */
static bool has_ended(pid_t child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

pid_t __wrap_fork(void)
{
    pid_t child = __real_fork();
    if (child > 0) {
        forked = child;
        ended_early = false;
    }
    return child;
}

/* The shim awaits its child's connection. One that ended will not come, and the shim would end the
 * program for it. */
int __wrap_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
    if (forked == 0 || !in)
        return __real_select(n, in, out, except, timeout);
    const fd_set wanted = *in;
    for (int waited_ms = 0; waited_ms < CONNECT_MS; waited_ms += 20) {
        struct timeval slice = {0, 20000};
        *in = wanted;
        int ready = __real_select(n, in, NULL, NULL, &slice);
        if (ready > 0)
            return ready;
        if (has_ended(forked))
            break;
    }
    __real_kill(forked, SIGKILL);
    ended_early = true;
    *in = wanted;
    return 1;
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *size)
{
    int peer;
    int pair[2] = {-1, -1};
    if (!ended_early) {
        peer = __real_accept(fd, address, size);
    } else { // a connection whose other end is closed
        peer = socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1;
        if (pair[1] >= 0)
            close(pair[1]);
    }
    if (peer > 0)
        add_link(peer, forked);
    forked = 0;
    ended_early = false;
    return peer;
}

/* Asked for any child of the process group when a device is closed: it means the one just told. */
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    device_link *l = spoke;
    if (pid != 0 || !l)
        return __real_waitpid(pid, status, options);
    pid_t child = l->child;
    for (int waited_ms = 0; waited_ms < END_MS && !has_ended(child); waited_ms++)
        pause_ms(1);
    if (!has_ended(child))
        __real_kill(child, SIGKILL);
    pid_t ended;
    do
        ended = __real_waitpid(child, status, 0);
    while (ended < 0 && errno == EINTR);
    pthread_mutex_lock(&lock);
    l->fd = 0;
    pthread_mutex_unlock(&lock);
    spoke = NULL;
    return child;
}

int __wrap_kill(pid_t pid, int signal_number)
{
    return pid == 0 ? 0 : __real_kill(pid, signal_number); // 0: the program's whole group
}

int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    (void)action;
    return __real_sigaction(number, NULL, old);
}

unsigned __wrap_sleep(unsigned seconds)
{
    (void)seconds;
    return 0;
}
