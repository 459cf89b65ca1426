/* SPDX-License-Identifier: Apache-2.0 */
/* The compute units of an xclbin: their arguments, and the functions behind them. */
#include "device.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_KERNELS = 8,
    MAX_UNITS = 16,
    MAX_ARGS = 16,
    MAX_NAME = 64,
    REGISTER_BYTES = 4096,
    AP_START = 1,
    AP_DONE_IDLE = 6,
    MAX_FILE = 64 << 20,
    PIPE_CHUNK = 64 << 10
};

typedef struct argument {
    uint32_t id;
    bool pointer;
    uint32_t offset;
    uint32_t size;
} argument;

/* Right for integers up to 64 bits and pointers on x86-64 and AArch64, which is all that a kernel
 * of zurt takes. */
typedef void kernel_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                       uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                       uint64_t, uint64_t);

typedef struct kernel {
    char name[MAX_NAME];
    uint32_t n_args;
    argument args[MAX_ARGS];
    kernel_fn *function;
} kernel;

typedef struct unit {
    uint64_t base;
    const kernel *k;
    uint8_t registers[REGISTER_BYTES];
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t started;
    pthread_cond_t finished;
    bool go;
    bool busy;
    uint64_t start_ms;
} unit;

static kernel kernels[MAX_KERNELS];
static size_t n_kernels;
static unit units[MAX_UNITS];
static size_t n_units;

/* ---- the XML: only tags and attributes that XRT itself reads ---- */

/* Value of ` name="..."` between tag and end; false if absent or too long. */
static bool attribute(const char *tag, const char *end, const char *name, char *out, size_t size)
{
    char pattern[40];
    int n = snprintf(pattern, sizeof(pattern), " %s=\"", name);
    for (const char *p = tag; p + n < end; p++) {
        if (strncmp(p, pattern, (size_t)n) != 0)
            continue;
        const char *value = p + n;
        const char *quote = memchr(value, '"', (size_t)(end - value));
        if (!quote || (size_t)(quote - value) >= size)
            return false;
        memcpy(out, value, (size_t)(quote - value));
        out[quote - value] = 0;
        return true;
    }
    return false;
}

static uint64_t number(const char *tag, const char *end, const char *name)
{
    char text[32];
    return attribute(tag, end, name, text, sizeof(text)) ? strtoull(text, NULL, 0) : 0;
}

static void add_argument(kernel *k, const char *tag, const char *end)
{
    char id[8];
    if (!attribute(tag, end, "id", id, sizeof(id)) || !id[0] || k->n_args == MAX_ARGS)
        return;
    argument *a = &k->args[k->n_args];
    *a = (argument){.id = (uint32_t)strtoul(id, NULL, 10),
                    .pointer = number(tag, end, "addressQualifier") == 1,
                    .offset = (uint32_t)number(tag, end, "offset"),
                    .size = (uint32_t)number(tag, end, "size")};
    if (a->id >= MAX_ARGS || a->size == 0 || a->size > 8 || a->offset > REGISTER_BYTES - a->size)
        device_die("kernel %s: argument %u does not fit", k->name, a->id);
    k->n_args++;
}

static void parse_xml(const char *xml)
{
    kernel *k = NULL;
    n_kernels = 0;
    n_units = 0;
    for (const char *p = xml; (p = strchr(p, '<')); p++) {
        const char *end = strchr(p, '>');
        if (!end)
            break;
        if (strncmp(p, "<kernel ", 8) == 0 && n_kernels < MAX_KERNELS) {
            k = &kernels[n_kernels++];
            *k = (kernel){0};
            attribute(p, end, "name", k->name, sizeof(k->name));
        } else if (strncmp(p, "</kernel>", 9) == 0) {
            k = NULL;
        } else if (k && strncmp(p, "<arg ", 5) == 0) {
            add_argument(k, p, end);
        } else if (k && strncmp(p, "<addrRemap ", 11) == 0 && n_units < MAX_UNITS) {
            unit *u = &units[n_units++];
            u->base = number(p, end, "base");
            u->k = k;
        }
    }
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    size_t got;
    do {
        char *grown = size < MAX_FILE ? realloc(text, size + PIPE_CHUNK + 1) : NULL;
        if (!grown) {
            free(text);
            fclose(f);
            return NULL;
        }
        text = grown;
        got = fread(text + size, 1, PIPE_CHUNK, f);
        size += got;
    } while (got > 0);
    fclose(f);
    text[size] = 0;
    return text;
}

bool units_load(const char *xml_path, const char *object_path)
{
    char *xml = read_text(xml_path);
    if (!xml) {
        fprintf(stderr, "swemu: cannot read %s\n", xml_path);
        return false;
    }
    parse_xml(xml);
    free(xml);
    void *object = dlopen(object_path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        fprintf(stderr, "swemu: the xclbin's BITSTREAM section is no shared object: %s\n",
                dlerror());
        n_units = 0;
        return false;
    }
    for (size_t i = 0; i < n_kernels; i++) {
        // POSIX lets an object pointer become a function pointer this way
        *(void **)&kernels[i].function = dlsym(object, kernels[i].name);
        if (!kernels[i].function) {
            fprintf(stderr, "swemu: no function '%s' in the xclbin's object\n", kernels[i].name);
            n_units = 0;
            return false;
        }
    }
    for (size_t i = 0; i < n_units; i++)
        device_trace("unit 0x%llx: kernel %s, %u arguments", (unsigned long long)units[i].base,
                     units[i].k->name, units[i].k->n_args);
    return true;
}

/* ---- running ---- */

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static void execute(unit *u)
{
    uint64_t value[MAX_ARGS] = {0};
    for (uint32_t i = 0; i < u->k->n_args; i++) {
        const argument *a = &u->k->args[i];
        uint64_t v = 0;
        memcpy(&v, u->registers + a->offset, a->size);
        if (a->pointer) {
            uint8_t *p = memory_at(v, 1);
            if (!p)
                device_die("kernel %s, argument %u: 0x%llx is in no buffer", u->k->name, a->id,
                           (unsigned long long)v);
            v = (uint64_t)(uintptr_t)p;
        }
        value[a->id] = v;
    }
    u->k->function(value[0], value[1], value[2], value[3], value[4], value[5], value[6], value[7],
                   value[8], value[9], value[10], value[11], value[12], value[13], value[14],
                   value[15]);
}

static void *unit_main(void *arg)
{
    unit *u = arg;
    for (;;) {
        pthread_mutex_lock(&u->lock);
        while (!u->go)
            pthread_cond_wait(&u->started, &u->lock);
        u->go = false;
        pthread_mutex_unlock(&u->lock);
        execute(u);
        pthread_mutex_lock(&u->lock);
        u->busy = false;
        pthread_cond_signal(&u->finished);
        pthread_mutex_unlock(&u->lock);
    }
    return NULL;
}

static void start(unit *u)
{
    if (!u->has_thread) {
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_mutex_init(&u->lock, NULL);
        pthread_cond_init(&u->started, NULL);
        pthread_cond_init(&u->finished, &monotonic);
        if (pthread_create(&u->thread, NULL, unit_main, u) != 0)
            device_die("cannot start a thread");
        u->has_thread = true;
    }
    pthread_mutex_lock(&u->lock);
    u->busy = true;
    u->start_ms = now_ms();
    u->go = true;
    pthread_cond_signal(&u->started);
    pthread_mutex_unlock(&u->lock);
}

static unit *unit_at(uint64_t address)
{
    for (size_t i = 0; i < n_units; i++) {
        if (address >= units[i].base && address - units[i].base < REGISTER_BYTES)
            return &units[i];
    }
    return NULL;
}

void units_write(uint64_t address, const uint8_t *bytes, size_t size)
{
    unit *u = unit_at(address);
    if (!u || size > REGISTER_BYTES - (address - u->base)) {
        fprintf(stderr, "swemu: write outside any unit: 0x%llx\n", (unsigned long long)address);
        return;
    }
    size_t offset = (size_t)(address - u->base);
    memcpy(u->registers + offset, bytes, size);
    if (offset == 0 && size >= 4 && (bytes[0] & AP_START))
        start(u);
}

/* Answers late rather than often: the shim asks again without a pause. */
static uint32_t status(unit *u)
{
    if (!u->has_thread)
        return AP_DONE_IDLE;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + (uint64_t)device_opt.poll_us * 1000u;
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec = (long)(ns % 1000000000u);
    pthread_mutex_lock(&u->lock);
    int late = 0;
    while (u->busy && late == 0)
        late = pthread_cond_timedwait(&u->finished, &u->lock, &until);
    bool busy = u->busy;
    uint64_t ran_ms = now_ms() - u->start_ms;
    pthread_mutex_unlock(&u->lock);
    if (busy && device_opt.watchdog_ms && ran_ms > device_opt.watchdog_ms)
        device_die("kernel %s has run for more than %u ms", u->k->name, device_opt.watchdog_ms);
    return busy ? AP_START : AP_DONE_IDLE;
}

uint32_t units_read(uint64_t address)
{
    unit *u = unit_at(address);
    if (!u || address - u->base > REGISTER_BYTES - 4) {
        fprintf(stderr, "swemu: read outside any unit: 0x%llx\n", (unsigned long long)address);
        return 0;
    }
    if (address == u->base)
        return status(u);
    uint32_t v;
    memcpy(&v, u->registers + (address - u->base), sizeof(v));
    return v;
}
