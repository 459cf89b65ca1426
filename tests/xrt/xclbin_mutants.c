/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged xclbins through the whole load path, the real XRT included: each is opened by a child
 * process, which may refuse it or not, but must not end by a signal.
 * usage: xclbin_mutants COUNT SEED FILE.xclbin      started by scripts/swemu-env
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/pl/xclbin.h"
#include "codegen/engine_caps.h"

#include "backend/pl/pl_port.h"

enum {
    AT_LENGTH = 304,
    AT_SECTIONS = 448,
    HEADERS_AT = 456,
    SECTION_BYTES = 40,
    AT_OFFSET = 24,
    AT_SIZE = 32,
    CHILD_SECONDS = 60,
    CHILD_FAILED = 2
};

typedef struct mutant {
    uint8_t *bytes;
    size_t size;
    uint64_t state;
} mutant;

static uint32_t draw(mutant *m, uint32_t below)
{
    m->state = m->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((m->state >> 33) % below);
}

/* Numbers that bounds checks get wrong. */
static uint64_t number(mutant *m, uint64_t old)
{
    const uint64_t table[] = {0,
                              1,
                              old - 1,
                              old + 1,
                              old / 2,
                              old * 2,
                              m->size,
                              m->size - 1,
                              UINT32_MAX,
                              (uint64_t)1 << 31,
                              (uint64_t)1 << 40,
                              UINT64_MAX,
                              draw(m, 1u << 16)};
    return table[draw(m, sizeof(table) / sizeof(table[0]))];
}

static uint8_t *section(mutant *m, uint32_t i)
{
    return m->bytes + HEADERS_AT + (size_t)i * SECTION_BYTES;
}

/* A place in the body of a section other than the kernel's own code. */
static bool body(mutant *m, uint8_t **out, size_t *size)
{
    const uint32_t n = zi_get_u32(m->bytes + AT_SECTIONS);
    for (int tries = 0; n > 0 && n < 64 && tries < 16; tries++) {
        const uint8_t *s = section(m, draw(m, n));
        const uint64_t at = zi_get_u64(s + AT_OFFSET), bytes = zi_get_u64(s + AT_SIZE);
        if (zi_get_u32(s) == ZI_XCLBIN_BITSTREAM || bytes < 8 || at > m->size ||
            bytes > m->size - at)
            continue;
        *out = m->bytes + at;
        *size = (size_t)bytes;
        return true;
    }
    return false;
}

static void change_header(mutant *m)
{
    const uint32_t at = draw(m, HEADERS_AT - 8);
    m->bytes[at] = (uint8_t)draw(m, 256);
}

static void change_section(mutant *m)
{
    uint8_t *s = section(m, draw(m, zi_get_u32(m->bytes + AT_SECTIONS) % 16 + 1));
    if (draw(m, 4) == 0)
        zi_put_u32(s, draw(m, 32));
    else if (draw(m, 2))
        zi_put_u64(s + AT_OFFSET, number(m, zi_get_u64(s + AT_OFFSET)));
    else
        zi_put_u64(s + AT_SIZE, number(m, zi_get_u64(s + AT_SIZE)));
}

static void change_body(mutant *m)
{
    uint8_t *at;
    size_t size;
    if (!body(m, &at, &size))
        return;
    if (draw(m, 3) == 0)
        at[draw(m, (uint32_t)size)] = (uint8_t)draw(m, 256);
    else if (draw(m, 2))
        zi_put_u32(at, (uint32_t)number(m, zi_get_u32(at)));
    else {
        const size_t where = draw(m, (uint32_t)(size - 4)) & ~3u;
        zi_put_u32(at + where, (uint32_t)number(m, zi_get_u32(at + where)));
    }
}

/* Text of the XML, which XRT reads as numbers and names. */
static void change_text(mutant *m)
{
    static const char *const words[] = {"-1", "0x", "\"\"", "99999999999999999999",
                                        "<",  "/>", "%s"};
    uint8_t *at;
    size_t size;
    const char *word = words[draw(m, sizeof(words) / sizeof(words[0]))];
    if (body(m, &at, &size) && size > 32)
        memcpy(at + draw(m, (uint32_t)(size - 24)), word, strlen(word));
}

static void cut(mutant *m)
{
    m->size = draw(m, 8) ? m->size - draw(m, (uint32_t)(m->size / 2)) : draw(m, HEADERS_AT + 400);
    if (m->size >= AT_LENGTH + 8 && draw(m, 4))
        zi_put_u64(m->bytes + AT_LENGTH, m->size);
}

static void change(mutant *m)
{
    static void (*const ways[])(mutant *) = {change_header, change_section, change_section,
                                             change_body,   change_body,    change_body,
                                             change_text,   change_text};
    const uint32_t n = 1 + draw(m, 3);
    for (uint32_t i = 0; i < n; i++)
        ways[draw(m, sizeof(ways) / sizeof(ways[0]))](m);
    if (draw(m, 12) == 0)
        zi_put_u64(m->bytes + AT_LENGTH, number(m, zi_get_u64(m->bytes + AT_LENGTH)));
    if (draw(m, 12) == 0)
        cut(m);
}

static bool put_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    bool written = f && fwrite(bytes, 1, size, f) == size;
    return f && fclose(f) == 0 && written;
}

/* As a session does: open, which loads the xclbin and launches the engine, and close. */
static int open_once(const char *path)
{
    zurt_ctx *ctx;
    zi_pl_device *device;
    const zi_pl_config config = {.xclbin = path,
                                 .engine_version = zi_caps_builtin("kv260")->engine_version,
                                 .timeout_ms = 2000};
    if (zurt_ctx_create(NULL, &ctx))
        return CHILD_FAILED;
    const zurt_status st = zi_pl_open_xrt(ctx, &config, &device);
    const bool silent = st && !zurt_ctx_error(ctx)[0];
    zi_pl_close(device);
    zurt_ctx_destroy(ctx);
    return silent ? CHILD_FAILED : st != ZURT_OK;
}

/* Exit status of the child, or minus its signal. */
static int in_a_child(const char *path)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_SECONDS);
        if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
            _exit(CHILD_FAILED);
        exit(open_once(path)); // with XRT's own way to end
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        return NULL;
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*size);
    if (bytes && fread(bytes, 1, *size, f) != *size)
        bytes = NULL;
    fclose(f);
    return bytes;
}

int main(int argc, char **argv)
{
    const char *folder = getenv("SDACCEL_EM_RUN_DIR");
    char path[512];
    size_t size = 0;
    uint8_t *good = argc == 4 ? read_file(argv[3], &size) : NULL;
    uint8_t *copy = malloc(size ? size : 1);
    if (!good || !copy || !folder) {
        fprintf(stderr, "usage: swemu-env xclbin_mutants COUNT SEED FILE.xclbin\n");
        return 2;
    }
    snprintf(path, sizeof(path), "%s/mutant.xclbin", folder);
    const unsigned count = (unsigned)strtoul(argv[1], NULL, 10);
    const uint64_t seed = strtoull(argv[2], NULL, 10);
    unsigned n[3] = {0}, n_signals = 0;
    if (!put_file(path, good, size) || in_a_child(path) != 0) {
        fprintf(stderr, "%s itself is refused\n", argv[3]);
        return 1;
    }
    for (unsigned i = 0; i < count; i++) {
        mutant m = {copy, size, seed + i};
        memcpy(copy, good, size);
        change(&m);
        const int end = put_file(path, m.bytes, m.size) ? in_a_child(path) : CHILD_FAILED;
        if (end < 0 || end >= CHILD_FAILED)
            fprintf(stderr, "seed %llu: the child ended %s %d\n", (unsigned long long)(seed + i),
                    end < 0 ? "by signal" : "with status", end < 0 ? -end : end);
        n_signals += end < 0;
        n[end >= 0 && end < CHILD_FAILED ? end : CHILD_FAILED] += end >= 0;
    }
    printf("%u mutants: %u taken, %u refused, %u ended otherwise, %u by a signal\n", count, n[0],
           n[1], n[CHILD_FAILED], n_signals);
    free(good);
    free(copy);
    return n_signals || n[CHILD_FAILED];
}
