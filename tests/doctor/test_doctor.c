/* SPDX-License-Identifier: Apache-2.0 */
/* What of zurt doctor needs no files: releases, clocks, the table of known faults, and a self-test
 * whose right answer is another. */
#define doctor_golden_output real_output
#include "zurt/doctor_golden.c"
#undef doctor_golden_output

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/ctx_fixture.h"
#include "zurt/doctor.h"

/* Nothing computes this. */
const unsigned char doctor_golden_output[DOCTOR_GOLDEN_OUTPUT_BYTES] = {0};

static doctor examined(zurt_ctx *ctx)
{
    return (doctor){.ctx = ctx, .root = "", .timeout_ms = 1000, .xrt_minor = -1, .zocl_minor = -1};
}

static void a_cpu_that_gives_other_bytes_is_a_fault(void **state)
{
    doctor d = examined(*state);
    doctor_cpu_self_test(&d);
    assert_int_equal(d.n, 1);
    assert_ptr_equal(d.findings[0].row, &doctor_rows[DOCTOR_CPU_WRONG]);
    assert_int_equal(d.findings[0].severity, DOCTOR_FAULT); // though nothing asks for the PL
    size_t n = 0;
    for (size_t i = 0; i < sizeof(real_output); i++)
        n += real_output[i] != 0;
    char words[64];
    snprintf(words, sizeof(words), "%zu of %d bytes", n, DOCTOR_GOLDEN_OUTPUT_BYTES);
    assert_string_equal(d.findings[0].what, words);
    doctor_free(&d);
}

static void *some_memory(void *self, size_t size, size_t align)
{
    int *left = self;
    (void)align;
    return (*left)-- > 0 ? malloc(size) : NULL;
}

static void give_back(void *self, void *ptr)
{
    (void)self;
    free(ptr);
}

static void a_model_that_does_not_run_is_a_fault(void **state)
{
    (void)state;
    int left = 1; // the ctx
    zurt_ctx *ctx;
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.allocator = (zurt_allocator){some_memory, give_back, &left};
    assert_int_equal(zurt_ctx_create(&options, &ctx), ZURT_OK);
    doctor d = examined(ctx);
    doctor_cpu_self_test(&d);
    assert_int_equal(d.n, 1);
    assert_ptr_equal(d.findings[0].row, &doctor_rows[DOCTOR_CPU_FAILED]);
    assert_int_equal(doctor_count(&d, DOCTOR_FAULT), 1);
    doctor_free(&d);
    zurt_ctx_destroy(ctx);
}

static void the_release_is_read_from_names_and_modules(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int minor;
    } cases[] = {{"libxrt_coreutil.so.2.13.0", 13},
                 {"2.16.0,2865a62b6a417dea523d2d5646154aa94a2cbc28", 16},
                 {"2.8.0", 8},
                 {"libxrt_coreutil.so.2", -1},
                 {"2865a62b6a417dea523d2d5646154aa94a2cbc28", -1},
                 {"2.", -1},
                 {"2.99999999999999999999.0", -1},
                 {"2.-1.0", -1},
                 {"", -1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(doctor_minor_version(cases[i].text), cases[i].minor);
}

static void clocks_within_a_hundredth_are_equal(void **state)
{
    (void)state;
    assert_int_equal(doctor_compare_clocks(300000000, 299999997), 0);
    assert_int_equal(doctor_compare_clocks(300000000, 297000000), 0);
    assert_int_equal(doctor_compare_clocks(300000000, 296999999), -1);
    assert_int_equal(doctor_compare_clocks(300000000, 303000001), 1);
    assert_int_equal(doctor_compare_clocks(UINT64_MAX, 0), -1);
}

static size_t n_bugs(int minor)
{
    size_t n = 0;
    const doctor_bug *bug;
    for (size_t i = 0; (bug = doctor_bug_at(i)); i++) {
        assert_true(bug->first >= 13 && bug->last >= bug->first);
        assert_int_equal(strncmp(bug->issue, "XRT #", 5), 0);
        n += minor >= bug->first && minor <= bug->last;
    }
    return n;
}

static void known_faults_have_their_releases(void **state)
{
    (void)state;
    assert_int_equal(n_bugs(12), 0);
    assert_int_equal(n_bugs(13), 2);
    assert_int_equal(n_bugs(16), 3);
    assert_int_equal(n_bugs(18), 1);
    assert_int_equal(n_bugs(19), 2);
    assert_int_equal(n_bugs(23), 0);
}

/* No overlay of zurt's can be had: nothing may tell a user to load one by its name. */
static void no_remedy_names_an_overlay(void **state)
{
    (void)state;
    for (int i = 0; i < N_DOCTOR_FINDINGS; i++) {
        const doctor_row *row = &doctor_rows[i];
        assert_true(row->what[0] && row->why[0] && row->mend[0]);
        assert_null(strstr(row->mend, "zurt-kv260"));
        assert_null(strstr(row->mend, "zurt-zcu104"));
        assert_true(row->without <= row->severity);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(row->name, doctor_rows[k].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cpu_that_gives_other_bytes_is_a_fault),
        cmocka_unit_test(a_model_that_does_not_run_is_a_fault),
        cmocka_unit_test(the_release_is_read_from_names_and_modules),
        cmocka_unit_test(clocks_within_a_hundredth_are_equal),
        cmocka_unit_test(known_faults_have_their_releases),
        cmocka_unit_test(no_remedy_names_an_overlay),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
