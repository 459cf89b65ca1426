/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of doctor.def. */
#include "doctor_rows.h"

const doctor_check_row doctor_check_rows[N_DOCTOR_CHECKS] = {
#define DOCTOR_CHECK(name, id, where, heading) {id, heading, DOCTOR_SCOPE_##where},
#include "doctor.def"
};

const doctor_row doctor_rows[N_DOCTOR_FINDINGS] = {
#define DOCTOR_FINDING(id, name, severity, without, what, why, mend)                               \
    {name, DOCTOR_##severity, DOCTOR_##without, what, why, mend},
#include "doctor.def"
};

const char *doctor_severity_name(doctor_severity severity)
{
    static const char *const names[N_DOCTOR_SEVERITIES] = {
        [DOCTOR_OK] = "ok",
        [DOCTOR_NOTE] = "note",
        [DOCTOR_WARNING] = "warning",
        [DOCTOR_FAULT] = "fault",
    };
    return names[severity];
}
