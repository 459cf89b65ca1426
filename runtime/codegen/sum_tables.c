/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/arithmetic.md multiplies the sum of two rescaled operands and rounds twice. Here the
 * multiplier is in the tables, and one rounding has to do. What remains of the first rounding is
 * a margin: with 2^-e the unit of its result, a sum half a unit short of a tie still counts as
 * one, and ties go away from zero. So `up` is half an output step and half such a unit, `down`
 * half a step less half a unit, and rounded tables are right but for pairs that come within a
 * rounding error of those bounds. Such pairs are mended one by one. Each wants
 * least <= term[0][a] + term[1][b] <= most: difference constraints, which relaxation (as in
 * Bellman's and Ford's shortest paths) solves if anything does. Scales in the proportion of small
 * integers put many pairs close to a bound; there wider margins help, which the terms may use up.
 */
#include "codegen/sum_tables.h"

#include <stdlib.h>

#include "isa/zk_step.h"
#include "quant/requant.h"

/** Rounds of mending per margin. */
enum { ROUNDS = 60 };

static int32_t term(const zi_add_numbers *n, int side, int32_t q)
{
    return zi_add_term(q, n->zero[side], n->multiplier[side], n->shift[side]);
}

static int32_t result_of(const zi_add_numbers *n, int32_t sum)
{
    return zi_clamp(zi_requant(sum, n->out_multiplier, n->out_shift), n->lo, n->hi);
}

int32_t zi_add_exact(const zi_add_numbers *n, int32_t a, int32_t b)
{
    return result_of(n, term(n, 0, a) + term(n, 1, b));
}

/** Fraction bits: as many as the engine has that leave every sum below 2^30, so that mending cannot
 *  overflow it. */
static int32_t fraction_bits(const zi_add_numbers *n, int32_t terms[2][256], int32_t exact_bits)
{
    int64_t most = 0;
    for (int side = 0; side < 2; side++) {
        int32_t a = abs(terms[side][0]), b = abs(terms[side][255]);
        most += (int64_t)(a > b ? a : b) * n->out_multiplier;
    }
    int32_t bits = exact_bits < ZK_ADD_SHIFT_MAX ? exact_bits : ZK_ADD_SHIFT_MAX;
    while (bits > 0 && most >> (exact_bits - bits) >= (int64_t)1 << 30)
        bits--;
    return bits;
}

/** Least sum that results in `result` or more. */
static int64_t bound(const zi_sum_tables *t, int32_t result)
{
    return (int64_t)result * ((int64_t)1 << t->shift) - (result > 0 ? t->up : t->down);
}

/** Mends pairs until none is wrong; false: not within ROUNDS. */
static bool mend(const zi_add_numbers *n, int32_t terms[2][256], zi_sum_tables *t)
{
    bool changed = true;
    for (int round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (int32_t a = 0; a < 256; a++) {
            for (int32_t b = 0; b < 256; b++) {
                int32_t want = result_of(n, terms[0][a] + terms[1][b]);
                int64_t sum = (int64_t)t->term[0][a] + t->term[1][b];
                int64_t least = want == n->lo ? INT32_MIN : bound(t, want);
                int64_t most = want == n->hi ? INT32_MAX : bound(t, want + 1) - 1;
                // One side only rises and the other only falls, so that nothing goes in circles.
                if (sum < least)
                    t->term[1][b] += (int32_t)(least - sum);
                else if (sum > most)
                    t->term[0][a] -= (int32_t)(sum - most);
                changed = changed || sum < least || sum > most;
            }
        }
    }
    return !changed;
}

bool zi_sum_tables_make(const zi_add_numbers *n, zi_sum_tables *out)
{
    static const int32_t margins[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32};
    int32_t terms[2][256], exact_bits = 31 - n->out_shift; // in 2^-exact_bits of a step, exactly
    for (int32_t i = 0; i < 512; i++)
        terms[i / 256][i % 256] = term(n, i / 256, i % 256 - 128);
    out->shift = fraction_bits(n, terms, exact_bits);
    if (out->shift < ZK_ADD_SHIFT_MIN)
        return false;
    int32_t drop = exact_bits - out->shift, half = 1 << (out->shift - 1);
    int32_t unit = out->shift + n->out_shift - 1; // log2 of half a unit of the first rounding
    bool found = false;
    for (size_t i = 0; !found && i < sizeof(margins) / sizeof(margins[0]); i++) {
        int32_t margin = margins[i] * (unit > 0 ? 1 << unit : 1);
        out->up = half + margin;
        out->down = half - margin;
        for (int32_t q = 0; q < 512; q++) {
            int64_t exact = (int64_t)terms[q / 256][q % 256] * n->out_multiplier;
            out->term[q / 256][q % 256] = (int32_t)((exact + ((int64_t)1 << drop >> 1)) >> drop);
        }
        found = mend(n, terms, out);
    }
    return found;
}
