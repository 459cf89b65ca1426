/* SPDX-License-Identifier: Apache-2.0 */
/** @file A NumPy .npy file as numbers; what its axes mean is data_npy.c's. */
#ifndef APP_NPY_ARRAY_H
#define APP_NPY_ARRAY_H

#include "data.h"

enum { NPY_MAX_AXES = 8 };

typedef enum npy_type {
    NPY_NONE,
    NPY_U1,
    NPY_I1,
    NPY_B1,
    NPY_U2,
    NPY_I2,
    NPY_I4,
    NPY_I8,
    NPY_F2,
    NPY_F4,
    NPY_F8
} npy_type;

typedef struct npy_array {
    char *path; /**< owned, as the file is */
    uint8_t *file;
    const uint8_t *data; /**< in the file */
    npy_type type;
    size_t elem; /**< bytes of a number */
    int rank;
    size_t dims[NPY_MAX_AXES];
    size_t elems;
    size_t n_labels; /**< of the file beside it */
} npy_array;

/** Reads and checks a file; EXIT_DONE or stated. npy_free() in any case. */
int npy_read(cli *c, const char *path, npy_array *a);
void npy_free(npy_array *a);

bool npy_is_float(const npy_array *a);
/** Element `i` of an array of integers. */
int64_t npy_integer_at(const npy_array *a, size_t i);
/** Element `i` of any. */
float npy_float_at(const npy_array *a, size_t i);

#endif
