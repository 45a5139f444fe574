/* A file under its final name is always a whole one: through abandoned writes, kills at any moment
 * and full disks. */
#include "base/file.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "temporary_folder.h"

enum { SKIP = 77, BIG = 1 << 20 };

static void path_of(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static void assert_content(const char *path, const char *text)
{
    char *content = NULL;
    size_t bytes;
    ar_error err;
    assert_int_equal(ar_file_read_whole(path, 1000, &content, &bytes, &err), AR_OK);
    assert_int_equal(bytes, strlen(text));
    assert_string_equal(content, text); /* a zero byte follows the end */
    ar_free(content);
}

/* How many files lie in the folder whose names hold `word`. */
static int count_files(const char *word)
{
    char command[160];
    snprintf(command, sizeof command, "exit $(ls -A '%s' | grep -c '%s')", folder, word);
    return WEXITSTATUS(system(command));
}

static void written_files_are_read(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "a");
    ar_error err = {""};
    char *content = NULL;
    size_t bytes = 1;
    assert_int_equal(ar_file_read_whole(path, 10, &content, &bytes, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(ar_file_write_whole(path, "first", 5, &err), AR_OK);
    assert_content(path, "first");
    assert_int_equal(ar_file_write_whole(path, "", 0, &err), AR_OK);
    assert_content(path, "");
    assert_int_equal(ar_file_write_whole(path, "0123456789a", 11, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 10, &content, &bytes, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "11 bytes"));
    assert_null(content);
    assert_int_equal(ar_file_read_whole(folder, 10, &content, &bytes, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "regular"));
}

static void nothing_is_there_before_the_commit(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "b");
    ar_error err;
    ar_atomic_file file;
    assert_int_equal(ar_atomic_file_open(&file, path, &err), AR_OK);
    assert_int_equal(ar_atomic_file_write(&file, "new", 3, &err), AR_OK);
    assert_false(ar_path_exists(path));
    ar_atomic_file_abandon(&file);
    ar_atomic_file_abandon(&file);
    assert_int_equal(count_files("^b"), 0);

    assert_int_equal(ar_file_write_whole(path, "old", 3, &err), AR_OK);
    assert_int_equal(ar_atomic_file_open(&file, path, &err), AR_OK);
    assert_int_equal(ar_atomic_file_write(&file, "new", 3, &err), AR_OK);
    assert_content(path, "old");
    assert_int_equal(ar_atomic_file_commit(&file, &err), AR_OK);
    assert_content(path, "new");
    assert_int_equal(count_files("^b"), 1);
    ar_atomic_file_abandon(&file);
    assert_content(path, "new");
}

static void a_library_may_write_the_temporary_file(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "c");
    ar_error err;
    ar_atomic_file file;
    assert_int_equal(ar_atomic_file_reserve(&file, path, &err), AR_OK);
    assert_null(file.stream);
    FILE *stream = fopen(file.temporary_path, "w");
    assert_true(fputs("library", stream) >= 0);
    fclose(stream);
    assert_int_equal(ar_atomic_file_commit(&file, &err), AR_OK);
    assert_content(path, "library");
    /* a library that wrote nothing is found out */
    assert_int_equal(ar_atomic_file_reserve(&file, path, &err), AR_OK);
    assert_int_equal(ar_atomic_file_commit(&file, &err), AR_ERROR_SYSTEM);
    assert_content(path, "library");
}

static void places_that_cannot_be_written(void **state)
{
    (void)state;
    char path[128];
    ar_error err;
    path_of(path, "absent/d");
    assert_int_equal(ar_file_write_whole(path, "x", 1, &err), AR_ERROR_SYSTEM);
    assert_non_null(strstr(err.message, path));
    path_of(path, "a_folder");
    assert_int_equal(ar_folder_make(path, &err), AR_OK);
    assert_int_equal(ar_file_write_whole(path, "x", 1, &err), AR_ERROR_SYSTEM);
    assert_int_equal(count_files("partial"), 0);
}

/* Overwrite one file again and again with a megabyte of one letter, until killed. */
static void overwrite_until_killed(const char *path)
{
    char *content = malloc(BIG);
    alarm(30); /* never outlive a test that failed */
    for (int i = 0;; i = (i + 1) % 26) {
        memset(content, 'a' + i, BIG);
        if (ar_file_write_whole(path, content, BIG, NULL) != AR_OK) {
            _exit(1);
        }
    }
}

static void kills_leave_a_whole_file(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "killed");
    ar_error err;
    char *first = malloc(BIG);
    memset(first, 'a', BIG);
    assert_int_equal(ar_file_write_whole(path, first, BIG, &err), AR_OK);
    free(first);
    for (int kills = 0; kills < 25; kills++) {
        pid_t child = fork();
        if (child == 0) {
            overwrite_until_killed(path);
        }
        usleep(1000 + 1700 * (unsigned)kills); /* all phases of writing are met */
        assert_int_equal(kill(child, SIGKILL), 0);
        int code;
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFSIGNALED(code));
        char *content = NULL;
        size_t bytes;
        assert_int_equal(ar_file_read_whole(path, BIG, &content, &bytes, &err), AR_OK);
        assert_int_equal(bytes, BIG);
        assert_memory_equal(content, content + 1, BIG - 1); /* one letter all through */
        ar_free(content);
    }
}

/* In a child: write 1 MiB where only 64 KiB fit. 0: it failed as it should. */
static int overwrite_on_full_disk(const char *path)
{
    char *content = calloc(1, BIG);
    ar_error err = {""};
    ar_status status = ar_file_write_whole(path, content, BIG, &err);
    free(content);
    return status == AR_ERROR_SYSTEM && strstr(err.message, path) ? 0 : 1;
}

static int with_limited_files(const char *path)
{
    const struct rlimit limit = {1 << 16, 1 << 16};
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? overwrite_on_full_disk(path) : SKIP;
}

/* A file system of 64 KiB that only this child sees. */
static int with_small_disk(const char *path)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=64k") != 0) {
        return SKIP;
    }
    if (ar_file_write_whole(path, "old", 3, NULL) != AR_OK || overwrite_on_full_disk(path) != 0) {
        return 1;
    }
    char *content = NULL;
    size_t bytes;
    bool kept = ar_file_read_whole(path, 10, &content, &bytes, NULL) == AR_OK &&
                strcmp(content, "old") == 0 && count_files("partial") == 0;
    ar_free(content);
    return kept ? 0 : 2;
}

static void run_in_child(int (*function)(const char *), const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(function(path));
    }
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    if (WEXITSTATUS(code) == SKIP) {
        print_message("skipped: this needs a right that the test does not have\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(code), 0);
}

static void a_file_too_large_keeps_the_old_one(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "limited");
    assert_int_equal(ar_file_write_whole(path, "old", 3, NULL), AR_OK);
    run_in_child(with_limited_files, path);
    assert_content(path, "old");
    assert_int_equal(count_files("limited"), 1);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "full");
    run_in_child(with_small_disk, path);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "memory");
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed++) {
        ar_fail_allocation_after(failed);
        status = ar_file_write_whole(path, "new", 3, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_int_equal(count_files("memory"), status == AR_OK);
        assert_true(failed < 100);
    }
    assert_content(path, "new");
}

static void folders_and_paths(void **state)
{
    (void)state;
    char path[128], *joined = NULL;
    ar_error err;
    path_of(path, "x/y//z/");
    assert_int_equal(ar_folder_make(path, &err), AR_OK);
    assert_int_equal(ar_folder_make(path, &err), AR_OK);
    assert_true(ar_path_is_folder(path));
    path_of(path, "plain");
    assert_int_equal(ar_file_write_whole(path, "x", 1, &err), AR_OK);
    assert_false(ar_path_is_folder(path));
    assert_true(ar_path_exists(path));
    path_of(path, "plain/below");
    assert_int_equal(ar_folder_make(path, &err), AR_ERROR_SYSTEM);
    assert_false(ar_path_exists(path));
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ar_path_join(&joined, cases[i][0], cases[i][1], &err), AR_OK);
        assert_string_equal(joined, cases[i][2]);
        ar_free(joined);
    }
}

static void parts_of_a_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *above, *name;
        size_t length;
    } cases[] = {{"a", ".", "a", 1},         {"a/", ".", "a/", 1},      {"a/b", "a", "b", 3},
                 {"a/b//", "a", "a/b//", 3}, {"a//b", "a/", "b", 4},    {"/a", "/", "a", 2},
                 {"/", "/", "/", 1},         {"/a/b.c", "/a", "b.c", 6}};
    ar_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *above = NULL;
        assert_int_equal(ar_path_folder(&above, cases[i].path, &err), AR_OK);
        assert_string_equal(above, cases[i].above);
        ar_free(above);
        assert_string_equal(ar_path_file_name(cases[i].path), cases[i].name);
        assert_int_equal(ar_path_length(cases[i].path), cases[i].length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_files_are_read),
        cmocka_unit_test(nothing_is_there_before_the_commit),
        cmocka_unit_test(a_library_may_write_the_temporary_file),
        cmocka_unit_test(places_that_cannot_be_written),
        cmocka_unit_test(kills_leave_a_whole_file),
        cmocka_unit_test(a_file_too_large_keeps_the_old_one),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(folders_and_paths),
        cmocka_unit_test(parts_of_a_path),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
