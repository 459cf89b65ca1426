/* SPDX-License-Identifier: Apache-2.0 */
/* Operands between pages that cannot be touched. */
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

enum { GUARD = 256, FILL = 0xA5, REGIONS = 16 };
#define REGION ((size_t)16 << 20)

/* REGION bytes between two traps. Of them only `zone` is looked at: the operand with the guards
 * around it. */
typedef struct region {
    uint8_t *begin;
    uint8_t *zone;
    uint8_t *data;
    size_t zone_bytes;
    size_t bytes;
    kern_role role;
    uint8_t *copy; /* of `data`, malloc'd */
    size_t room;   /* of copy */
} region;

static region regions[REGIONS];
static size_t used;

static void map_region(region *g)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *p = mmap(NULL, REGION + 2 * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) ||
        mprotect(p + page + REGION, page, PROT_NONE)) {
        perror("kern: mmap");
        exit(1);
    }
    g->begin = p + page;
}

void *kern_place(kern_rng *r, kern_role role, size_t bytes, size_t align)
{
    if (used == REGIONS || bytes > REGION - GUARD - align) {
        fprintf(stderr, "kern: operand %zu, of %zu bytes, does not fit\n", used, bytes);
        exit(1);
    }
    region *g = &regions[used++];
    if (!g->begin)
        map_region(g);
    uint8_t *const end = g->begin + REGION;
    const bool in_front = kern_chance(r, 30);
    g->data = in_front ? g->begin : end - bytes;
    g->data -= (uintptr_t)g->data % align;
    g->zone = in_front ? g->begin : g->data - GUARD;
    g->zone_bytes = in_front ? bytes + GUARD : (size_t)(end - g->zone);
    g->bytes = bytes;
    g->role = role;
    memset(g->zone, FILL, g->zone_bytes);
    kern_fill(r, g->data, bytes);
    return g->data;
}

float *kern_place_f32(kern_rng *r, kern_role role, size_t n)
{
    float *p = kern_place(r, role, n * sizeof(*p), sizeof(*p));
    kern_fill_f32(r, p, n, -1.0f, 1.0f);
    return p;
}

void kern_memory_reset(void)
{
    used = 0;
}

size_t kern_mark(void)
{
    return used;
}

void kern_release(size_t mark)
{
    used = mark;
}

void kern_snapshot(void)
{
    for (size_t i = 0; i < used; i++) {
        region *g = &regions[i];
        if (g->role == KERN_SCRATCH || !g->bytes)
            continue;
        if (g->room < g->bytes) {
            free(g->copy);
            g->copy = malloc(g->bytes);
            g->room = g->bytes;
        }
        if (!g->copy)
            abort();
        memcpy(g->copy, g->data, g->bytes);
    }
}

static region *out_region(void)
{
    for (size_t i = 0; i < used; i++) {
        if (regions[i].role == KERN_OUT)
            return &regions[i];
    }
    fprintf(stderr, "kern: %s: no output was placed\n", kern_description());
    exit(1);
}

void kern_restore_out(void)
{
    region *g = out_region();
    if (g->bytes)
        memcpy(g->data, g->copy, g->bytes);
}

void *kern_out(size_t *bytes)
{
    region *g = out_region();
    *bytes = g->bytes;
    return g->data;
}

static bool is_fill(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        if (*p++ != FILL)
            return false;
    }
    return true;
}

bool kern_inputs_intact(const char *who)
{
    for (size_t i = 0; i < used; i++) {
        const region *g = &regions[i];
        if (!is_fill(g->zone, g->data) || !is_fill(g->data + g->bytes, g->zone + g->zone_bytes)) {
            printf("%s: wrote outside operand %zu of %zu bytes: %s\n", who, i, g->bytes,
                   kern_description());
            return false;
        }
        if (g->role == KERN_IN && g->bytes && memcmp(g->copy, g->data, g->bytes)) {
            printf("%s: changed operand %zu of %zu bytes, which is an input: %s\n", who, i,
                   g->bytes, kern_description());
            return false;
        }
    }
    return true;
}
