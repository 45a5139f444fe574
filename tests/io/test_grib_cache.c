/* The kept index of a GRIB file: it is used while the file is as it was, and whatever happens to it
 * the file is read right. */
#ifdef ATMOREP_GRIB
#include "grib_fixtures.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/grib_cache.h"

enum { MESSAGES = AR_GRIB_CACHE_LEAST + 6, OLD_DAY = 1, NEW_DAY = 2 };

static void write_days(const char *path, long day, int count)
{
    grib_field fields[MESSAGES];
    for (int i = 0; i < count; i++) {
        fields[i] = (grib_field){.date = 20200300 + day, .level = 100 + 10 * (i % 10), .step = i};
    }
    write_grib(path, fields, count);
}

/* The day of the first time, and the values, of which one is checked; 0: it cannot be opened. */
static int open_day(const char *path)
{
    ar_source *source = NULL;
    ar_error err = {""};
    if (ar_source_open(&source, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    double time;
    const int64_t start = 0, count = 1;
    assert_int_equal(
        ar_source_read_double(source, ar_source_find(source, "time"), &start, &count, &time, &err),
        AR_OK);
    const grib_field first = {.level = 100};
    const int64_t from[4] = {0}, size[4] = {1, 1, 1, 1};
    double value;
    const ar_variable *t = ar_source_find(source, "t");
    assert_int_equal(t->shape[0], MESSAGES);
    assert_int_equal(ar_source_read_double(source, t, from, size, &value, &err), AR_OK);
    assert_true(same(value, grib_value(&first, 60, 350), grib_tolerance));
    ar_source_close(&source);
    return (int)((time - 1582934400) / 86400); /* 2020-02-29 */
}

static void set_changed(const char *path, const struct stat *about)
{
    const struct timespec times[2] = {about->st_atim, about->st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The only file of a folder. */
static void find_index(const char *folder, char path[256])
{
    char command[128];
    snprintf(command, sizeof command, "ls %s/*.grib-index", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(path, 256, pipe));
    path[strcspn(path, "\n")] = '\0';
    assert_int_equal(pclose(pipe), 0);
}

static void an_index_is_used_while_the_file_stays(void **state)
{
    (void)state;
    char folder[64], path[128], cache[128];
    struct stat before;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/days.grib", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("ATMOREP_CACHE", cache, 1);
    write_days(path, OLD_DAY, MESSAGES);
    assert_int_equal(open_day(path), OLD_DAY);
    /* Other dates in a file of the same length and time of change: the index tells the old ones. */
    assert_int_equal(stat(path, &before), 0);
    write_days(path, NEW_DAY, MESSAGES);
    set_changed(path, &before);
    assert_int_equal(open_day(path), OLD_DAY);
    /* A file that has changed is looked through. */
    before.st_mtim.tv_sec++;
    set_changed(path, &before);
    assert_int_equal(open_day(path), NEW_DAY);
    before.st_mtim.tv_sec++;
    set_changed(path, &before);
    setenv("ATMOREP_CACHE", "", 1);
    write_days(path, OLD_DAY, MESSAGES);
    assert_int_equal(open_day(path), OLD_DAY);
    remove_folder(folder);
}

static void a_damaged_index_does_no_harm(void **state)
{
    (void)state;
    char folder[64], path[128], cache[128], kept[256], *whole;
    size_t bytes;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/days.grib", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("ATMOREP_CACHE", cache, 1);
    write_days(path, OLD_DAY, MESSAGES);
    assert_int_equal(open_day(path), OLD_DAY);
    find_index(cache, kept);
    assert_int_equal(ar_file_read_whole(kept, 1 << 24, &whole, &bytes, NULL), AR_OK);
    for (size_t i = 0; i < bytes; i += i < 160 ? 5 : 1499) {
        whole[i] = (char)(whole[i] ^ 0x55);
        assert_int_equal(ar_file_write_whole(kept, whole, bytes, NULL), AR_OK);
        assert_int_equal(open_day(path), OLD_DAY);
        whole[i] = (char)(whole[i] ^ 0x55);
    }
    for (size_t length = 0; length < bytes; length = 2 * length + 1) {
        assert_int_equal(ar_file_write_whole(kept, whole, length, NULL), AR_OK);
        assert_int_equal(open_day(path), OLD_DAY);
    }
    ar_free(whole);
    /* A folder that cannot be made. */
    setenv("ATMOREP_CACHE", path, 1);
    assert_int_equal(open_day(path), OLD_DAY);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_used_while_the_file_stays),
        cmocka_unit_test(a_damaged_index_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    return 77; /* a build without ecCodes */
}
#endif
