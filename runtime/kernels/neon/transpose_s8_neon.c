/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transposition of a matrix of bytes. Two to four rows that become one dense line, lines of two to
 * four columns, and one column of them, are what the interleaving loads and stores are for; the
 * rest goes in squares.
 */
#include <arm_neon.h>

#include "kernels/kernels.h"

enum { SIDE = 8, LANES = 16 };

/* A square of eight by eight: pairs of bytes change places, then pairs of pairs, then of fours. */
static void square(const int8_t *x, int64_t x_pitch, int8_t *y, int64_t y_pitch)
{
    int8x8_t a[SIDE];
    int16x4_t b[SIDE];
    int32x2_t c[SIDE];
    for (int i = 0; i < SIDE; i++)
        a[i] = vld1_s8(x + i * x_pitch);
    for (int i = 0; i < SIDE; i += 2) {
        b[i] = vreinterpret_s16_s8(vtrn1_s8(a[i], a[i + 1]));
        b[i + 1] = vreinterpret_s16_s8(vtrn2_s8(a[i], a[i + 1]));
    }
    for (int i = 0; i < SIDE; i++) {
        if (i & 2)
            continue;
        c[i] = vreinterpret_s32_s16(vtrn1_s16(b[i], b[i + 2]));
        c[i + 2] = vreinterpret_s32_s16(vtrn2_s16(b[i], b[i + 2]));
    }
    for (int i = 0; i < SIDE / 2; i++) {
        vst1_s8(y + i * y_pitch, vreinterpret_s8_s32(vtrn1_s32(c[i], c[i + 4])));
        vst1_s8(y + (i + 4) * y_pitch, vreinterpret_s8_s32(vtrn2_s32(c[i], c[i + 4])));
    }
}

/* Where the block begins that starts at i; the last one ends with the last value: some of what it
 * computes is there already. */
static int64_t block_at(int64_t i, int64_t size, int64_t n)
{
    return i + size <= n ? i : n - size;
}

static void squares(const int8_t *x, int64_t x_pitch, int8_t *y, int64_t y_pitch, int64_t rows,
                    int64_t cols)
{
    for (int64_t i = 0; i < rows; i += SIDE) {
        const int64_t r = block_at(i, SIDE, rows);
        for (int64_t k = 0; k < cols; k += SIDE) {
            const int64_t c = block_at(k, SIDE, cols);
            square(x + r * x_pitch + c, x_pitch, y + c * y_pitch + r, y_pitch);
        }
    }
}

/* Two to four rows to one dense line. */
static void interleave(const int8_t *x, int64_t pitch, int8_t *y, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < cols; i += LANES) {
        const int64_t c = block_at(i, LANES, cols);
        const int8x16_t first = vld1q_s8(x + c), second = vld1q_s8(x + c + pitch);
        int8_t *out = y + c * rows;
        if (rows == 2)
            vst2q_s8(out, ((int8x16x2_t){{first, second}}));
        else if (rows == 3)
            vst3q_s8(out, ((int8x16x3_t){{first, second, vld1q_s8(x + c + 2 * pitch)}}));
        else
            vst4q_s8(out, ((int8x16x4_t){{first, second, vld1q_s8(x + c + 2 * pitch),
                                          vld1q_s8(x + c + 3 * pitch)}}));
    }
}

/* A dense line of two to four columns. */
static void separate(const int8_t *x, int8_t *y, int64_t pitch, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows; i += LANES) {
        const int64_t r = block_at(i, LANES, rows);
        int8x16_t v[4];
        if (cols == 2) {
            const int8x16x2_t two = vld2q_s8(x + r * cols);
            v[0] = two.val[0], v[1] = two.val[1];
        } else if (cols == 3) {
            const int8x16x3_t three = vld3q_s8(x + r * cols);
            v[0] = three.val[0], v[1] = three.val[1], v[2] = three.val[2];
        } else {
            const int8x16x4_t four = vld4q_s8(x + r * cols);
            v[0] = four.val[0], v[1] = four.val[1], v[2] = four.val[2], v[3] = four.val[3];
        }
        for (int64_t k = 0; k < cols; k++)
            vst1q_s8(y + k * pitch + r, v[k]);
    }
}

/* Every second to fourth byte; the blocks of eight that end before the last one. */
static void pick(const int8_t *x, int64_t pitch, int8_t *y, int64_t rows)
{
    int64_t r = 0;
    for (; r + SIDE < rows; r += SIDE, x += SIDE * pitch) {
        const int8x8_t v = pitch == 2   ? vld2_s8(x).val[0]
                           : pitch == 3 ? vld3_s8(x).val[0]
                                        : vld4_s8(x).val[0];
        vst1_s8(y + r, v);
    }
    for (; r < rows; r++, x += pitch)
        y[r] = *x;
}

void zk_transpose_s8_neon(const int8_t *x, int64_t x_pitch, int8_t *y, int64_t y_pitch,
                          int64_t rows, int64_t cols)
{
    if (rows >= 2 && rows <= 4 && y_pitch == rows && cols >= LANES)
        interleave(x, x_pitch, y, rows, cols);
    else if (cols >= 2 && cols <= 4 && x_pitch == cols && rows >= LANES)
        separate(x, y, y_pitch, rows, cols);
    else if (cols == 1 && x_pitch >= 2 && x_pitch <= 4)
        pick(x, x_pitch, y, rows);
    else if (rows >= SIDE && cols >= SIDE)
        squares(x, x_pitch, y, y_pitch, rows, cols);
    else
        zk_transpose_s8_ref(x, x_pitch, y, y_pitch, rows, cols);
}
