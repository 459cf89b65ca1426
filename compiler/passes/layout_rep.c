/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of axes that are split, permuted and merged, for the layout pass. */
#include "passes/layout_rep.h"

#include <string.h>

zc_rep zc_rep_make(zi_id held, int32_t rank, const int32_t *dims, const int32_t *stored)
{
    zc_rep r = {.held = held, .n = (uint8_t)rank, .quant_axis = -1};
    for (int32_t i = 0; i < rank; i++) {
        r.size[i] = dims[i];
        r.axis[i] = (uint8_t)i;
        r.pos[stored ? stored[i] : i] = (uint8_t)i;
    }
    return r;
}

void zc_rep_transpose(zc_rep *r, int32_t rank, const int32_t *perm)
{
    zc_rep from = *r;
    uint8_t n = 0;
    for (int32_t i = 0; i < rank; i++) {
        if (perm[i] == from.quant_axis)
            r->quant_axis = (int8_t)i;
        for (uint8_t a = 0; a < from.n; a++) {
            if (from.axis[a] != perm[i])
                continue;
            r->size[n] = from.size[a];
            r->pos[n] = from.pos[a];
            r->axis[n++] = (uint8_t)i;
        }
    }
}

int32_t zc_rep_atoms(const zc_rep *r, int32_t rank, const int32_t *axes, uint8_t *atoms)
{
    int32_t count = 0;
    for (int32_t i = 0; i < rank; i++) {
        for (uint8_t a = 0; a < r->n; a++) {
            if (axes[i] == r->axis[a] && r->size[a] != 1)
                atoms[count++] = a;
        }
    }
    return count;
}

void zc_rep_ranks(const zc_rep *r, const uint8_t *atoms, int32_t count, uint8_t *ranks)
{
    for (int32_t i = 0; i < count; i++) {
        ranks[i] = 0;
        for (int32_t k = 0; k < count; k++) {
            if (r->pos[atoms[k]] < r->pos[atoms[i]])
                ranks[i]++;
        }
    }
}

bool zc_rep_axis_order(const zc_rep *r, int32_t rank, int32_t *order)
{
    uint8_t first[ZURT_MAX_RANK]; // place of each axis's first atom
    for (int32_t i = r->n - 1; i >= 0; i--)
        first[r->axis[i]] = r->pos[i];
    for (int32_t i = 0; i < rank; i++) {
        int32_t place = 0;
        for (int32_t k = 0; k < rank; k++)
            place += first[k] < first[i];
        order[place] = i;
    }
    uint8_t atoms[ZC_MAX_ATOMS], ranks[ZC_MAX_ATOMS];
    int32_t count = zc_rep_atoms(r, rank, order, atoms);
    zc_rep_ranks(r, atoms, count, ranks);
    for (int32_t i = 0; i < count; i++) {
        if (ranks[i] != i)
            return false;
    }
    return true;
}

/** Without atoms of 1, and with neighbours joined that are neighbours in store too. */
static zc_rep joined(const zc_rep *r)
{
    uint8_t atoms[ZC_MAX_ATOMS] = {0}, ranks[ZC_MAX_ATOMS] = {0};
    int32_t count = 0;
    for (uint8_t a = 0; a < r->n; a++) {
        if (r->size[a] != 1)
            atoms[count++] = a;
    }
    zc_rep_ranks(r, atoms, count, ranks);
    zc_rep out = {.held = r->held};
    for (int32_t i = 0; i < count; i++) {
        int64_t product = out.n ? (int64_t)out.size[out.n - 1] * r->size[atoms[i]] : INT64_MAX;
        if (i && ranks[i] == ranks[i - 1] + 1 && product <= INT32_MAX) {
            out.size[out.n - 1] = (int32_t)product;
            continue;
        }
        out.size[out.n] = r->size[atoms[i]];
        out.pos[out.n++] = ranks[i];
    }
    return out;
}

/** Elements of the axes before `axis`, and of `axis` itself. */
static void extent(const zc_rep *r, int32_t axis, int64_t *before, int64_t *own)
{
    *before = *own = 1;
    for (uint8_t a = 0; a < r->n; a++) {
        *before *= r->axis[a] < axis ? r->size[a] : 1;
        *own *= r->axis[a] == axis ? r->size[a] : 1;
    }
}

/** Scales per slice stay with their axis, if it lives on as one. */
static bool keep_quant_axis(const zc_rep *from, zc_rep *to, int32_t rank)
{
    to->quant_axis = -1;
    if (from->quant_axis < 0)
        return true;
    int64_t before, own;
    extent(from, from->quant_axis, &before, &own);
    for (int32_t d = 0; d < rank; d++) {
        int64_t new_before, new_own;
        extent(to, d, &new_before, &new_own);
        if (new_before == before && new_own == own)
            to->quant_axis = (int8_t)d;
    }
    return to->quant_axis >= 0;
}

/** True if the atoms stand in store as they do in the tensor. */
static bool is_plain(const zc_rep *r)
{
    for (uint8_t a = 1; a < r->n; a++) {
        if (r->pos[a] < r->pos[a - 1])
            return false;
    }
    return true;
}

/** Sort keys of new atoms: far apart for the old ones, with room for cuts and ones between. */
enum { KEY_ATOM = 1024, KEY_CUT = 16 };

bool zc_rep_reshape(zc_rep *r, int32_t rank, const int32_t *dims)
{
    zc_rep from = joined(r);
    zc_rep out = {.held = r->held, .dequantise = r->dequantise};
    int32_t keys[ZC_MAX_ATOMS], key = 0, cuts = 0, larger = 0;
    uint8_t a = 0;
    int32_t rest = from.n ? from.size[0] : 1;
    bool plain = is_plain(&from); // else axes of 1 go to the front, where a batch of 1 stands
    for (int32_t d = 0; d < rank; d++) {
        int32_t left = dims[d];
        if (left < 1 || (left == 1 && out.n == ZC_MAX_ATOMS))
            return false;
        if (left == 1) {
            out.size[out.n] = 1;
            out.axis[out.n] = (uint8_t)d;
            keys[out.n++] = plain ? ++key : d - rank;
        }
        while (left > 1) {
            int32_t piece = rest < left ? rest : left;
            const bool is_cut = a < from.n && piece >= 1 && rest % piece == 0 && left % piece == 0;
            if (!is_cut || ++larger > ZURT_MAX_RANK || out.n == ZC_MAX_ATOMS)
                return false;
            key = KEY_ATOM * (from.pos[a] + 1) + KEY_CUT * cuts++;
            out.size[out.n] = piece;
            out.axis[out.n] = (uint8_t)d;
            keys[out.n++] = key;
            left /= piece;
            rest /= piece;
            if (rest == 1) {
                cuts = 0;
                a++;
                rest = a < from.n ? from.size[a] : 1;
            }
        }
    }
    for (uint8_t i = 0; i < out.n; i++) {
        for (uint8_t k = 0; k < out.n; k++)
            out.pos[i] = (uint8_t)(out.pos[i] + (keys[k] < keys[i]));
    }
    if (a != from.n || !keep_quant_axis(r, &out, rank))
        return false;
    *r = out;
    return true;
}
