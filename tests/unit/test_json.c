/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer of the command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "zurt/json.h"

/* What a string becomes: the value of key "s". */
static void string_becomes(const char *value, const char *want)
{
    char text[256], whole[256];
    FILE *file = fmemopen(text, sizeof(text), "w");
    assert_non_null(file);
    json_writer j;
    json_begin(&j, file);
    json_string(&j, "s", value);
    json_end(&j);
    fclose(file);
    snprintf(whole, sizeof(whole), "{\n \"schema\": 1,\n \"s\": \"%s\"\n}\n", want);
    assert_string_equal(text, whole);
}

/* Names come from files of others: JSON is UTF-8 whatever stands in them. */
static void strings_are_always_utf8(void **state)
{
    (void)state;
    string_becomes("plain \"\\ \x01\x7f", "plain \\\"\\\\ \\u0001\\u007f");
    string_becomes("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
                   "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    string_becomes("\xff-", "\\ufffd-");                                // no first byte
    string_becomes("\xc3", "\\ufffd");                                  // cut off
    string_becomes("\xe2\x82-", "\\ufffd\\ufffd-");                     // cut off by another
    string_becomes("\xc0\xaf", "\\ufffd\\ufffd");                       // '/' in two bytes
    string_becomes("\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd");            // in three
    string_becomes("\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");            // half of a pair
    string_becomes("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"); // beyond U+10FFFF
}

static void a_matrix_too_large_to_read_is_null(void **state)
{
    (void)state;
    char text[256];
    FILE *file = fmemopen(text, sizeof(text), "w");
    assert_non_null(file);
    counts small = {.n = 2}, large = {.n = JSON_MAX_ROWS + 1};
    counts_add(&small, 1, 0, 1);
    json_writer j;
    json_begin(&j, file);
    json_matrix(&j, "small", &small);
    json_matrix(&j, "large", &large);
    json_end(&j);
    fclose(file);
    counts_free(&small);
    assert_string_equal(text, "{\n \"schema\": 1,\n \"small\": [\n  [0, 0],\n  [1, 0]\n ],\n"
                              " \"large\": null\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_always_utf8),
        cmocka_unit_test(a_matrix_too_large_to_read_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
