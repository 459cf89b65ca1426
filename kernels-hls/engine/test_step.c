/* SPDX-License-Identifier: Apache-2.0 */
/** @file The step format and its clock, where the answer can be said in numbers. */
#include <stdio.h>
#include <string.h>

#include "isa/zk_conflicts.h"

static int failed;

static void expect(const char *what, int64_t got, int64_t want)
{
    if (got == want)
        return;
    printf("%s: %lld, expected %lld\n", what, (long long)got, (long long)want);
    failed = 1;
}

/** A number of `bits` bits: `which` of the least, the largest, and two between. */
static int32_t field_value(int bits, int is_signed, int which)
{
    int64_t ones = ((int64_t)1 << bits) - 1, least = is_signed ? -(ones >> 1) - 1 : 0;
    const int64_t values[] = {least, least + ones, least + ones / 3, least + ones / 5 * 3};
    return (int32_t)values[which];
}

/** Every field keeps its value, to the bit, and has its own place: neighbours differ. */
static void step_keeps_every_field(void)
{
    for (int turn = 0; turn < 12; turn++) {
        int number = 0;
        zk_step s, back;
        v16 words[ZK_STEP_WORDS];
        memset(&s, 0, sizeof(s));
#define ZK_FIELD(f, bits, is_signed)                                                               \
    s.f = field_value(bits, is_signed, turn < 4 ? turn : (turn + number * (turn - 3)) % 4);        \
    number++;
        ZK_STEP_FIELDS(ZK_FIELD)
#undef ZK_FIELD
        memset(&back, 0x55, sizeof(back));
        zk_step_pack(&s, words);
        zk_step_unpack(words, &back);
        expect("step, packed and unpacked", memcmp(&s, &back, sizeof(s)), 0);
        expect("a step that fits", zk_step_misfit(&s) == NULL, 1);
        expect("fields of a step", number, (int64_t)(sizeof(s) / sizeof(int32_t)));
    }
    expect("bits fill the words", ZK_STEP_WORDS * 128 - ZK_STEP_BITS < 128, 1);
}

/** One beyond either end of a field: named, and the neighbours keep their zeros. */
static void values_beyond_a_width_are_named(void)
{
#define ZK_FIELD(f, bits, is_signed)                                                               \
    for (int end = 0; end < 2; end++) {                                                            \
        zk_step s, back;                                                                           \
        v16 words[ZK_STEP_WORDS];                                                                  \
        int64_t beyond = (int64_t)field_value(bits, is_signed, end) + (end ? 1 : -1);              \
        memset(&s, 0, sizeof(s));                                                                  \
        memset(&back, 0, sizeof(back));                                                            \
        s.f = (int32_t)beyond;                                                                     \
        if (s.f != beyond)                                                                         \
            continue;                                                                              \
        expect("misfit of " #f, zk_step_misfit(&s) && !strcmp(zk_step_misfit(&s), #f), 1);         \
        zk_step_pack(&s, words);                                                                   \
        zk_step_unpack(words, &back);                                                              \
        back.f = s.f;                                                                              \
        expect("neighbours of " #f, memcmp(&s, &back, sizeof(s)), 0);                              \
    }
    ZK_STEP_FIELDS(ZK_FIELD)
#undef ZK_FIELD
}

static void tap_keeps_its_range(void)
{
    static const int32_t ends[] = {-32768, -1, 0, 1, 32767};
    for (int i = 0; i < 25; i++) {
        zk_tap t = {-123456 * (i - 12), ends[i % 5], ends[i / 5]}, back;
        v16 w = {{0}};
        zk_tap_pack(&t, i % 2, &w);
        zk_tap_unpack(&w, i % 2, &back);
        expect("tap", memcmp(&t, &back, sizeof(t)), 0);
    }
}

/** 3x3, 64 to 64 channels, 56x56, kv260: the example of docs/engine.md. */
static zk_step example(void)
{
    zk_step s = {.kind = ZK_CONV, .n_taps = 9, .n_icb = 4, .n_ocb = 4, .walk.n_groups = 392};
    s.flags = ZK_OUT_BANK;
    s.walk.lanes = 8;
    s.walk.wr_lanes = 2;
    s.walk.w = s.walk.h = s.walk.wrap_w = 56;
    s.walk.dx = 8;
    s.in.row = s.out.row = 56;
    s.in.col = s.out.col = 1;
    s.walk.period = zk_step_period(&s);
    return s;
}

static void iterations_follow_the_formula(void)
{
    zk_step s = example();
    int32_t level = 4 * 37;
    expect("period", s.walk.period, 36);
    expect("computing", zk_step_iterations(&s, 1024, &level), 4 * (1 + 392 * 36) + 4);
    expect("ring after it", level, 0);
    s.load.w_words = 30000;
    level = 4 * 37;
    expect("more weights than the ring takes", zk_step_iterations(&s, 1024, &level), -1);
    expect("ring as before", level, 4 * 37);
    s = (zk_step){.kind = ZK_LOAD, .load.w_words = 1024, .load.planes = 2, .load.words = 100};
    level = 0;
    expect("weights only", zk_step_iterations(&s, 1024, &level), 4096);
    expect("ring full", level, 1024);
    s.load.w_words = 0;
    expect("act beats only", zk_step_iterations(&s, 1024, &level), 200);
}

static void late_weights_hold_the_first_group_up(void)
{
    zk_step s = example();
    int32_t level = 0;
    s.n_ocb = 1;
    expect("no weights at all", zk_step_iterations(&s, 1024, &level), -1);
    s.load.w_words = 37;
    // the last word's last beat is in iteration 147, it is read in 151, and 391 groups follow
    expect("late weights", zk_step_iterations(&s, 1024, &level), 152 + 391 * 36 + 4);
    expect("ring after it", level, 0);
    s.flags |= ZK_KEEP_WEIGHTS;
    zk_step_iterations(&s, 1024, &level);
    expect("kept words", level, 37);
    expect("a block larger than the ring", (level = 0, zk_step_iterations(&s, 36, &level)), -1);
}

static void conflicts_are_found(void)
{
    zk_step s = example();
    expect("pitch 56", zk_reads_rotate(&s, 8), 1);
    expect("writes", zk_writes_suit(&s, 8), ZK_SUIT_LOADS);
    s.in.row = 58;
    expect("pitch 58: rows of seven groups", zk_reads_rotate(&s, 8), 1);
    s.walk.w = s.walk.wrap_w = 57;
    expect("pitch 58: a group crosses rows", zk_reads_rotate(&s, 8), 0);
    s.in.row = 57 + 8;
    expect("pitch 65", zk_reads_rotate(&s, 8), 1);
    s.in.col = 2;
    expect("two words a lane", zk_reads_rotate(&s, 8), 0);
    s.out.col = 8;
    expect("all in one bank", zk_writes_suit(&s, 8), ZK_SUIT_NOT);
    s.walk.wr_lanes = 1;
    expect("one after the other", zk_writes_suit(&s, 8), ZK_SUIT_ALONE);
}

int main(void)
{
    step_keeps_every_field();
    values_beyond_a_width_are_named();
    tap_keeps_its_range();
    iterations_follow_the_formula();
    late_weights_hold_the_first_group_up();
    conflicts_are_found();
    return failed;
}
