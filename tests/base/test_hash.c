/* The hash of a file is that of its bytes, and of a folder that of its files' bytes one after the
 * other, whatever blocks they are read in; checked against xxHash's one-shot function. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/file.h"
#include "temporary_folder.h"

enum { BYTES = 3000001 }; /* of several blocks, and not whole ones */
static char data[BYTES];

static void write_part(const char *name, int64_t first, int64_t count)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(ar_file_write_whole(path, data + first, (size_t)count, NULL), AR_OK);
}

static void check(const char *name, int64_t count)
{
    char path[160];
    uint64_t hash = 0;
    int64_t size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(ar_hash_path(path, &hash, &size, NULL), AR_OK);
    assert_true(hash == XXH3_64bits(data, (size_t)count));
    assert_int_equal(size, count);
    size = 0;
    assert_int_equal(ar_path_size(path, &size, NULL), AR_OK);
    assert_int_equal(size, count);
}

static void of_bytes(void **state)
{
    (void)state;
    char path[160];
    for (int64_t i = 0; i < BYTES; i++) {
        data[i] = (char)(i * i % 251);
    }
    write_part("whole", 0, BYTES);
    check("whole", BYTES);
    write_part("empty", 0, 0);
    check("empty", 0);
    snprintf(path, sizeof path, "%s/tree/10", folder);
    assert_int_equal(ar_folder_make(path, NULL), AR_OK);
    write_part("tree/2", 2000000, BYTES - 2000000);
    write_part("tree/10/b", 700, 1999300);
    write_part("tree/10/a", 0, 700);
    check("tree", BYTES);
}

static void what_is_not_there(void **state)
{
    (void)state;
    uint64_t hash;
    ar_error err = {""};
    assert_int_equal(ar_hash_path("/nowhere/at-all", &hash, NULL, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "/nowhere/at-all: cannot read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_bytes),
                                       cmocka_unit_test(what_is_not_there)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
