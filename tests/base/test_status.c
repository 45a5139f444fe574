/* Error messages are one line of bounded length whatever they quote. */
#include "atmorep/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void messages_are_one_line(void **state)
{
    (void)state;
    ar_error err = {"untouched"};
    assert_int_equal(ar_fail(&err, AR_ERROR_INPUT, "file %s: %d", "a\nb\tc", 3), AR_ERROR_INPUT);
    assert_string_equal(err.message, "file a b c: 3");
    assert_int_equal(ar_fail(NULL, AR_ERROR_USAGE, "nobody listens"), AR_ERROR_USAGE);
}

static void context_comes_first(void **state)
{
    (void)state;
    ar_error err;
    assert_int_equal(ar_fail(&err, AR_ERROR_INPUT, "chunk 3 is corrupt"), AR_ERROR_INPUT);
    assert_int_equal(ar_fail_within(&err, AR_ERROR_SYSTEM, "store %s", "era5"), AR_ERROR_SYSTEM);
    assert_string_equal(err.message, "store era5: chunk 3 is corrupt");
    assert_int_equal(ar_fail_within(NULL, AR_ERROR_SYSTEM, "store"), AR_ERROR_SYSTEM);
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ar_error err;
    assert_int_equal(ar_fail(&err, AR_ERROR_INPUT, "%s", text), AR_ERROR_INPUT);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    for (size_t length = 0; length < sizeof text; length += 97) {
        assert_int_equal(ar_fail(&err, AR_ERROR_INPUT, "%s", text), AR_ERROR_INPUT);
        assert_int_equal(ar_fail_within(&err, AR_ERROR_INPUT, "%s", text + length), AR_ERROR_INPUT);
        assert_true(strlen(err.message) < sizeof err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_one_line),
        cmocka_unit_test(context_comes_first),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
