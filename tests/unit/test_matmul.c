/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul with broadcast batch axes. */
#include <math.h>

#include "support/op_runner.h"

typedef struct product {
    int32_t a_rank, b_rank;
    int32_t a[4], b[4];
    int32_t m, k, n;
    int32_t batches;
    int32_t a_of[6], b_of[6]; /* matrix of each operand that belongs to a batch */
} product;

static const product products[] = {
    {2, 2, {3, 4}, {4, 5}, 3, 4, 5, 1, {0}, {0}},
    {3, 2, {2, 3, 4}, {4, 5}, 3, 4, 5, 2, {0, 1}, {0, 0}},
    {2, 3, {3, 4}, {2, 4, 5}, 3, 4, 5, 2, {0, 0}, {0, 1}},
    {4, 3, {2, 1, 70, 9}, {3, 9, 80}, 70, 9, 80, 6, {0, 0, 0, 1, 1, 1}, {0, 1, 2, 0, 1, 2}},
    {4, 4, {2, 3, 1, 4}, {1, 3, 4, 1}, 1, 4, 1, 6, {0, 1, 2, 3, 4, 5}, {0, 1, 2, 0, 1, 2}},
    {2, 2, {2, 0}, {0, 3}, 2, 0, 3, 1, {0}, {0}},
};

static void batches_broadcast(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(products) / sizeof(*products); i++) {
        const product *p = &products[i];
        builder b = builder_make();
        zi_id a_id = build_input(&b, "a", ZURT_F32, p->a_rank, p->a);
        zi_id b_id = build_input(&b, "b", ZURT_F32, p->b_rank, p->b);
        zi_id y = build_op(&b, ZI_OP_MatMul, "y", NULL, 2, a_id, b_id);
        assert_int_equal(zi_tensor_elems(&b.g->tensors[y]), p->batches * p->m * p->n);
        float *as = random_f32(&b, zi_tensor_elems(&b.g->tensors[a_id]), 1.0f);
        float *bs = random_f32(&b, zi_tensor_elems(&b.g->tensors[b_id]), 1.0f);
        float *out = run_last(&b, (const void *[]){as, bs});
        for (int32_t at = 0; at < p->batches * p->m * p->n; at++) {
            const int32_t batch = at / (p->m * p->n), row = at / p->n % p->m, col = at % p->n;
            float v = 0.0f;
            for (int32_t k = 0; k < p->k; k++)
                v += as[(p->a_of[batch] * p->m + row) * p->k + k] *
                     bs[(p->b_of[batch] * p->k + k) * p->n + col];
            assert_true(fabsf(out[at] - v) < 1e-5f);
        }
        free(out);
        free(as);
        free(bs);
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(batches_broadcast)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
