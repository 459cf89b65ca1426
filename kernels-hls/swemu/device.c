/* SPDX-License-Identifier: Apache-2.0 */
/* The call loop of the device process. XRT's shim forks it, listens on a UNIX socket, and then
 * sends one call at a time, each answered by one reply. */
#include "device.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "device_wire.h"

enum {
    CALL_CLOSE = 1,
    CALL_LOAD = 3,
    CALL_ALLOC = 4,
    CALL_FREE = 5,
    CALL_TO_DEVICE = 6,
    CALL_FROM_DEVICE = 7,
    CALL_WRITE_CONTROL = 9,
    CALL_READ_CONTROL = 11,
    CALL_SET_ENVIRONMENT = 20,
    CALL_SETUP_INSTANCE = 28,
    CALL_REGISTER_WRITE = 51,
    CALL_REGISTER_READ = 52,
    CALL_DRIVER_VERSION = 53
};

/* What the shims want differently. One that knows call 53 makes it before it loads an xclbin. */
typedef struct dialect {
    const char *version; // of the driver, as call 53 has it; NULL: no such call
    bool host_files;     // a file's name for each buffer that the shim has no memory of its own for
} dialect;

static const dialect dialects[] = {
    {NULL, false}, // XRT 2.13
    {"2.0", true}, // XRT 2.14 and later; 2.25 is the newest seen
};

static const dialect *spoken = &dialects[0];

enum { CONNECT_TRIES = 3000, CONNECT_PAUSE_MS = 10, MAX_BODY = 1 << 30 };

device_options device_opt = {.poll_us = 2000};

static int host = -1;

void device_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "swemu: ");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(stderr);
    for (;;)
        kill(getpid(), SIGKILL);
}

void device_trace(const char *fmt, ...)
{
    if (!device_opt.trace)
        return;
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "[swemu %d] ", (int)getpid());
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

/* False when the host has gone. */
static bool receive(void *out, size_t size)
{
    uint8_t *at = out;
    while (size) {
        ssize_t n = read(host, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static void transmit(const uint8_t *at, size_t size)
{
    while (size) {
        ssize_t n = send(host, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0); // the host has gone: nobody is left to tell
        at += n;
        size -= (size_t)n;
    }
}

/* ---- calls: fields of the request in, fields of the reply out ---- */

static char *copy_text(const wire_field *f)
{
    char *s = malloc(f->size + 1);
    if (!s)
        device_die("out of memory");
    if (f->size)
        memcpy(s, f->bytes, f->size);
    s[f->size] = 0;
    return s;
}

static void call_close(wire_reader in, wire_reply *out, bool *last)
{
    wire_field f;
    while (wire_next(&in, &f)) {
        if (f.number == 3)
            *last = f.value != 0;
    }
    if (!*last) // a new xclbin is coming: its buffers are others
        memory_free_all();
    wire_add_number(out, 1, 1);
}

static uint64_t bank_bytes(const wire_field *bank)
{
    wire_reader in = {bank->bytes, bank->bytes + bank->size};
    wire_field f;
    uint64_t bytes = 0;
    while (wire_next(&in, &f)) {
        if (f.number == 7)
            bytes += f.value;
    }
    return bytes;
}

static void call_load(wire_reader in, wire_reply *out)
{
    wire_field f;
    char *xml = NULL;
    char *object = NULL;
    uint64_t ddr = 0;
    while (wire_next(&in, &f)) {
        if (f.number == 1 && f.bytes && !xml)
            xml = copy_text(&f);
        else if (f.number == 2 && f.bytes && !object)
            object = copy_text(&f);
        else if (f.number == 8 && f.bytes)
            ddr += bank_bytes(&f);
    }
    if (ddr)
        memory_init(ddr);
    // empty names: a buffer is wanted before any xclbin
    bool loaded = !xml || !xml[0] || units_load(xml, object ? object : "");
    wire_add_number(out, 1, loaded);
    free(xml);
    free(object);
}

static void call_driver_version(wire_reader in, wire_reply *out)
{
    wire_field f;
    char *version = NULL;
    while (wire_next(&in, &f)) {
        if (f.number == 1 && f.bytes && !version)
            version = copy_text(&f);
    }
    const dialect *found = NULL;
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (version && dialects[i].version && strcmp(version, dialects[i].version) == 0)
            found = &dialects[i];
    }
    if (!found)
        device_die("XRT's emulation speaks version '%s', which this zurt does not; use XRT 2.25 or "
                   "a newer zurt",
                   version ? version : "");
    spoken = found;
    free(version);
    wire_add_number(out, 1, 1);
}

static void call_alloc(wire_reader in, wire_reply *out)
{
    wire_field f;
    uint64_t address = 0;
    uint64_t size = 0;
    bool wants_file = false;
    while (wire_next(&in, &f)) {
        if (f.number == 1)
            address = f.value;
        else if (f.number == 2)
            size = f.value;
        else if (f.number == 3)
            wants_file = f.value != 0;
    }
    if (!memory_alloc(address, size)) // a refusal would be taken for a buffer at address 0
        device_die("buffer of %llu bytes at 0x%llx refused", (unsigned long long)size,
                   (unsigned long long)address);
    wire_add_number(out, 1, 1);
    // without a file the host keeps a copy of its own
    const char *file = wants_file && spoken->host_files ? memory_host_file() : "";
    const size_t n = strlen(file);
    uint8_t *space = wire_add_space(out, 2, n);
    if (space)
        memcpy(space, file, n);
}

static void call_free(wire_reader in, wire_reply *out)
{
    wire_field f;
    while (wire_next(&in, &f)) {
        if (f.number == 1)
            memory_free(f.value);
    }
    wire_add_number(out, 1, 1);
}

static void call_to_device(wire_reader in, wire_reply *out)
{
    wire_field f;
    uint64_t to = 0;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    while (wire_next(&in, &f)) {
        if (f.number == 3) {
            to = f.value; // the seek field is part of it already
        } else if (f.number == 4 && f.bytes) {
            bytes = f.bytes;
            size = f.size;
        }
    }
    uint8_t *p = size ? memory_at(to, size) : NULL;
    if (size && !p)
        device_die("copy of %zu bytes to 0x%llx, which is in no buffer", size,
                   (unsigned long long)to);
    if (size)
        memcpy(p, bytes, size);
    wire_add_number(out, 1, size);
}

static void call_from_device(wire_reader in, wire_reply *out)
{
    wire_field f;
    uint64_t from = 0;
    uint64_t size = 0;
    while (wire_next(&in, &f)) {
        if (f.number == 4)
            from = f.value;
        else if (f.number == 5)
            size = f.value;
    }
    const uint8_t *p = size ? memory_at(from, size) : NULL;
    if (size && !p)
        device_die("copy of %llu bytes from 0x%llx, which is in no buffer",
                   (unsigned long long)size, (unsigned long long)from);
    wire_add_number(out, 1, size);
    uint8_t *space = wire_add_space(out, 2, (size_t)size);
    if (space && size)
        memcpy(space, p, (size_t)size);
}

/* Both kinds of register access: an address, or a base and an offset. */
static void call_write(wire_reader in, wire_reply *out, uint32_t call)
{
    uint32_t address_field = call == CALL_WRITE_CONTROL ? 2 : 1;
    uint32_t data_field = call == CALL_WRITE_CONTROL ? 4 : 3;
    wire_field f;
    uint64_t address = 0;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    while (wire_next(&in, &f)) {
        if (f.number == data_field && f.bytes) {
            bytes = f.bytes;
            size = f.size;
        } else if (f.number == address_field || (call == CALL_REGISTER_WRITE && f.number == 2)) {
            address += f.value;
        }
    }
    if (size)
        units_write(address, bytes, size);
    wire_add_number(out, 1, 1);
}

static void call_read(wire_reader in, wire_reply *out, uint32_t call)
{
    wire_field f;
    uint64_t address = 0;
    while (wire_next(&in, &f)) {
        if (f.number == 2 || (call == CALL_REGISTER_READ && f.number == 1))
            address += f.value;
    }
    uint32_t value = units_read(address);
    wire_add_number(out, 1, 1);
    uint8_t *space = wire_add_space(out, 2, sizeof(value));
    if (space)
        memcpy(space, &value, sizeof(value));
}

static void answer(uint32_t call, wire_reader in, wire_reply *out, bool *last)
{
    switch (call) {
    case CALL_CLOSE:
        call_close(in, out, last);
        break;
    case CALL_LOAD:
        call_load(in, out);
        break;
    case CALL_ALLOC:
        call_alloc(in, out);
        break;
    case CALL_FREE:
        call_free(in, out);
        break;
    case CALL_TO_DEVICE:
        call_to_device(in, out);
        break;
    case CALL_FROM_DEVICE:
        call_from_device(in, out);
        break;
    case CALL_WRITE_CONTROL:
    case CALL_REGISTER_WRITE:
        call_write(in, out, call);
        break;
    case CALL_READ_CONTROL:
    case CALL_REGISTER_READ:
        call_read(in, out, call);
        break;
    case CALL_DRIVER_VERSION:
        call_driver_version(in, out);
        break;
    case CALL_SET_ENVIRONMENT:
    case CALL_SETUP_INSTANCE:
        wire_add_number(out, 1, 1);
        break;
    default:
        device_die("call %u is not one that a PL kernel needs", call);
    }
}

/* ---- start ---- */

static bool try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof(address.sun_path))
        device_die("socket name too long: %s", path);
    memcpy(address.sun_path, path, n + 1);
    host = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (host >= 0 && connect(host, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    if (host >= 0)
        close(host);
    return false;
}

/* The host binds the socket after it has forked us: try until the name is there. From then on its
 * end is the stream's end. (PR_SET_PDEATHSIG would end us with the thread that forked us.) */
static void connect_host(void)
{
    const char *id = getenv("EMULATION_SOCKETID");
    const char *user = getenv("USER");
    char path[256];
    const struct timespec pause = {0, CONNECT_PAUSE_MS * 1000000L};
    const pid_t parent = getppid();
    for (int i = 0; i < CONNECT_TRIES && getppid() == parent; i++) {
        if (user)
            snprintf(path, sizeof(path), "/tmp/%s/%s", user, id ? id : "xcl_sock");
        else // the fixed names of the amd64 and of the arm64 shim
            snprintf(path, sizeof(path), "/tmp/%s", i % 2 ? "xcl_socket" : "xcl_sock");
        if (try_connect(path))
            return;
        nanosleep(&pause, NULL);
    }
    device_die("nobody listens on %s", path);
}

static uint32_t option(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
    device_opt.trace = getenv("SWEMU_TRACE") != NULL;
    device_opt.poll_us = option("SWEMU_POLL_US", device_opt.poll_us);
    device_opt.watchdog_ms = option("SWEMU_WATCHDOG_MS", 0);
    connect_host();
    uint8_t *body = NULL;
    size_t capacity = 0;
    wire_reply reply = {0};
    for (bool last = false; !last;) {
        uint8_t header[WIRE_CALL_HEADER];
        uint64_t size;
        uint32_t call;
        if (!receive(header, sizeof(header)))
            _exit(0); // the host has gone; a kernel may still run
        if (!wire_call_header(header, &size, &call) || size > MAX_BODY)
            device_die("a call header that is none");
        if (size > capacity) {
            free(body);
            capacity = (size_t)size + (size_t)size / 4;
            body = malloc(capacity);
            if (!body)
                device_die("out of memory");
        }
        if (!receive(body, (size_t)size))
            _exit(0);
        device_trace("call %u, %llu bytes", call, (unsigned long long)size);
        wire_begin(&reply);
        answer(call, (wire_reader){body, body + size}, &reply, &last);
        wire_end(&reply);
        if (reply.failed)
            device_die("out of memory");
        transmit(reply.bytes, reply.size);
    }
    _exit(0); // not by return: threads of the units wait for ever
}
