/* A store is made or it is not: whichever allocation fails, the call says so, leaves nothing of the
 * store's name, and the next call goes on to the same bytes as one that met no failure. */
#include "atmorep/atmorep.h"
#include "base/file.h"
#include "synthetic_file.h"

static const synthetic_shape shape = {.name = "temperature",
                                      .nlat = 5,
                                      .nlon = 6,
                                      .north = 80,
                                      .step = 40,
                                      .level_count = 1,
                                      .time_count = 16,
                                      .first_time = 1767052800, /* 2025-12-30 */
                                      .time_step = 21600,
                                      .formula = scrambled_value};

static int make_source(void **state)
{
    static const char *const text = "fields: [{name: temperature}]\n"
                                    "store: {type: int16}\n";
    char path[SYNTHETIC_PATH];
    ar_error err = {""};
    int failed = make_folder(state);
    synthetic_file("a.nc", &shape, 0, shape.time_count, 8);
    synthetic_path(path, "a.yaml");
    must(ar_file_write_whole(path, text, strlen(text), &err), &err);
    return failed;
}

static ar_status prepare(const char *name, ar_error *err)
{
    char configuration[SYNTHETIC_PATH], file[SYNTHETIC_PATH], store[SYNTHETIC_PATH];
    synthetic_path(configuration, "a.yaml");
    synthetic_path(file, "a.nc");
    synthetic_path(store, name);
    return ar_prepare(&(ar_prepare_options){.configuration = configuration,
                                            .data_paths = (const char *const[]){file},
                                            .data_path_count = 1,
                                            .out = store,
                                            .threads = 1},
                      err);
}

/* In the test's folder. */
static int run(const char *commands)
{
    char command[2 * SYNTHETIC_PATH];
    snprintf(command, sizeof command, "cd '%s' && %s", folder, commands);
    return system(command);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    ar_error err = {""};
    must(prepare("whole.zarr", &err), &err);
    const int64_t before = ar_allocation_count();
    must(prepare("again.zarr", &err), &err);
    const int64_t allocations = ar_allocation_count() - before;
    assert_int_equal(run("diff -r whole.zarr again.zarr"), 0);
    assert_true(allocations > 100);
    int64_t failures = 0;
    /* not every one: each go waits for the disk many times */
    for (int64_t n = 0; n < allocations; n += 1 + allocations / 37) {
        ar_fail_allocation_after(n);
        const ar_status status = prepare("a.zarr", &err);
        ar_fail_allocation_after(-1);
        if (status == AR_OK) { /* what was done before needs no allocation any more */
            assert_int_equal(run("diff -r whole.zarr a.zarr && rm -r a.zarr"), 0);
            continue;
        }
        assert_int_equal(status, AR_ERROR_MEMORY);
        assert_int_not_equal(run("test -e a.zarr"), 0);
        failures++;
    }
    assert_true(failures > 10);
    must(prepare("a.zarr", &err), &err);
    assert_int_equal(run("diff -r whole.zarr a.zarr && test ! -e a.zarr.part"), 0);
}

/* A folder that cannot be made is an error that names it. */
static void nowhere_to_write(void **state)
{
    (void)state;
    ar_error err = {""};
    assert_int_equal(prepare("not/there/a.zarr", &err), AR_ERROR_SYSTEM);
    assert_non_null(strstr(err.message, "a.zarr.part: cannot make this folder"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail),
                                       cmocka_unit_test(nowhere_to_write)};
    return cmocka_run_group_tests(tests, make_source, remove_folder);
}
