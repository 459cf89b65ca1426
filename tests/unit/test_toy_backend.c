/* SPDX-License-Identifier: Apache-2.0 */
/* The example of docs/porting-a-backend.md: it takes its nodes, and fails as it should. */
#include <stdio.h>
#include <string.h>

#include "exec/session.h"
#include "support/graph_builder.h"
#include "support/reference.h"
#include "support/toy_backend.h"

static zi_id lut(builder *b, zi_id x, int32_t factor)
{
    zi_id table, y;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, "", ZURT_S8, DIMS(256), NULL, &table, &data),
                     ZURT_OK);
    for (int32_t i = 0; i < 256; i++)
        ((int8_t *)data)[i] = (int8_t)((i * factor + 5) & 0xff);
    y = build_op(b, ZI_OP_Lut, "", NULL, 2, x, table);
    build_quant(b, y, 0.5f, 0);
    return y;
}

/* x -> Lut -> Lut -> Max -> Lut, the first result an output too. */
static builder sample(void)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(2, 3, 5, 7));
    build_quant(&b, x, 0.5f, 0);
    zi_id first = lut(&b, x, 3);
    zi_id second = lut(&b, first, 7);
    zi_id most = build_op(&b, ZI_OP_Max, "", NULL, 2, second, x);
    build_quant(&b, most, 0.5f, 0);
    build_output(&b, first);
    build_output(&b, lut(&b, most, 11));
    return b;
}

static zurt_session *open_session(builder *b, uint32_t fallback)
{
    static struct zurt_model model;
    zi_accelerators toy = {.candidates = {&zt_backend_toy}, .n = 1, .required = true};
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.fallback = fallback;
    options.profile = 1;
    zurt_session *s = NULL;
    model = zt_model_of(b->g);
    if (zi_session_create(b->ctx, &model, &options, &toy, &s))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    return s;
}

static void its_nodes_run_on_it_and_give_the_same_bytes(void **state)
{
    (void)state;
    builder b = sample();
    zt_io expected = zt_io_create(b.g, 1), got = zt_io_create(b.g, 1);
    assert_int_equal(zt_reference_run(b.ctx, b.g, &expected), ZURT_OK);
    zurt_session *s = open_session(&b, 0);
    atomic_store(&zt_toy.n_commands, 0);
    assert_int_equal(zurt_session_run(s, got.in, 1, got.out, 2), ZURT_OK);
    assert_int_equal(zt_io_compare(&expected, &got), -1);
    assert_int_equal(atomic_load(&zt_toy.n_commands), 3);
    char devices[64] = "";
    zurt_profile_entry e;
    for (size_t i = 0; zurt_session_profile(s, i, &e) == ZURT_OK; i++)
        snprintf(devices + strlen(devices), sizeof(devices) - strlen(devices), "%s:%s ", e.op,
                 e.device);
    assert_string_equal(devices, "Lut:toy Lut:toy Max:cpu Lut:toy ");
    zurt_session_destroy(s);
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    builder_free(&b);
}

static void a_broken_device_says_so_or_leaves_it_to_the_cpu(void **state)
{
    (void)state;
    builder b = sample();
    zt_io expected = zt_io_create(b.g, 2), got = zt_io_create(b.g, 2);
    assert_int_equal(zt_reference_run(b.ctx, b.g, &expected), ZURT_OK);
    for (uint32_t fallback = 0; fallback < 2; fallback++) {
        zurt_session *s = open_session(&b, fallback);
        atomic_store(&zt_toy.broken, true);
        zurt_status st = zurt_session_run(s, got.in, 1, got.out, 2);
        atomic_store(&zt_toy.broken, false);
        assert_int_equal(st, fallback ? ZURT_OK : ZURT_E_DEVICE);
        if (fallback)
            assert_int_equal(zt_io_compare(&expected, &got), -1);
        else
            assert_non_null(strstr(zurt_ctx_error(b.ctx), "toy: the device does not answer"));
        assert_int_equal(zurt_session_run(s, got.in, 1, got.out, 2), ZURT_OK); // the next one works
        assert_int_equal(zt_io_compare(&expected, &got), -1);
        zurt_session_destroy(s);
    }
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_nodes_run_on_it_and_give_the_same_bytes),
        cmocka_unit_test(a_broken_device_says_so_or_leaves_it_to_the_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
