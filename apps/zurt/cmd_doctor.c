/* SPDX-License-Identifier: Apache-2.0 */
/* zurt doctor: looks for what stands between a model and the PL, and says how to mend it. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"

enum { DEFAULT_TIMEOUT_MS = 10000 };

typedef struct doctor_options {
    char *root;
    const char *xclbin;
    uint32_t timeout_ms;
    size_t max_bytes;
} doctor_options;

static doctor_check_fn *const checks[N_DOCTOR_CHECKS] = {
#define DOCTOR_CHECK(name, id, where, heading) [DOCTOR_CHECK_##name] = doctor_##name,
#include "doctor.def"
};

/* A folder without the slashes at its end; the root of this machine is "". */
static int take_root(cli *c, const option_row *row, const char *text, void *self)
{
    doctor_options *o = self;
    char *value = (char *)text; // in argv, which is ours
    size_t n = strlen(value);
    if (n == 0)
        return cli_refuse_value(c, row, value);
    while (n > 0 && value[n - 1] == '/')
        value[--n] = 0;
    o->root = value;
    return EXIT_DONE;
}

static void run_checks(doctor *d)
{
    for (int i = 0; i < N_DOCTOR_CHECKS; i++) {
        const doctor_scope scope = doctor_check_rows[i].scope;
        d->check = (doctor_check)i;
        if (scope == DOCTOR_SCOPE_EVERYWHERE || d->place == DOCTOR_BOARD ||
            (scope == DOCTOR_SCOPE_PL && d->place == DOCTOR_EMULATION))
            checks[i](d);
    }
}

static int examine(cli *c, doctor *d, const doctor_options *o)
{
    zurt_model_options load = ZURT_MODEL_OPTIONS_INIT;
    load.max_bytes = o->max_bytes;
    if (d->model) {
        zurt_status st = zurt_model_load(c->ctx, d->model, &load, &d->loaded);
        if (st)
            return cli_fail(c, st, NULL);
    }
    run_checks(d);
    if (d->out_of_memory)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (c->json)
        doctor_print_json(d);
    else
        doctor_print(d);
    return doctor_count(d, DOCTOR_FAULT) ? EXIT_DEVICE : EXIT_DONE;
}

int cmd_doctor(cli *c, int argc, char **argv)
{
    doctor_options o = {.timeout_ms = DEFAULT_TIMEOUT_MS};
    const cli_binding bindings[] = {
        {OPT_ROOT, .take = take_root, .self = &o},
        {OPT_XCLBIN, .text = &o.xclbin},
        {OPT_TIMEOUT, .u32 = &o.timeout_ms},
        {OPT_MAX_MEMORY, .mib = &o.max_bytes},
        {0},
    };
    cli_bind(c, bindings);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    doctor d = {.ctx = c->ctx,
                .root = o.root ? o.root : "",
                .xclbin = o.xclbin ? o.xclbin : getenv("ZURT_XCLBIN"),
                .model = c->n_arguments ? c->arguments[0] : NULL,
                .timeout_ms = o.timeout_ms,
                .xrt_minor = -1,
                .zocl_minor = -1};
    code = examine(c, &d, &o);
    doctor_free(&d);
    return code;
}
