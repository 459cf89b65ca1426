/* SPDX-License-Identifier: Apache-2.0 */
/* Transposition of bytes. */
#include "kern.h"

typedef struct op_transpose {
    int64_t rows, cols, x_pitch, y_pitch;
    const int8_t *x; /* the first row, which may be the last in memory */
    int8_t *y;
} op_transpose;

static void make(kern_rng *r, void *state, const kern_layer *layer)
{
    op_transpose *op = state;
    op->rows = layer ? layer->m : kern_int(r, 1, kern_chance(r, 40) ? 4 : 60);
    op->cols = layer ? layer->k : kern_int(r, 1, kern_chance(r, 40) ? 4 : 60);
    op->x_pitch = op->cols + (!layer && kern_chance(r, 30) ? kern_int(r, 0, 5) : 0);
    op->y_pitch = op->rows + (!layer && kern_chance(r, 30) ? kern_int(r, 0, 20) : 0);
    const bool backwards = !layer && kern_chance(r, 10), same = !layer && kern_chance(r, 10);
    kern_describe("transpose_s8, %d x %d, pitches %d%s and %d", (int)op->rows, (int)op->cols,
                  (int)op->x_pitch,
                  same        ? " (0)"
                  : backwards ? " (negative)"
                              : "",
                  (int)op->y_pitch);
    kern_work((double)(op->rows * op->cols));
    op->x_pitch = same ? 0 : op->x_pitch;
    const int64_t last = (op->rows - 1) * op->x_pitch;
    op->x = kern_place(r, KERN_IN, (size_t)(last + op->cols), 1);
    op->y = kern_place(r, KERN_OUT, (size_t)((op->cols - 1) * op->y_pitch + op->rows), 1);
    if (backwards) {
        op->x += last;
        op->x_pitch = -op->x_pitch;
    }
}

static void expect(const void *state, void *out, float *tolerance)
{
    const op_transpose *op = state;
    int8_t *y = out;
    (void)tolerance;
    for (int64_t i = 0; i < op->rows * op->cols; i++) {
        const int64_t row = i / op->cols, col = i % op->cols;
        y[col * op->y_pitch + row] = op->x[row * op->x_pitch + col];
    }
}

static void call(const zk_table *t, void *state)
{
    const op_transpose *op = state;
    t->transpose_s8(op->x, op->x_pitch, op->y, op->y_pitch, op->rows, op->cols);
}

static const kern_layer layers[] = {
    {.name = "2 halves of 116 channels", .m = 2, .k = 58},
    {.name = "224x224x3 to planes", .m = 224 * 224, .k = 3},
    {.name = "64x64", .m = 64, .k = 64},
};

const kern_op kern_transpose_s8 = {
    .name = "transpose_s8",
    .cases = 2000,
    .state_bytes = sizeof(op_transpose),
    .elem = KERN_S8,
    .make = make,
    .expect = expect,
    .call = call,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
