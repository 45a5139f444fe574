/* Beginnings and ends of texts, and the text that grows: its pieces add up, and short of memory it
 * keeps the failure and adds nothing more. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(ar_text_ends_with("a.zarr", ".zarr") && ar_text_begins_with("a.zarr", "a."));
    assert_true(ar_text_ends_with("a", "") && ar_text_begins_with("", ""));
    assert_false(ar_text_ends_with("zarr", ".zarr") || ar_text_begins_with("a", "ab"));
}

static void pieces_add_up(void **state)
{
    (void)state;
    ar_growing_text text = {0};
    char expected[4001] = "";
    for (int i = 0; i < 1000; i++) {
        ar_text_add(&text, "%03d%s", i, ";");
        snprintf(expected + 4 * i, 5, "%03d;", i);
    }
    assert_int_equal(text.status, AR_OK);
    assert_int_equal(text.length, 4000);
    assert_string_equal(text.text, expected);
    ar_free(text.text);
}

static void short_of_memory(void **state)
{
    (void)state;
    ar_error err = {""};
    ar_growing_text text = {.err = &err};
    ar_fail_allocation_after(0);
    ar_text_add(&text, "first");
    ar_fail_allocation_after(-1);
    ar_text_add(&text, "second");
    assert_int_equal(text.status, AR_ERROR_MEMORY);
    assert_int_equal(text.length, 0);
    assert_true(strlen(err.message) > 0);
    ar_free(text.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(beginnings_and_ends),
                                       cmocka_unit_test(pieces_add_up),
                                       cmocka_unit_test(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
