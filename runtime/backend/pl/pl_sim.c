/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own sources in this process. One thread is the device: it takes launches from a
 * queue and works on the device sides of the buffers. */
#include "backend/pl/pl_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "backend/pl/pl_port_impl.h"
#include "base/alloc.h"
#include "base/thread.h"

enum { SLOW_NS = 300000000, POISON = 0xa5 };

typedef struct sim_run sim_run;

typedef struct sim_device {
    zi_pl_device base;
    zi_pl_engine engine;
    zi_sim_fault fault;
    uint32_t launches;
    pthread_t thread;
    pthread_mutex_t lock; // of all below, and of the fields of runs
    pthread_cond_t queued;
    pthread_cond_t finished;
    sim_run *head; // the queue; the head is being worked on while `busy`
    bool busy;
    bool stop;
    bool lost;       // a run failed: nothing more is done
    bool short_sync; // the next transfer from the device is cut
} sim_device;

typedef struct sim_buf {
    zi_buf base;
    uint8_t *device;  // the other side
    size_t map_bytes; // of the host side
    uint32_t readers; // open brackets
    uint32_t writers;
} sim_buf;

struct sim_run {
    zi_pl_run base;
    zi_pl_launch launch;
    sim_run *next;
    bool done;
    bool failed;
    int64_t wrong; // what the engine counted of it and should not have
};

/* The engine keeps its memories in static variables: one launch at a time in the process. */
static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;

zurt_status zi_sim_fault_parse(zurt_ctx *ctx, const char *text, zi_sim_fault *out)
{
    static const char *const names[] = {"", "slow", "hang", "error", "length"};
    *out = (zi_sim_fault){ZI_SIM_NO_FAULT, 0};
    if (!text)
        return ZURT_OK;
    size_t n = strcspn(text, ":");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) != n || strncmp(text, names[i], n) != 0)
            continue;
        char *end = NULL;
        unsigned long launch = text[n] ? strtoul(text + n + 1, &end, 10) : 0;
        if (text[n] && (*end || launch == 0 || launch > UINT32_MAX))
            break;
        *out = (zi_sim_fault){(zi_sim_fault_kind)i, (uint32_t)launch};
        return ZURT_OK;
    }
    return zi_fail(ctx, ZURT_E_ARG,
                   "sim fault '%.32s': want slow, hang, error or length, and perhaps :N", text);
}

/* ---- the device's thread ---- */

static uint8_t *device_side(const zi_buf *buf)
{
    return ((const sim_buf *)buf)->device;
}

/* Returns what went wrong in the engine, in number: the step checker should have refused it. */
static int64_t compute(const sim_device *d, const zi_pl_launch *l)
{
    const zi_pl_engine *e = &d->engine;
    pthread_mutex_lock(&engine_lock);
    if (e->take_counts)
        (void)e->take_counts();
    e->kernel(device_side(l->steps), l->n_epochs, device_side(l->weights[0]),
              device_side(l->weights[1]), device_side(l->weights[2]), device_side(l->weights[3]),
              device_side(l->act_r), device_side(l->act_w));
    int64_t wrong = e->take_counts ? e->take_counts().wrong : 0;
    pthread_mutex_unlock(&engine_lock);
    return wrong;
}

/* With the lock held, but not while it computes. */
static void work(sim_device *d, sim_run *r)
{
    d->launches++;
    zi_sim_fault_kind fault =
        d->fault.launch == 0 || d->fault.launch == d->launches ? d->fault.kind : ZI_SIM_NO_FAULT;
    while (fault == ZI_SIM_HANG && !d->stop && !d->lost)
        pthread_cond_wait(&d->queued, &d->lock);
    if (fault == ZI_SIM_HANG || fault == ZI_SIM_ERROR) {
        r->failed = true;
        return;
    }
    pthread_mutex_unlock(&d->lock);
    if (fault == ZI_SIM_SLOW)
        zi_sleep_ns(SLOW_NS);
    int64_t wrong = compute(d, &r->launch);
    pthread_mutex_lock(&d->lock);
    r->wrong = wrong;
    d->short_sync = fault == ZI_SIM_LENGTH;
}

static void *device_main(void *arg)
{
    sim_device *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->stop) {
        sim_run *r = d->head;
        if (!r) {
            pthread_cond_wait(&d->queued, &d->lock);
            continue;
        }
        d->busy = true;
        if (d->lost)
            r->failed = true;
        else
            work(d, r);
        d->busy = false;
        d->head = r->next;
        r->done = true;
        pthread_cond_broadcast(&d->finished);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* After a failure nothing more is computed, and nothing is in flight when this returns. */
static void drain(sim_device *d)
{
    pthread_mutex_lock(&d->lock);
    d->lost = true;
    pthread_cond_broadcast(&d->queued);
    while (d->head)
        pthread_cond_wait(&d->finished, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

static bool is_lost(sim_device *d)
{
    pthread_mutex_lock(&d->lock);
    bool lost = d->lost;
    pthread_mutex_unlock(&d->lock);
    return lost;
}

static zurt_status fail_lost(char *error)
{
    return zi_pl_fail(error, ZURT_E_DEVICE,
                      "sim: the device failed before; close it and open it again");
}

/* ---- buffers ---- */

/* Only what the open brackets allow; with the lock held. */
static bool protect(const sim_buf *b)
{
    int prot = b->writers ? PROT_READ | PROT_WRITE : b->readers ? PROT_READ : PROT_NONE;
    return mprotect(b->base.host, b->map_bytes, prot) == 0;
}

static zurt_status sim_buf_create(zi_pl_device *device, size_t bytes, zi_buf **out, char *error)
{
    const zurt_allocator *a = &device->allocator;
    if (is_lost((sim_device *)device))
        return fail_lost(error);
    sim_buf *b = zi_zalloc(a, sizeof(*b));
    uint8_t *other = zi_alloc_aligned(a, bytes);
    void *host = MAP_FAILED;
    if (b && other)
        host = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (host == MAP_FAILED) {
        zi_free(a, other);
        zi_free(a, b);
        return zi_pl_fail(error, ZURT_E_NOMEM, "sim: no memory for a buffer of %zu bytes", bytes);
    }
    memset(other, POISON, bytes);
    *b = (sim_buf){.base = {device, host, bytes}, .device = other, .map_bytes = bytes};
    *out = &b->base;
    return ZURT_OK;
}

static zurt_status sim_buf_import(zi_pl_device *device, int fd, zi_buf **out, char *error)
{
    (void)device;
    (void)out;
    return zi_pl_fail(error, ZURT_E_UNSUPPORTED, "sim: fd %d: a dma-buf needs a board", fd);
}

static zurt_status sim_buf_export(const zi_buf *buf, int *out_fd, char *error)
{
    (void)out_fd;
    return zi_pl_fail(error, ZURT_E_UNSUPPORTED,
                      "sim: a buffer of %zu bytes is no dma-buf; that needs a board", buf->bytes);
}

static void sim_buf_destroy(zi_buf *buf)
{
    sim_buf *b = (sim_buf *)buf;
    sim_device *d = (sim_device *)buf->device;
    if (!zi_is_forked(d->base.owner) && is_lost(d))
        drain(d); // a launch that was given up may still write
    munmap(buf->host, b->map_bytes);
    zi_free(&d->base.allocator, b->device);
    zi_free(&d->base.allocator, b);
}

static zurt_status sim_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                 char *error)
{
    sim_buf *b = (sim_buf *)buf;
    sim_device *d = (sim_device *)buf->device;
    pthread_mutex_lock(&d->lock);
    bool lost = d->lost;
    bool cut = (access & ZI_READ) && d->short_sync;
    b->writers++; // the transfer itself writes
    lost = lost || !protect(b);
    if (!lost && (access & ZI_READ))
        memcpy(buf->host + offset, b->device + offset, cut ? bytes / 2 : bytes);
    else if (!lost) // whoever reads what it should write reads this
        memset(buf->host + offset, POISON, bytes);
    b->writers -= lost || cut || !(access & ZI_WRITE);
    b->readers += !lost && !cut && !(access & ZI_WRITE);
    lost = !protect(b) || lost;
    d->lost |= cut;
    pthread_mutex_unlock(&d->lock);
    if (lost)
        return fail_lost(error);
    if (cut)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "sim: a transfer from the device moved %zu of %zu bytes", bytes / 2,
                          bytes);
    return ZURT_OK;
}

static zurt_status sim_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                               char *error)
{
    sim_buf *b = (sim_buf *)buf;
    sim_device *d = (sim_device *)buf->device;
    pthread_mutex_lock(&d->lock);
    bool open = access & ZI_WRITE ? b->writers > 0 : b->readers > 0;
    if (open) {
        if (access & ZI_WRITE)
            memcpy(b->device + offset, buf->host + offset, bytes);
        b->writers -= access & ZI_WRITE ? 1 : 0;
        b->readers -= access & ZI_WRITE ? 0 : 1;
        protect(b);
    }
    pthread_mutex_unlock(&d->lock);
    if (!open)
        return zi_pl_fail(error, ZURT_E_INTERNAL, "sim: the end of a CPU access that never began");
    return ZURT_OK;
}

/* ---- runs ---- */

static zurt_status sim_run_create(zi_pl_device *device, zi_pl_run **out, char *error)
{
    if (is_lost((sim_device *)device))
        return fail_lost(error);
    sim_run *r = zi_zalloc(&device->allocator, sizeof(*r));
    if (!r)
        return zi_pl_fail(error, ZURT_E_NOMEM, "sim: no memory for a run");
    r->base.device = device;
    *out = &r->base;
    return ZURT_OK;
}

static void sim_run_destroy(zi_pl_run *run)
{
    sim_device *d = (sim_device *)run->device;
    if (!zi_is_forked(d->base.owner) && is_lost(d))
        drain(d);
    zi_free(&d->base.allocator, run);
}

/* With the lock held. The CPU must have given back what the device is to use. */
static bool with_the_cpu(const zi_pl_launch *l)
{
    const zi_buf *const bufs[] = {l->steps,      l->weights[0], l->weights[1],
                                  l->weights[2], l->weights[3], l->act_r};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
        if (((const sim_buf *)bufs[i])->writers)
            return true;
    }
    return false;
}

static zurt_status sim_run_start(zi_pl_run *run, const zi_pl_launch *launch, char *error)
{
    sim_run *r = (sim_run *)run;
    sim_device *d = (sim_device *)run->device;
    zurt_status st = ZURT_OK;
    pthread_mutex_lock(&d->lock);
    if (d->lost) {
        st = fail_lost(error);
    } else if (with_the_cpu(launch)) {
        st = zi_pl_fail(error, ZURT_E_INTERNAL,
                        "sim: launched while the CPU still writes one of the buffers");
    } else {
        *r = (sim_run){.base = r->base, .launch = *launch};
        sim_run **at = &d->head;
        while (*at)
            at = &(*at)->next;
        *at = r;
        pthread_cond_broadcast(&d->queued);
    }
    pthread_mutex_unlock(&d->lock);
    return st;
}

static struct timespec after_ms(uint32_t ms)
{
    uint64_t ns = zi_now_ns() + (uint64_t)ms * 1000000u;
    return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

static zurt_status sim_run_wait(zi_pl_run *run, uint32_t timeout_ms, char *error)
{
    sim_run *r = (sim_run *)run;
    sim_device *d = (sim_device *)run->device;
    const struct timespec until = after_ms(timeout_ms);
    int late = 0;
    pthread_mutex_lock(&d->lock);
    while (!r->done && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&d->finished, &d->lock, &until);
    bool done = r->done;
    bool failed = r->failed;
    int64_t wrong = r->wrong;
    d->lost |= !done || failed;
    if (d->lost)
        pthread_cond_broadcast(&d->queued); // a launch that hangs is given up
    pthread_mutex_unlock(&d->lock);
    if (!done)
        return zi_pl_fail(error, ZURT_E_TIMEOUT, "sim: no answer within %u ms", timeout_ms);
    if (failed)
        return zi_pl_fail(error, ZURT_E_DEVICE, "sim: the launch ended with an error");
    if (wrong)
        return zi_pl_fail(error, ZURT_E_INTERNAL,
                          "sim: the engine counted %lld conflicts, stray addresses or steps of "
                          "another length",
                          (long long)wrong);
    return ZURT_OK;
}

/* ---- open and close ---- */

static void end_thread(sim_device *d)
{
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_broadcast(&d->queued);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->queued);
    pthread_cond_destroy(&d->finished);
    pthread_mutex_destroy(&d->lock);
}

static void sim_close(zi_pl_device *device)
{
    if (!zi_is_forked(device->owner))
        end_thread((sim_device *)device);
    zurt_allocator a = device->allocator;
    zi_free(&a, device);
}

static const zi_pl_port port = {
    .close = sim_close,
    .buf_create = sim_buf_create,
    .buf_import = sim_buf_import,
    .buf_export = sim_buf_export,
    .buf_destroy = sim_buf_destroy,
    .cpu_begin = sim_cpu_begin,
    .cpu_end = sim_cpu_end,
    .run_create = sim_run_create,
    .run_destroy = sim_run_destroy,
    .run_start = sim_run_start,
    .run_wait = sim_run_wait,
};

/* Lock, conditions and thread; undone on failure. */
static zurt_status start(zurt_ctx *ctx, sim_device *d)
{
    zurt_status st = zi_cond_init(ctx, &d->queued);
    if (st)
        return st;
    st = zi_cond_init(ctx, &d->finished);
    if (!st && pthread_mutex_init(&d->lock, NULL) != 0) {
        pthread_cond_destroy(&d->finished);
        st = zi_fail(ctx, ZURT_E_NOMEM, "sim: no memory for a lock");
    } else if (!st) {
        st = zi_thread_start(ctx, &d->thread, device_main, d);
        if (st) {
            pthread_mutex_destroy(&d->lock);
            pthread_cond_destroy(&d->finished);
        }
    }
    if (st)
        pthread_cond_destroy(&d->queued);
    return st;
}

zurt_status zi_pl_look_sim(zurt_ctx *ctx)
{
    (void)ctx;
    return ZURT_OK;
}

zurt_status zi_pl_open_sim(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out)
{
    *out = NULL;
    if (!config->engine || !config->engine->kernel || !config->engine->caps)
        return zi_fail(ctx, ZURT_E_ARG, "sim: no engine to run");
    zi_sim_fault fault;
    const char *faults = config->faults ? config->faults : getenv("ZURT_SIM_FAULT");
    zurt_status st = zi_sim_fault_parse(ctx, faults, &fault);
    if (st)
        return st;
    sim_device *d = zi_zalloc(&ctx->allocator, sizeof(*d));
    if (!d)
        return zi_fail(ctx, ZURT_E_NOMEM, "sim: no memory for a device");
    d->base = (zi_pl_device){
        &port, ctx->allocator, config->engine->caps, ZI_PL_NS_SIMULATED, getpid(), ""};
    d->engine = *config->engine;
    d->fault = fault;
    st = start(ctx, d);
    if (st) {
        zi_free(&ctx->allocator, d);
        return st;
    }
    *out = &d->base;
    return ZURT_OK;
}
