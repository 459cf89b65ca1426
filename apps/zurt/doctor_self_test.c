/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in network on the CPU and on the device, against the bytes that are right. */
#include <string.h>

#include "doctor.h"
#include "doctor_golden.h"

enum { N_OUTPUTS = 2, DEVICE_RUNS = 3, NS_PER_MS = 1000000 };

/* zocl looks by itself every 500 ms; nothing else takes so long for so little. */
#define STALL_NS ((uint64_t)400 * NS_PER_MS)

typedef struct golden_run {
    zurt_device device;
    uint32_t runs;
    uint8_t out[DOCTOR_GOLDEN_OUTPUT_BYTES];
    uint32_t n_launches;
    uint64_t least_ns; /**< of the launches of one run; UINT64_MAX: none */
} golden_run;

/* Time of the last run on the device alone. */
static uint64_t device_ns(const zurt_session *s)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < zurt_session_n_profile(s); i++) {
        zurt_profile_entry e;
        if (zurt_session_profile(s, i, &e) == ZURT_OK && strcmp(e.device, "cpu") != 0)
            ns += e.total_ns;
    }
    return ns;
}

static zurt_status repeat(zurt_session *s, golden_run *r)
{
    int8_t input[DOCTOR_GOLDEN_INPUT_BYTES];
    const zurt_view in = {input, sizeof(input)};
    const zurt_span out[N_OUTPUTS] = {{r->out, DOCTOR_GOLDEN_FIRST_BYTES},
                                      {r->out + DOCTOR_GOLDEN_FIRST_BYTES,
                                       DOCTOR_GOLDEN_OUTPUT_BYTES - DOCTOR_GOLDEN_FIRST_BYTES}};
    zurt_status st = ZURT_OK;
    doctor_golden_input(input);
    for (uint32_t i = 0; i < r->runs && !st; i++) {
        memset(r->out, 0, sizeof(r->out));
        zurt_session_profile_reset(s);
        st = zurt_session_run(s, &in, 1, out, N_OUTPUTS);
        const uint64_t ns = device_ns(s);
        r->least_ns = ns && ns < r->least_ns ? ns : r->least_ns;
        if (!st && memcmp(r->out, doctor_golden_output, sizeof(r->out)) != 0)
            break; // one wrong answer is enough
    }
    return st;
}

/* Whether a session could be made is told apart from how it did. */
static zurt_status run_golden(doctor *d, golden_run *r, bool *opened)
{
    zurt_model *model = NULL;
    zurt_session *session = NULL;
    zurt_session_info info;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.device = r->device;
    options.xclbin = d->xclbin_file[0] ? d->xclbin_file : NULL;
    options.timeout_ms = d->timeout_ms;
    options.profile = 1;
    r->least_ns = UINT64_MAX;
    zurt_status st =
        zurt_model_load_mem(d->ctx, doctor_golden_model, doctor_golden_model_bytes, &model);
    if (!st)
        st = zurt_session_create(d->ctx, model, &options, &session);
    *opened = st == ZURT_OK;
    if (!st)
        st = zurt_session_info_get(session, &info);
    r->n_launches = st ? 0 : info.n_launches;
    if (!st)
        st = repeat(session, r);
    zurt_session_destroy(session);
    zurt_model_destroy(model);
    return st;
}

static size_t n_wrong(const golden_run *r)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof(r->out); i++)
        n += r->out[i] != doctor_golden_output[i];
    return n;
}

void doctor_cpu_self_test(doctor *d)
{
    golden_run r = {.device = ZURT_DEVICE_CPU, .runs = 1};
    bool opened;
    if (run_golden(d, &r, &opened) != ZURT_OK)
        doctor_find(d, DOCTOR_CPU_FAILED, "%s", zurt_ctx_error(d->ctx));
    else if (n_wrong(&r))
        doctor_find(d, DOCTOR_CPU_WRONG, "%zu of %d bytes", n_wrong(&r),
                    DOCTOR_GOLDEN_OUTPUT_BYTES);
    else
        doctor_ok(d, "the built-in model gives its %d bytes", DOCTOR_GOLDEN_OUTPUT_BYTES);
}

void doctor_device_self_test(doctor *d)
{
    golden_run r = {.device = ZURT_DEVICE_XRT, .runs = DEVICE_RUNS};
    bool opened;
    if (!d->wanted)
        return;
    if (doctor_is_elsewhere(d) || doctor_count(d, DOCTOR_FAULT)) {
        doctor_ok(d, "not tried%s",
                  doctor_is_elsewhere(d) ? ": --root looks at files alone"
                                         : ": the faults above come first");
        return;
    }
    if (run_golden(d, &r, &opened) != ZURT_OK) {
        doctor_find(d, opened ? DOCTOR_DEVICE_FAILED : DOCTOR_DEVICE_REFUSED, "%s",
                    zurt_ctx_error(d->ctx));
        return;
    }
    if (!r.n_launches) {
        doctor_find(d, DOCTOR_DEVICE_FAILED, "its table takes nothing of the built-in model");
        return;
    }
    if (n_wrong(&r))
        doctor_find(d, DOCTOR_DEVICE_WRONG, "%zu of %d bytes", n_wrong(&r),
                    DOCTOR_GOLDEN_OUTPUT_BYTES);
    else
        doctor_ok(d, "the device gives the CPU's %d bytes", DOCTOR_GOLDEN_OUTPUT_BYTES);
    const double ms = (double)r.least_ns / r.n_launches / NS_PER_MS;
    if (r.least_ns / r.n_launches >= STALL_NS)
        doctor_find(d, DOCTOR_LAUNCH_STALL, "%.0f ms at the least", ms);
    else
        doctor_ok(d, "a launch takes %.2f ms%s", ms,
                  d->place == DOCTOR_EMULATION ? " (emulated: it says nothing of a board)" : "");
}
