/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device process alone, with the test in the place of XRT's shim: what the dialects differ in.
 * usage: test_dialects DEVICE_PROCESS
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALLOC = 4, FREE = 5, TO_DEVICE = 6, FROM_DEVICE = 7, DRIVER_VERSION = 53 };
enum { CALL_HEADER = 14, REPLY_HEADER = 9, BYTES = 4096, ADDRESS = 3 * BYTES, MAX_BODY = 8192 };

static const char *program;
static char folder[] = "/tmp/zurt-device-XXXXXX";

/* A message being written, and the reply's body. */
typedef struct message {
    uint8_t bytes[MAX_BODY];
    size_t size;
} message;

typedef struct device {
    pid_t process;
    int link;
} device;

static void put_varint(message *m, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        m->bytes[m->size++] = (uint8_t)(v | 0x80);
    m->bytes[m->size++] = (uint8_t)v;
}

static void put_number(message *m, unsigned field, uint64_t v)
{
    put_varint(m, field << 3);
    put_varint(m, v);
}

static void put_bytes(message *m, unsigned field, const void *bytes, size_t size)
{
    put_varint(m, field << 3 | 2);
    put_varint(m, size);
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
}

/* The bytes of a field; small replies only. */
static const uint8_t *get_bytes(const message *m, unsigned field, size_t *size)
{
    for (size_t i = 0; i < m->size;) {
        const uint8_t key = m->bytes[i++];
        uint64_t v = 0;
        for (int shift = 0;; shift += 7) {
            assert_true(i < m->size);
            v |= (uint64_t)(m->bytes[i] & 0x7f) << shift;
            if (!(m->bytes[i++] & 0x80))
                break;
        }
        if ((key & 7) != 2)
            continue;
        assert_true(v <= m->size - i);
        *size = (size_t)v;
        if (key >> 3 == field)
            return m->bytes + i;
        i += (size_t)v;
    }
    return NULL;
}

static bool take(int link, void *out, size_t size)
{
    return recv(link, out, size, MSG_WAITALL) == (ssize_t)size;
}

/* False if no reply comes. */
static bool call(const device *d, uint32_t number, const message *m, message *reply)
{
    uint8_t header[CALL_HEADER] = {9};
    memcpy(header + 1, &(uint64_t){m->size}, 8);
    header[9] = 2 << 3 | 5;
    memcpy(header + 10, &number, 4);
    assert_int_equal(write(d->link, header, sizeof(header)), sizeof(header));
    assert_int_equal(write(d->link, m->bytes, m->size), m->size);
    uint64_t size;
    if (!take(d->link, header, REPLY_HEADER))
        return false;
    memcpy(&size, header + 1, 8);
    assert_true(size <= sizeof(reply->bytes));
    reply->size = (size_t)size;
    return take(d->link, reply->bytes, reply->size);
}

static device start(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/device0", folder);
    unlink(at.sun_path);
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 1), 0);
    device d = {.process = fork()};
    assert_true(d.process >= 0);
    if (d.process == 0) {
        close(listener);
        execl(program, program, NULL);
        _exit(1);
    }
    d.link = accept(listener, NULL, NULL);
    assert_true(d.link >= 0);
    close(listener);
    return d;
}

static int end_of(device d)
{
    int status;
    close(d.link);
    assert_int_equal(waitpid(d.process, &status, 0), d.process);
    return status;
}

static bool say_version(const device *d, const char *version)
{
    message m = {.size = 0}, reply;
    put_bytes(&m, 1, version, strlen(version));
    return call(d, DRIVER_VERSION, &m, &reply);
}

/* The file's name in the answer. */
static void allocate(const device *d, bool wants_file, char *name, size_t size)
{
    message m = {.size = 0}, reply;
    put_number(&m, 1, ADDRESS);
    put_number(&m, 2, BYTES);
    put_number(&m, 3, wants_file);
    assert_true(call(d, ALLOC, &m, &reply));
    size_t n;
    const uint8_t *bytes = get_bytes(&reply, 2, &n);
    assert_non_null(bytes);
    assert_true(n < size);
    memcpy(name, bytes, n);
    name[n] = 0;
}

static uint8_t first_byte_of_device(const device *d)
{
    static const uint8_t stale[BYTES];
    message m = {.size = 0}, reply;
    put_bytes(&m, 3, stale, sizeof(stale));
    put_number(&m, 4, ADDRESS);
    put_number(&m, 5, BYTES);
    assert_true(call(d, FROM_DEVICE, &m, &reply));
    size_t n;
    const uint8_t *bytes = get_bytes(&reply, 2, &n);
    assert_non_null(bytes);
    assert_int_equal(n, BYTES);
    return bytes[0];
}

static void xrt_2_13_gets_no_file(void **state)
{
    (void)state;
    char name[64];
    device d = start();
    allocate(&d, true, name, sizeof(name));
    assert_string_equal(name, "");
    assert_int_equal(end_of(d), 0);
}

static void the_file_of_later_ones_is_not_the_device_s_memory(void **state)
{
    (void)state;
    char name[64];
    message m = {.size = 0}, reply;
    device d = start();
    assert_true(say_version(&d, "2.0"));
    allocate(&d, true, name, sizeof(name));
    const int file = open(name, O_RDWR);
    assert_true(file >= 0);
    uint8_t *host = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, ADDRESS);
    assert_ptr_not_equal(host, MAP_FAILED);
    memset(host, 7, BYTES);
    assert_int_equal(first_byte_of_device(&d), 0); // before it is sent
    put_number(&m, 3, ADDRESS);
    put_bytes(&m, 4, host, BYTES);
    assert_true(call(&d, TO_DEVICE, &m, &reply));
    memset(host, 9, BYTES);
    assert_int_equal(first_byte_of_device(&d), 7);
    // what is freed takes its pages along
    m.size = 0;
    put_number(&m, 1, ADDRESS);
    assert_true(call(&d, FREE, &m, &reply));
    assert_int_equal(host[0], 0);
    allocate(&d, false, name, sizeof(name)); // the shim has memory of its own for this one
    assert_string_equal(name, "");
    munmap(host, BYTES);
    close(file);
    assert_int_equal(end_of(d), 0);
}

static void an_unknown_version_is_refused(void **state)
{
    (void)state;
    device d = start();
    assert_false(say_version(&d, "3.0"));
    const int status = end_of(d);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xrt_2_13_gets_no_file),
        cmocka_unit_test(the_file_of_later_ones_is_not_the_device_s_memory),
        cmocka_unit_test(an_unknown_version_is_refused),
    };
    if (argc != 2 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: test_dialects DEVICE_PROCESS\n");
        return 2;
    }
    program = argv[1];
    setenv("USER", folder + strlen("/tmp/"), 1);
    setenv("EMULATION_SOCKETID", "device0", 1);
    signal(SIGPIPE, SIG_IGN);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char path[64];
    snprintf(path, sizeof(path), "%s/device0", folder);
    unlink(path);
    rmdir(folder);
    return failed;
}
