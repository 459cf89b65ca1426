/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum as sums, transposes, products and MatMul. Operands are taken from left to right, two at a
 * time; each pair is brought to [batch.., rows, inner] x [batch.., inner, columns].
 * Ref: ONNX Einsum-12. */
#include <string.h>

#include "import/onnx/importer.h"

enum {
    N_LETTERS = 52,                       /* a-z, A-Z */
    N_LABELS = N_LETTERS + ZURT_MAX_RANK, /* and the axes of an ellipsis, the last one first */
    NO_LABEL = N_LABELS
};

/* Labels of the axes of one tensor. */
typedef struct term {
    zi_id id;
    int32_t rank;
    uint8_t label[ZURT_MAX_RANK];
} term;

typedef struct label_list {
    int32_t n;
    uint8_t label[N_LABELS];
} label_list;

static uint64_t bit(uint8_t label)
{
    return (uint64_t)1 << label;
}

static uint64_t labels_of(const term *t)
{
    uint64_t set = 0;
    for (int32_t i = 0; i < t->rank; i++)
        set |= bit(t->label[i]);
    return set;
}

/* ---- the equation --------------------------------------------------------------------------- */

static uint8_t label_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a');
    return c >= 'A' && c <= 'Z' ? (uint8_t)(26 + c - 'A') : (uint8_t)NO_LABEL;
}

/* One side of a comma or arrow, up to `end`. `ellipsis_axes` are what "..." stands for. */
static zurt_status read_term(zc_onnx *o, const char *p, const char *end, int32_t ellipsis_axes,
                             term *t)
{
    bool dots = false;
    uint64_t seen = 0;
    t->rank = 0;
    while (p < end) {
        int32_t n = 1;
        uint8_t label = label_of(*p);
        if (*p == ' ') {
            p++;
            continue;
        }
        if (end - p >= 3 && strncmp(p, "...", 3) == 0 && !dots) {
            dots = true;
            n = ellipsis_axes;
            p += 2;
        } else if (label == NO_LABEL) {
            return zc_fail(o, ZURT_E_FORMAT, "equation: '%c' is no label", *p >= ' ' ? *p : '?');
        }
        p++;
        if (t->rank + n > ZURT_MAX_RANK)
            return zc_fail(o, ZURT_E_LIMIT, "equation: more than %d axes", ZURT_MAX_RANK);
        for (int32_t i = 0; i < n; i++) {
            uint8_t l = label == NO_LABEL ? (uint8_t)(N_LETTERS + n - 1 - i) : label;
            if (seen & bit(l))
                return zc_fail(o, ZURT_E_UNSUPPORTED,
                               "equation: a label twice in one term, a diagonal; take it on the "
                               "host, or multiply by a constant mask");
            seen |= bit(l);
            t->label[t->rank++] = l;
        }
    }
    return ZURT_OK;
}

static int32_t count_letters(const char *p, const char *end)
{
    int32_t n = 0;
    for (; p < end; p++)
        n += label_of(*p) != NO_LABEL;
    return n;
}

/* Terms of the operands; `end` is where they end in the equation. */
static zurt_status read_operands(zc_onnx *o, const char *equation, const char *end, term *terms,
                                 int32_t *ellipsis_axes)
{
    const char *p = equation;
    *ellipsis_axes = 0;
    for (uint32_t i = 0; i < o->n_in; i++) {
        const char *stop = p;
        while (stop < end && *stop != ',')
            stop++;
        if (!zc_has(o, i) || (stop == end) != (i + 1 == o->n_in))
            return zc_fail(o, ZURT_E_FORMAT, "equation: its terms are not the %u operands",
                           (unsigned)o->n_in);
        terms[i].id = o->in[i];
        int32_t rank = zc_input(o, i)->rank, rest = rank - count_letters(p, stop);
        zurt_status st = read_term(o, p, stop, rest < 0 ? 0 : rest, &terms[i]);
        if (st)
            return st;
        if (terms[i].rank != rank)
            return zc_fail(o, ZURT_E_FORMAT, "equation: %d labels for operand %u of rank %d",
                           (int)terms[i].rank, (unsigned)i, (int)rank);
        *ellipsis_axes = rest > *ellipsis_axes ? rest : *ellipsis_axes;
        p = stop + 1;
    }
    return ZURT_OK;
}

/* Without an arrow: the ellipsis, then in alphabetical order what stands once. Capitals first. */
static zurt_status implied_output(zc_onnx *o, const term *terms, int32_t ellipsis_axes, term *out)
{
    uint32_t times[N_LABELS] = {0};
    for (uint32_t i = 0; i < o->n_in; i++) {
        for (int32_t k = 0; k < terms[i].rank; k++)
            times[terms[i].label[k]]++;
    }
    out->rank = 0;
    for (int32_t i = ellipsis_axes; i-- > 0;)
        out->label[out->rank++] = (uint8_t)(N_LETTERS + i);
    for (int32_t i = 0; i < N_LETTERS; i++) {
        uint8_t label = (uint8_t)((i + 26) % N_LETTERS);
        if (times[label] != 1)
            continue;
        if (out->rank == ZURT_MAX_RANK)
            return zc_fail(o, ZURT_E_LIMIT, "equation: a result of more than %d axes",
                           ZURT_MAX_RANK);
        out->label[out->rank++] = label;
    }
    return ZURT_OK;
}

static zurt_status read_equation(zc_onnx *o, term *terms, term *out)
{
    const char *equation = NULL;
    int32_t ellipsis_axes;
    zurt_status st = zc_attr_string(o, "equation", "", &equation);
    if (st)
        return st;
    if (!*equation)
        return zc_fail(o, ZURT_E_FORMAT, "attribute 'equation' is missing");
    const char *arrow = strstr(equation, "->"), *end = equation + strlen(equation);
    st = read_operands(o, equation, arrow ? arrow : end, terms, &ellipsis_axes);
    if (st)
        return st;
    if (arrow)
        st = read_term(o, arrow + 2, end, ellipsis_axes, out);
    else
        st = implied_output(o, terms, ellipsis_axes, out);
    uint64_t known = 0;
    for (uint32_t i = 0; i < o->n_in; i++)
        known |= labels_of(&terms[i]);
    if (!st && (labels_of(out) & ~known))
        st = zc_fail(o, ZURT_E_FORMAT, "equation: the result has a label that no operand has");
    return st;
}

/* ---- one tensor ----------------------------------------------------------------------------- */

/* Sums over the labels that `keep` does not have. */
static zurt_status sum_away(zc_onnx *o, uint64_t keep, term *t)
{
    uint32_t axes = 0;
    term left = {.id = t->id};
    for (int32_t i = 0; i < t->rank; i++) {
        if (keep & bit(t->label[i]))
            left.label[left.rank++] = t->label[i];
        else
            axes |= 1u << i;
    }
    zurt_status st =
        axes ? zc_emit_reduce(o, ZI_OP_ReduceSum, "sum", t->id, axes, false, &left.id) : ZURT_OK;
    if (!st)
        *t = left;
    return st;
}

/* Axes in the order of `to`, a list of the same labels. */
static zurt_status permute(zc_onnx *o, const label_list *to, term *t)
{
    int32_t perm[ZURT_MAX_RANK];
    bool moves = false;
    for (int32_t i = 0; i < t->rank; i++) {
        for (int32_t k = 0; k < t->rank; k++) {
            if (t->label[k] == to->label[i])
                perm[i] = k;
        }
        moves = moves || perm[i] != i;
    }
    memcpy(t->label, to->label, (size_t)t->rank);
    return moves ? zc_emit_transpose(o, "moved", t->id, perm, &t->id) : ZURT_OK;
}

/* ---- two tensors ---------------------------------------------------------------------------- */

/* The roles of a pair's labels. */
typedef struct roles {
    label_list batch, rows, columns, inner;
} roles;

static void append(label_list *l, const label_list *more)
{
    memcpy(l->label + l->n, more->label, (size_t)more->n);
    l->n += more->n;
}

static roles roles_of(const term *a, const term *b, uint64_t wanted)
{
    roles r = {0};
    for (int32_t i = 0; i < a->rank; i++) {
        uint8_t l = a->label[i];
        label_list *to = !(labels_of(b) & bit(l)) ? &r.rows : wanted & bit(l) ? &r.batch : &r.inner;
        to->label[to->n++] = l;
    }
    for (int32_t i = 0; i < b->rank; i++) {
        if (!(labels_of(a) & bit(b->label[i])))
            r.columns.label[r.columns.n++] = b->label[i];
    }
    return r;
}

/* Sizes of the axes with these labels; their product is *merged. */
static zurt_status sizes_of(zc_onnx *o, const term *t, const label_list *l, int32_t *dims,
                            int32_t *merged)
{
    int64_t product = 1;
    for (int32_t i = 0; i < l->n; i++) {
        for (int32_t k = 0; k < t->rank; k++) {
            if (t->label[k] == l->label[i])
                dims[i] = o->g->tensors[t->id].dims[k];
        }
        product *= dims[i];
        if (product > ZI_MAX_DIM)
            return zc_fail(o, ZURT_E_LIMIT, "its product has an axis of more than %d elements",
                           (int)ZI_MAX_DIM);
    }
    *merged = (int32_t)product;
    return ZURT_OK;
}

/* Labels that both have must have equal sizes, or 1, which an ellipsis stretches. */
static zurt_status check_sizes(zc_onnx *o, const term *a, const term *b)
{
    for (int32_t i = 0; i < a->rank; i++) {
        for (int32_t k = 0; k < b->rank; k++) {
            int32_t m = o->g->tensors[a->id].dims[i], n = o->g->tensors[b->id].dims[k];
            bool dots = a->label[i] >= N_LETTERS && (m == 1 || n == 1);
            if (a->label[i] == b->label[k] && m != n && !dots)
                return zc_fail(o, ZURT_E_FORMAT, "a label stands for axes of %d and %d", (int)m,
                               (int)n);
        }
    }
    return ZURT_OK;
}

/* t as [batch.., first, second], each the product of its labels. */
static zurt_status as_matrices(zc_onnx *o, const label_list *batch, const label_list *first,
                               const label_list *second, term *t)
{
    label_list order = *batch;
    int32_t dims[ZURT_MAX_RANK + 2], ignored, each[N_LABELS];
    append(&order, first);
    append(&order, second);
    if (batch->n + 2 > ZURT_MAX_RANK)
        return zc_fail(o, ZURT_E_LIMIT, "more than %d axes in common", ZURT_MAX_RANK - 2);
    zurt_status st = sizes_of(o, t, batch, dims, &ignored);
    if (!st)
        st = sizes_of(o, t, first, each, &dims[batch->n]);
    if (!st)
        st = sizes_of(o, t, second, each, &dims[batch->n + 1]);
    if (!st)
        st = permute(o, &order, t);
    if (st || (first->n == 1 && second->n == 1))
        return st;
    return zc_emit_reshape(o, "matrices", t->id, batch->n + 2, dims, &t->id);
}

/* The result with an axis for each label again. */
static zurt_status split_axes(zc_onnx *o, const roles *r, const int32_t *rows,
                              const int32_t *columns, term *c)
{
    int32_t dims[N_LABELS];
    label_list order = r->batch;
    append(&order, &r->rows);
    append(&order, &r->columns);
    if (order.n > ZURT_MAX_RANK)
        return zc_fail(o, ZURT_E_LIMIT, "a product of more than %d axes", ZURT_MAX_RANK);
    memcpy(dims, o->g->tensors[c->id].dims, (size_t)r->batch.n * sizeof(*dims));
    memcpy(dims + r->batch.n, rows, (size_t)r->rows.n * sizeof(*dims));
    memcpy(dims + r->batch.n + r->rows.n, columns, (size_t)r->columns.n * sizeof(*dims));
    c->rank = order.n;
    memcpy(c->label, order.label, (size_t)order.n);
    if (r->rows.n == 1 && r->columns.n == 1)
        return ZURT_OK;
    return zc_emit_reshape(o, "axes", c->id, order.n, dims, &c->id);
}

/* a times b, summed over the labels that are not `wanted`. */
static zurt_status contract(zc_onnx *o, term *a, term *b, uint64_t wanted, term *c)
{
    int32_t rows[N_LABELS], columns[N_LABELS], ignored;
    zurt_status st = check_sizes(o, a, b);
    if (!st)
        st = sum_away(o, wanted | labels_of(b), a);
    if (!st)
        st = sum_away(o, wanted | labels_of(a), b);
    if (!st && zc_is_weights(o, a->id, NULL) && !zc_is_weights(o, b->id, NULL)) {
        const term swapped = *a; // weights are the right operand of a fully connected layer
        *a = *b;
        *b = swapped;
    }
    const roles r = roles_of(a, b, wanted);
    if (!st)
        st = sizes_of(o, a, &r.rows, rows, &ignored);
    if (!st)
        st = sizes_of(o, b, &r.columns, columns, &ignored);
    if (!st)
        st = as_matrices(o, &r.batch, &r.rows, &r.inner, a);
    if (!st)
        st = as_matrices(o, &r.batch, &r.inner, &r.columns, b);
    if (!st && r.inner.n == 0) // [.., rows, 1] times [.., 1, columns]
        st = zc_emit2(o, ZI_OP_Mul, "product", a->id, b->id, &c->id);
    else if (!st)
        st = zc_multiply(o, a->id, b->id, ZI_NONE, &c->id);
    return st ? st : split_axes(o, &r, rows, columns, c);
}

zurt_status zc_op_einsum(zc_onnx *o)
{
    term *terms = zi_arena_calloc(&o->scratch, o->n_in, sizeof(*terms)), out = {0};
    if (!terms)
        return zc_no_memory(o);
    zurt_status st = read_equation(o, terms, &out);
    term sum = terms[0];
    for (uint32_t i = 1; i < o->n_in && !st; i++) {
        uint64_t wanted = labels_of(&out);
        for (uint32_t k = i + 1; k < o->n_in; k++)
            wanted |= labels_of(&terms[k]);
        term a = sum;
        st = contract(o, &a, &terms[i], wanted, &sum);
    }
    if (!st)
        st = sum_away(o, labels_of(&out), &sum);
    if (st)
        return st;
    label_list order = {.n = out.rank};
    memcpy(order.label, out.label, (size_t)out.rank);
    st = permute(o, &order, &sum);
    return st ? st : zc_define(o, 0, sum.id);
}
