/* SPDX-License-Identifier: Apache-2.0 */
/* Transposition of a matrix of bytes, reference. */
#include "kernels/kernels.h"

void zk_transpose_s8_ref(const int8_t *x, int64_t x_pitch, int8_t *y, int64_t y_pitch, int64_t rows,
                         int64_t cols)
{
    for (int64_t c = 0; c < cols; c++) {
        for (int64_t r = 0; r < rows; r++)
            y[c * y_pitch + r] = x[r * x_pitch + c];
    }
}
