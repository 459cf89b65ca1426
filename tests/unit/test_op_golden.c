/* SPDX-License-Identifier: Apache-2.0 */
/* int8 operators against TFLite's reference kernels: golden/op_golden.h, every byte. */
#include <math.h>

#include "golden/op_golden.h"
#include "support/op_runner.h"

static void set_attr(zi_node *n, const golden_case *c)
{
    if (c->op == ZI_OP_Softmax)
        n->attr.axis.axis = c->tensors[0].rank - 1;
    else if (c->op == ZI_OP_Quantize)
        n->attr.axis.axis = ZURT_S8;
    else if (c->op == ZI_OP_AveragePool)
        n->attr.pool = (zi_attr_pool){.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    else if (c->axes)
        n->attr.reduce = (zi_attr_reduce){c->axes, true};
    if (c->activation) {
        n->clamp_lo = 0.0f;
        n->clamp_hi = c->activation == 3 ? 6.0f : INFINITY;
    }
}

static void run_case(const golden_case *c)
{
    static const char *const names[] = {"a", "b"};
    builder b = builder_make();
    zi_id in[2], out = build_tensor(&b, "out");
    for (int i = 0; i < c->n_in; i++) {
        in[i] = build_input(&b, names[i], ZURT_S8, c->tensors[i].rank, c->tensors[i].dims);
        build_quant(&b, in[i], c->tensors[i].scale, c->tensors[i].zero_point);
    }
    const golden_tensor *y = &c->tensors[c->n_in];
    build_quant(&b, out, y->scale, y->zero_point);
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b.ctx, b.g, c->op, "", in, (uint32_t)c->n_in, &out, 1, &n),
                     ZURT_OK);
    set_attr(n, c);
    assert_int_equal(zi_node_infer(b.ctx, b.g, n), ZURT_OK);
    int8_t *r = run_last(&b, (const void *const *)c->in);
    size_t elems = zi_tensor_elems(&b.g->tensors[out]);
    for (size_t i = 0; i < elems; i++) {
        if (r[i] != c->out[i])
            fail_msg("case %d, %s: element %zu of %zu is %d, TFLite's %d", (int)(c - golden_cases),
                     zi_op_name((uint32_t)c->op), i, elems, r[i], c->out[i]);
    }
    free(r);
    builder_free(&b);
}

static void every_byte_equals_tflite(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(golden_cases) / sizeof(*golden_cases); i++)
        run_case(&golden_cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_equals_tflite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
