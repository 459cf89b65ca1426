/* SPDX-License-Identifier: Apache-2.0 */
/** @file zurt doctor: what is looked at, what was found, and how the machine is read. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include <zurt/zurt.h>

#include "doctor_rows.h"

/** One line of the result. */
typedef struct doctor_finding {
    doctor_severity severity;
    doctor_check check;
    const doctor_row *row; /**< NULL: all is well */
    char *what;            /**< what was seen, in words; owned */
} doctor_finding;

/** Where the PL's work would be done. */
typedef enum doctor_place {
    DOCTOR_PC,
    DOCTOR_BOARD,    /**< a Zynq UltraScale+, by its device tree */
    DOCTOR_EMULATION /**< XCL_EMULATION_MODE: XRT starts a process in its place */
} doctor_place;

enum { DOCTOR_PATH_BYTES = 1024, DOCTOR_NAME_BYTES = 128, DOCTOR_TEXT_BYTES = 4096 };

typedef struct doctor {
    // what was asked
    zurt_ctx *ctx;
    const char *root;   /**< "" or a folder without a slash at its end, before every path */
    const char *xclbin; /**< --xclbin, else $ZURT_XCLBIN; NULL: neither */
    const char *model;  /**< NULL: none */
    uint32_t timeout_ms;
    // what is known so far
    doctor_place place;
    bool tree_hidden;                    /**< a board whose device tree cannot be read */
    bool wanted;                         /**< something asks for the PL; doctor_row.without else */
    char machine[DOCTOR_NAME_BYTES];     /**< model of the device tree; "" */
    char board[16];                      /**< "kv260", "zcu104" or "" */
    char kernel[DOCTOR_NAME_BYTES];      /**< release */
    int xrt_minor, zocl_minor;           /**< of 2.MINOR; -1: unknown */
    char node[DOCTOR_PATH_BYTES];        /**< zocl's render node; "" */
    char firmware[DOCTOR_NAME_BYTES];    /**< folder of zurt's overlay; "": none or several */
    char xclbin_file[DOCTOR_PATH_BYTES]; /**< the one to use, with the root; "" */
    zurt_board *table;                   /**< of the xclbin; NULL */
    zurt_model *loaded;                  /**< of `model`; NULL */
    zurt_plan_totals totals; /**< of the model on that table, or this board's; 0: not known */
    // the result
    doctor_check check; /**< that is at work */
    doctor_finding *findings;
    size_t n, capacity;
    bool out_of_memory;
} doctor;

/** Something that is as it should be. */
void doctor_ok(doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Something that is not; its severity is the row's. */
void doctor_find(doctor *d, doctor_id id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** How many findings are of this severity. */
size_t doctor_count(const doctor *d, doctor_severity severity);
void doctor_free(doctor *d);

/** Only files are looked at: another root, or a machine that is not this one. */
bool doctor_is_elsewhere(const doctor *d);

/** Every check, by its name. */
typedef void doctor_check_fn(doctor *d);
#define DOCTOR_CHECK(name, id, where, heading) doctor_check_fn doctor_##name;
#include "doctor.def"

/** Faults of XRT and zocl that are known, of a release 2.`minor`; NULL past the last. */
typedef struct doctor_bug {
    const char *issue;
    int first, last; /**< releases 2.first to 2.last have it */
    const char *what;
    const char *mend;
} doctor_bug;
const doctor_bug *doctor_bug_at(size_t i);

/** What the capability table promises and a clock keeps, in kHz; 1 % either way is equal. */
int doctor_compare_clocks(uint64_t asked, uint64_t seen);

/** "2.16.0,865..." or "libxrt_coreutil.so.2.16.0" to 16; -1: no such text. */
int doctor_minor_version(const char *text);

/** The result for a reader: a terminal of 100 columns. */
void doctor_print(const doctor *d);
void doctor_print_json(const doctor *d);

#endif
