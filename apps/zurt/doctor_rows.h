/* SPDX-License-Identifier: Apache-2.0 */
/** @file doctor.def as data: the command and the generator of its documentation read it. */
#ifndef APP_DOCTOR_ROWS_H
#define APP_DOCTOR_ROWS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum doctor_severity {
    DOCTOR_OK,
    DOCTOR_NOTE,    /**< good to know */
    DOCTOR_WARNING, /**< it works, but not as one would want */
    DOCTOR_FAULT,   /**< it does not work */
    N_DOCTOR_SEVERITIES
} doctor_severity;

/** Where a check makes sense. */
typedef enum doctor_scope {
    DOCTOR_SCOPE_EVERYWHERE,
    DOCTOR_SCOPE_PL,   /**< a board, or software emulation */
    DOCTOR_SCOPE_BOARD /**< a board */
} doctor_scope;

typedef enum doctor_check {
#define DOCTOR_CHECK(name, id, where, heading) DOCTOR_CHECK_##name,
#include "doctor.def"
    N_DOCTOR_CHECKS
} doctor_check;

typedef enum doctor_id {
#define DOCTOR_FINDING(id, name, severity, without, what, why, mend) DOCTOR_##id,
#include "doctor.def"
    N_DOCTOR_FINDINGS
} doctor_id;

typedef struct doctor_check_row {
    const char *name; /**< of --json, where all is well */
    const char *heading;
    doctor_scope scope;
} doctor_check_row;

typedef struct doctor_row {
    const char *name; /**< of --json and the documentation; pinned */
    doctor_severity severity;
    doctor_severity without; /**< where nothing asks for the PL */
    const char *what;
    const char *why;
    const char *mend;
} doctor_row;

extern const doctor_check_row doctor_check_rows[N_DOCTOR_CHECKS];
extern const doctor_row doctor_rows[N_DOCTOR_FINDINGS];

/** "ok", "note", "warning", "fault". */
const char *doctor_severity_name(doctor_severity severity);

#endif
