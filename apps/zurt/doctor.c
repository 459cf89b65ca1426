/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what the checks of zurt doctor say. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(doctor *d, doctor_severity severity, const doctor_row *row, const char *fmt,
                va_list args)
{
    char text[DOCTOR_TEXT_BYTES];
    if (d->n == d->capacity) {
        size_t capacity = d->capacity ? 2 * d->capacity : 32;
        doctor_finding *grown = realloc(d->findings, capacity * sizeof(*grown));
        if (!grown) {
            d->out_of_memory = true;
            return;
        }
        d->findings = grown;
        d->capacity = capacity;
    }
    vsnprintf(text, sizeof(text), fmt, args);
    char *what = strdup(text);
    if (!what) {
        d->out_of_memory = true;
        return;
    }
    d->findings[d->n++] = (doctor_finding){severity, d->check, row, what};
}

void doctor_ok(doctor *d, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(d, DOCTOR_OK, NULL, fmt, args);
    va_end(args);
}

void doctor_find(doctor *d, doctor_id id, const char *fmt, ...)
{
    va_list args;
    const doctor_row *row = &doctor_rows[id];
    va_start(args, fmt);
    add(d, d->wanted ? row->severity : row->without, row, fmt, args);
    va_end(args);
}

size_t doctor_count(const doctor *d, doctor_severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += d->findings[i].severity == severity;
    return n;
}

bool doctor_is_elsewhere(const doctor *d)
{
    return d->root[0] != 0;
}

void doctor_free(doctor *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->findings[i].what);
    free(d->findings);
    d->findings = NULL;
    d->n = d->capacity = 0;
    zurt_board_destroy(d->table);
    zurt_model_destroy(d->loaded);
    d->table = NULL;
    d->loaded = NULL;
}
