/* SPDX-License-Identifier: Apache-2.0 */
/* What zurt doctor found, for a reader and as JSON. */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "doctor.h"
#include "json.h"

enum { INDENT = 28 };

static void print_finding(const doctor_finding *f)
{
    char lead[64], text[DOCTOR_TEXT_BYTES + 256];
    snprintf(lead, sizeof(lead), "%-8s %s", doctor_severity_name(f->severity),
             doctor_check_rows[f->check].heading);
    if (!f->row) {
        columns_wrap(stdout, INDENT, lead, f->what);
        return;
    }
    snprintf(text, sizeof(text), "%s: %s: %s", f->row->name, f->row->what, f->what);
    columns_wrap(stdout, INDENT, lead, text);
    snprintf(text, sizeof(text), "why: %s", f->row->why);
    columns_wrap(stdout, INDENT, "", text);
    snprintf(text, sizeof(text), "mend: %s", f->row->mend);
    columns_wrap(stdout, INDENT, "", text);
}

/* "2 faults (xrt-pcie, render-group)" */
static void print_sum(const doctor *d, doctor_severity severity, const char *end)
{
    const size_t n = doctor_count(d, severity);
    const char *lead = " (";
    printf("%zu %s%s", n, doctor_severity_name(severity), n == 1 ? "" : "s");
    for (size_t i = 0; i < d->n; i++) {
        if (d->findings[i].severity != severity)
            continue;
        printf("%s%s", lead, d->findings[i].row->name);
        lead = ", ";
    }
    printf("%s%s", n ? ")" : "", end);
}

void doctor_print(const doctor *d)
{
    for (size_t i = 0; i < d->n; i++)
        print_finding(&d->findings[i]);
    print_sum(d, DOCTOR_FAULT, ", ");
    print_sum(d, DOCTOR_WARNING, ", ");
    print_sum(d, DOCTOR_NOTE, "\n");
}

void doctor_print_json(const doctor *d)
{
    static const char *const places[] = {
        [DOCTOR_PC] = "none", [DOCTOR_BOARD] = "board", [DOCTOR_EMULATION] = "emulation"};
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "version", zurt_version());
    json_string(&j, "pl", places[d->place]);
    json_bool(&j, "wanted", d->wanted);
    json_string(&j, "machine", d->machine);
    json_string(&j, "board", d->board);
    json_string(&j, "kernel", d->kernel);
    json_string(&j, "xclbin", d->xclbin_file);
    json_uint(&j, "faults", doctor_count(d, DOCTOR_FAULT));
    json_uint(&j, "warnings", doctor_count(d, DOCTOR_WARNING));
    json_uint(&j, "notes", doctor_count(d, DOCTOR_NOTE));
    json_array(&j, "findings");
    for (size_t i = 0; i < d->n; i++) {
        const doctor_finding *f = &d->findings[i];
        json_object(&j, NULL);
        json_string(&j, "id", f->row ? f->row->name : doctor_check_rows[f->check].name);
        json_string(&j, "severity", doctor_severity_name(f->severity));
        json_string(&j, "check", doctor_check_rows[f->check].heading);
        json_string(&j, "what", f->what);
        if (f->row) {
            json_string(&j, "title", f->row->what);
            json_string(&j, "why", f->row->why);
            json_string(&j, "mend", f->row->mend);
        }
        json_close(&j);
    }
    json_close(&j);
    json_end(&j);
}
