/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One test for each rule of the step checker, by the text of the refusal. Whether the rules are
 * enough, conf_steps tries.
 */
#include <stdio.h>
#include <string.h>

#include "isa/zk_conflicts.h"
#include "isa/zk_cycles.h"
#include "support/step_list.h"
#include "support/step_program.h"

/* ---- a program with every kind of step ---- */

static zi_id twice(builder *b, zi_id x)
{
    const int32_t *d = b->g->tensors[x].dims;
    zi_attr attr = {.resize = {.out = {2 * d[1], 2 * d[2]},
                               .scale = {2.0f, 2.0f},
                               .coord = ZI_COORD_ASYMMETRIC,
                               .nearest = ZI_NEAREST_FLOOR}};
    return quantised(b, ZI_OP_Resize, &attr, x, ZI_NONE, 0.05f);
}

static void build_everything(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_S8, DIMS(1, 80, 64, 16));
    build_quant(b, x, 0.05f, 3);
    zi_id first = conv(b, x, 32, 3, false); // in strips that keep the weights
    zi_id rows = conv(b, first, 32, 3, true);
    zi_id sum = quantised(b, ZI_OP_Add, NULL, conv(b, rows, 32, 1, false), first, 0.05f);
    zi_id table = bytes(b, ZURT_S8, DIMS(256));
    zi_id y = quantised(b, ZI_OP_Lut, ATTR(.lut = {.op = ZI_OP_NONE}), sum, table, 0.05f);
    y = pool(b, ZI_OP_MaxPool, y, 3, 1);
    y = pool(b, ZI_OP_MaxPool, conv(b, y, 16, 1, false), 2, 2);
    zi_id mean = pool(b, ZI_OP_AveragePool, y, 2, 2);
    zi_id large = conv(b, twice(b, y), 16, 1, false);
    b->g->tensors[mean].name = "mean";
    build_output(b, large);
    build_output(b, mean);
}

static void assert_refused(program *p, const char *text)
{
    assert_int_equal(check(p), ZURT_E_INTERNAL);
    if (!strstr(zurt_ctx_error(p->b.ctx), text))
        fail_msg("expected '%s', got '%s'", text, zurt_ctx_error(p->b.ctx));
}

/* ---- steps ---- */

/* The first step of a kind (any if -1) with the flags; its number. */
static int32_t find_step(program *p, int32_t kind, int32_t flags, bool loads, zk_step *out)
{
    for (int32_t i = 0;; i++) {
        v16 *words = zt_step_at(&p->code, i);
        if (!words)
            fail_msg("no step of kind %d with flags %d", (int)kind, (int)flags);
        zk_step_unpack(words, out);
        const bool is_kind = kind < 0 || out->kind == kind;
        const bool does_load = !loads || out->load.planes > 0;
        if (is_kind && does_load && (out->flags & flags) == flags)
            return i;
    }
}

/* Puts a step in its place and expects a refusal that names it and the rule. */
static void assert_step_refused(program *p, int32_t number, const zk_step *s, const char *text)
{
    char where[64];
    int32_t epoch = 0, n, rest = number;
    while (rest >= (n = zk_get32(&p->code.steps[epoch], 1))) {
        rest -= n;
        epoch++;
    }
    snprintf(where, sizeof(where), "PL: epoch %d, step %d: ", (int)epoch, (int)rest);
    zk_step_pack(s, zt_step_at(&p->code, number));
    assert_refused(p, where);
    assert_refused(p, text);
}

/* ---- one rule ---- */

typedef enum change { KEEP = 0, SET, ADD, OR, CLEAR } change;

typedef struct edit {
    change how;
    size_t field;
    int32_t value;
} edit;

typedef struct rule {
    const char *name;
    int32_t kind, flags; // of the step that is changed
    bool loads;          // one that loads beside its work
    edit edits[4];
    const char *text;
} rule;

#define FIELD(how, name, value)                                                                    \
    {                                                                                              \
        how, offsetof(zk_step, name), value                                                        \
    }

enum { ANY = -1, WORDS = 98304 };

static const rule rules[] = {
    {"kind", ANY, 0, false, {FIELD(SET, kind, 5)}, "kind is 5, not in 0..4"},
    {"load_and_work", ZK_LOAD, 0, false, {FIELD(SET, n_ocb, 1)}, "a load with other work"},
    {"n_taps", ZK_CONV, 0, false, {FIELD(SET, n_taps, 257)}, "n_taps is 257, not in 1..256"},
    {"n_ocb", ZK_CONV, 0, false, {FIELD(SET, n_ocb, 0)}, "n_ocb is 0, not in 1..16384"},
    {"in_w", ZK_CONV, 0, false, {FIELD(SET, in.w, 0)}, "in.w is 0, not in 1..16384"},
    {"out_split", ZK_CONV, 0, false, {FIELD(SET, out.split, 3)}, "out.split is 3, not in 0..2"},
    {"lanes", ZK_CONV, 0, false, {FIELD(SET, walk.lanes, 9)}, "9 lanes, "},
    {"wr_lanes", ZK_CONV, 4, false, {FIELD(SET, walk.wr_lanes, 3)}, "3 written together"},
    {"icb", ZK_MAXPOOL, 0, false, {FIELD(SET, n_icb, 2)}, "sums over 2 input blocks"},
    {"row_n", ZK_DW_ROW, 0, false, {FIELD(SET, in.row_n, 0)}, "beyond DW_ROW"},
    {"row_lanes", ZK_DW_ROW, 0, false, {FIELD(SET, walk.lanes, 7)}, "beyond DW_ROW"},
    {"clamp",
     ZK_CONV,
     0,
     false,
     {FIELD(SET, out.lo, 9), FIELD(SET, out.hi, 8)},
     "bounds are not in order"},
    {"period", ZK_CONV, 0, false, {FIELD(ADD, walk.period, -1)}, "a period of"},
    {"too_long",
     ZK_CONV,
     0,
     false,
     {FIELD(SET, walk.period, (1 << 23) - 1), FIELD(SET, n_ocb, 1 << 14)},
     "iterations exceed 32 bits"},
    {"nowhere", ZK_CONV, 0, false, {FIELD(CLEAR, flags, 12)}, "its results go nowhere"},
    {"up2_stored", ANY, ZK_UP2, false, {FIELD(OR, flags, 8)}, "UP2 with POOL2, with a store"},
    {"stored_pairs",
     ZK_CONV,
     ZK_OUT_FIFO,
     false,
     {FIELD(SET, walk.wr_lanes, 2)},
     "stores 2 pixels"},
    {"pool2_lanes", ANY, ZK_POOL2, false, {FIELD(SET, walk.lanes, 7)}, "POOL2 of"},
    {"pool2_width", ANY, ZK_POOL2, false, {FIELD(SET, walk.w, 6)}, "POOL2 of"},
    {"add_shift_low",
     ANY,
     ZK_RESIDUAL,
     false,
     {FIELD(SET, res.shift, 17)},
     "res.shift is 17, not in 18..23"},
    {"add_shift_high",
     ANY,
     ZK_RESIDUAL,
     false,
     {FIELD(SET, res.shift, 24)},
     "res.shift is 24, not in 18..23"},
    {"out_col", ANY, ZK_OUT_BANK, false, {FIELD(SET, out.col, 0)}, "out.col is 0, not in 1..15"},
    {"groups", ZK_CONV, 0, false, {FIELD(ADD, walk.n_groups, 1)}, "do not fit together"},
    {"wrap", ZK_CONV, 0, false, {FIELD(ADD, walk.wrap_w, 1)}, "do not fit together"},
    {"start", ZK_CONV, 0, false, {FIELD(SET, walk.start_x, 1)}, "do not fit together"},
    {"table",
     ZK_CONV,
     0,
     false,
     {FIELD(SET, table, (1 << 25) - 1)},
     "table leaves the step buffer"},
    {"table_end", ANY, ZK_LUT, false, {FIELD(ADD, table, 1 << 20)}, "table leaves the step buffer"},
    {"sums",
     ZK_CONV,
     0,
     false,
     {FIELD(SET, n_icb, 1 << 14), FIELD(SET, walk.period, 1 << 18),
      FIELD(SET, in.plane, (1 << ZK_ADDRESS_BITS) - 1)},
     "addresses exceed"},
    {"reads_past", ZK_CONV, 0, false, {FIELD(SET, in.base, WORDS - 1)}, "reads outside"},
    {"adds_past", ANY, ZK_RESIDUAL, false, {FIELD(SET, res.base, WORDS - 1)}, "reads outside"},
    {"writes_past", ZK_CONV, 4, false, {FIELD(SET, out.base, WORDS - 1)}, "writes outside"},
    {"rows_meet", ZK_CONV, 4, false, {FIELD(SET, out.row, 1)}, "two results have one word"},
    {"planes_meet", ZK_CONV, 4, false, {FIELD(SET, out.plane, 1)}, "two results have one word"},
    {"read_banks", ZK_CONV, 0, false, {FIELD(SET, in.col, 2)}, "two lanes read one bank"},
    {"write_banks",
     ZK_DW_ROW,
     ZK_OUT_BANK,
     false,
     {FIELD(SET, out.split, 1), FIELD(SET, out.half, 64), FIELD(SET, out.row, 128),
      FIELD(SET, out.plane, 128 * 80)},
     "two words are written to one bank"},
    {"overwrites",
     ZK_DW_ROW,
     4,
     false,
     {FIELD(SET, in.base, 0), FIELD(SET, out.base, 64)},
     "it overwrites what it reads"},
    {"load_split", ANY, 0, true, {FIELD(SET, load.split, 3)}, "a load's field"},
    {"load_source",
     ANY,
     0,
     true,
     {FIELD(SET, load.src, (1 << 25) - 1)},
     "a load leaves the act buffer"},
    {"load_target",
     ANY,
     0,
     true,
     {FIELD(SET, load.dst, WORDS - 1)},
     "a load leaves the scratchpad"},
    {"store_words", ANY, 8, false, {FIELD(ADD, store.words, 1)}, "are computed"},
    {"store_target",
     ANY,
     8,
     false,
     {FIELD(SET, store.dst, (1 << 25) - 1)},
     "a store leaves the act buffer"},
    {"streams", ANY, 0, false, {FIELD(SET, load.w_src, 1 << 25)}, "weights beyond the streams"},
    {"reads", ZK_CONV, 0, false, {FIELD(ADD, move.reads, 1)}, "number 0 of `move` is"},
    {"starts", ZK_DW_ROW, 0, false, {FIELD(ADD, move.start_row, -1)}, "number 13 of `move` is"},
    {"load_moves", ZK_LOAD, 0, false, {FIELD(SET, move.in, 1)}, "a load with other work"},
    {"iterations", ZK_CONV, 0, false, {FIELD(ADD, iterations, 1)}, "iterations is"},
};

static void apply(zk_step *s, const edit *e)
{
    int32_t *field = (int32_t *)(void *)((char *)s + e->field);
    switch (e->how) {
    case KEEP:
        break;
    case SET:
        *field = e->value;
        break;
    case ADD:
        *field += e->value;
        break;
    case OR:
        *field |= e->value;
        break;
    case CLEAR:
        *field &= ~e->value;
        break;
    }
}

static void rule_refuses(void **state)
{
    const rule *r = *state;
    program p;
    zk_step s;
    start(&p, "kv260");
    build_everything(&p.b);
    map_graph(&p);
    if (check(&p))
        fail_msg("before the change: %s", zurt_ctx_error(p.b.ctx));
    int32_t number = find_step(&p, r->kind, r->flags, r->loads, &s);
    for (int i = 0; i < 4; i++)
        apply(&s, &r->edits[i]);
    assert_step_refused(&p, number, &s, r->text);
    finish(&p);
}

/* ---- rules about more than one step ---- */

static void start_everything(program *p)
{
    start(p, "kv260");
    build_everything(&p->b);
    map_graph(p);
}

static void loads_over_its_own_work_are_refused(void **state)
{
    (void)state;
    program p;
    zk_step s;
    start_everything(&p);
    int32_t number = find_step(&p, ZK_CONV, 0, true, &s);
    s.load.dst = s.in.base;
    assert_step_refused(&p, number, &s, "it loads over what it works on");
    finish(&p);
}

/* Iterations that write one bank after the other leave a load's words no time. */
static void loads_beside_results_that_crowd_a_bank_are_refused(void **state)
{
    (void)state;
    program p;
    zk_step s;
    start_everything(&p);
    int32_t number = find_step(&p, ANY, ZK_UP2, false, &s);
    assert_int_equal(zk_writes_suit(&s, (int32_t)p.caps.pixel_parallel), ZK_SUIT_ALONE);
    assert_int_equal(s.load.planes, 0);
    s.load.planes = s.load.words = s.load.w = 1;
    s.load.dst = WORDS - 1;
    assert_step_refused(&p, number, &s, "two words are written to one bank");
    finish(&p);
}

static void loads_of_what_the_epoch_stores_are_refused(void **state)
{
    (void)state;
    program p;
    zk_step stores, s;
    start_everything(&p);
    int32_t number = find_step(&p, ANY, ZK_OUT_FIFO, false, &stores);
    s = stores;
    s.load.planes = s.load.words = s.load.w = 1;
    s.load.src = stores.store.dst + stores.store.words - 1;
    s.load.dst = WORDS - 1;
    assert_step_refused(&p, number, &s, "it loads what its own epoch stores");
    s.load.src =
        stores.store.dst > 0 ? stores.store.dst - 1 : stores.store.dst + stores.store.words;
    zk_step_pack(&s, zt_step_at(&p.code, number));
    assert_int_equal(check(&p), ZURT_OK);
    finish(&p);
}

static void bits_of_no_field_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    for (int bit = ZK_STEP_BITS; bit < 128 * ZK_STEP_WORDS; bit++) {
        int8_t *byte = &zt_step_at(&p.code, 0)[bit / 128].b[bit / 8 % 16], before = *byte;
        *byte ^= (int8_t)(1 << bit % 8);
        assert_refused(&p, "epoch 0, step 0: a bit of no field is set");
        *byte = before;
    }
    assert_int_equal(check(&p), ZURT_OK);
    finish(&p);
}

static void weights_that_never_come_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    for (int32_t i = 0; i < zt_n_steps(&p.code); i++) {
        zk_step s;
        zk_step_unpack(zt_step_at(&p.code, i), &s);
        s.load.w_words = 0;
        zk_step_pack(&s, zt_step_at(&p.code, i));
    }
    assert_refused(&p, "it reads weights that are never taken in");
    finish(&p);
}

static void weights_that_find_no_room_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    p.caps.ring_beats = 16 * 4;
    assert_refused(&p, "its weights never find room in the ring");
    finish(&p);
}

static void words_at_wrong_places_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    v16 *header = &p.code.weights[0][0];
    zk_put32(header, 2, 1);
    assert_refused(&p, "ring word 0 is no header");
    zk_put32(header, 2, -32);
    assert_refused(&p, "ring word 0 is no header");
    zk_put32(header, 2, -31);
    zk_put32(header, 1, -1);
    assert_refused(&p, "ring word 0 is no header");
    zk_put32(header, 1, 1 << 30);
    assert_int_equal(check(&p), ZURT_OK);
    p.code.weights[3][7].b[15] = -128;
    assert_refused(&p, "ring word 1 has a weight of -128");
    finish(&p);
}

static void epochs_outside_the_buffer_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    const v16 before = p.code.steps[0];
    const int32_t bad[][2] = {
        {-1, 1},         {0, 1},           {INT32_MAX, 1},    {INT32_MIN, 1},          {1 << 20, 1},
        {-1, INT32_MAX}, {before.b[0], 0}, {before.b[0], -1}, {before.b[0], INT32_MAX}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        zk_put32(&p.code.steps[0], 0, bad[i][0]);
        zk_put32(&p.code.steps[0], 1, bad[i][1]);
        assert_refused(&p, "leave the step buffer");
    }
    p.code.steps[0] = before;
    int32_t n = p.code.n_epochs;
    p.code.n_epochs = p.code.step_words + 1;
    assert_refused(&p, "epochs in");
    p.code.n_epochs = -1;
    assert_refused(&p, "epochs in");
    p.code.n_epochs = n;
    assert_int_equal(check(&p), ZURT_OK);
    finish(&p);
}

static void every_buffer_is_used_to_its_end(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    p.code.act_words -= 4; // whole cache lines
    assert_refused(&p, "leaves the act buffer");
    p.code.act_words += 4;
    p.code.weight_words--;
    assert_refused(&p, "it takes weights beyond the streams");
    p.code.weight_words++;
    p.code.step_words--;
    assert_refused(&p, "its table leaves the step buffer");
    p.code.step_words++;
    assert_int_equal(check(&p), ZURT_OK);
    finish(&p);
}

static void engines_that_cannot_be_are_refused(void **state)
{
    (void)state;
    program p;
    start_everything(&p);
    zi_caps good = p.caps;
    p.caps.pixel_parallel = 64;
    assert_int_equal(check(&p), ZURT_E_UNSUPPORTED);
    p.caps = good;
    p.caps.ring_beats = 16 * (ZK_RING_MAX + 1);
    assert_int_equal(check(&p), ZURT_E_UNSUPPORTED);
    p.caps = good;
    p.caps.engine_version++;
    assert_int_equal(check(&p), ZURT_E_VERSION);
    finish(&p);
}

int main(void)
{
    enum { N_RULES = sizeof(rules) / sizeof(rules[0]), N_OTHERS = 10 };
    struct CMUnitTest all[N_RULES + N_OTHERS] = {
        cmocka_unit_test(loads_over_its_own_work_are_refused),
        cmocka_unit_test(loads_beside_results_that_crowd_a_bank_are_refused),
        cmocka_unit_test(loads_of_what_the_epoch_stores_are_refused),
        cmocka_unit_test(bits_of_no_field_are_refused),
        cmocka_unit_test(weights_that_never_come_are_refused),
        cmocka_unit_test(weights_that_find_no_room_are_refused),
        cmocka_unit_test(words_at_wrong_places_are_refused),
        cmocka_unit_test(epochs_outside_the_buffer_are_refused),
        cmocka_unit_test(every_buffer_is_used_to_its_end),
        cmocka_unit_test(engines_that_cannot_be_are_refused),
    };
    for (int i = 0; i < N_RULES; i++)
        all[N_OTHERS + i] = (struct CMUnitTest){.name = rules[i].name,
                                                .test_func = rule_refuses,
                                                .initial_state = (void *)(uintptr_t)&rules[i]};
    return cmocka_run_group_tests(all, NULL, NULL);
}
