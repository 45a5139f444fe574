/* What the tests of the io room share: temporary folders, and files that Python libraries wrote
 * together with what these libraries read from them (make_fixtures.py). */
#ifndef AR_TESTS_IO_FIXTURES_H
#define AR_TESTS_IO_FIXTURES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/source.h"

enum { SKIP = 77, LINE = 2048 };

static inline void make_folder(char path[64])
{
    strcpy(path, "/tmp/atmorep-io-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static inline int run_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline int run_command(const char *format, ...)
{
    char command[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    int code = system(command);
    return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static inline void remove_folder(const char *path)
{
    assert_int_equal(run_command("rm -rf '%s'", path), 0);
}

/* Run make_fixtures.py into `folder`; skips the test visibly where Python's modules are missing.
 * The system's Python is asked first: the distribution's packages belong to it. */
static inline void make_fixtures(const char *kind, const char *folder, const char *data)
{
    const char *python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
    int code = run_command("%s -W ignore tests/io/make_fixtures.py %s '%s' '%s'", python, kind,
                           folder, data);
    if (code == SKIP || code == 127) {
        print_message("skipped: python3 with xarray, zarr, numcodecs and netCDF4 is not there\n");
        remove_folder(folder);
        skip();
    }
    assert_int_equal(code, 0);
}

static inline bool have_data(const char *path)
{
    if (!ar_path_exists(path)) {
        print_message("skipped: %s is not there\n", path);
        return false;
    }
    return true;
}

static inline bool same(double found, double right, double tolerance)
{
    return (isnan(found) && isnan(right)) || found == right || fabs(found - right) <= tolerance;
}

static inline int64_t element_count(const ar_variable *variable)
{
    int64_t count = 1;
    for (int d = 0; d < variable->rank; d++) {
        count *= variable->shape[d];
    }
    return count;
}

static inline ar_status read_whole(ar_source *source, const ar_variable *variable, double *values,
                                   ar_error *err)
{
    const int64_t start[AR_RANK_MAX] = {0};
    return ar_source_read_double(source, variable, start, variable->shape, values, err);
}

static inline double *read_dump(const char *path, int64_t count)
{
    char *raw = NULL;
    size_t bytes;
    ar_error err;
    assert_int_equal(ar_file_read_whole(path, (size_t)1 << 30, &raw, &bytes, &err), AR_OK);
    assert_int_equal(bytes, (size_t)count * sizeof(double));
    return (double *)raw;
}

/* Float reading must be the double reading rounded once. */
static inline void check_float(ar_source *source, const ar_variable *variable, const double *values)
{
    int64_t count = element_count(variable);
    float *floats = malloc((size_t)count * sizeof *floats + 1);
    const int64_t start[AR_RANK_MAX] = {0};
    ar_error err;
    assert_int_equal(ar_source_read_float(source, variable, start, variable->shape, floats, &err),
                     AR_OK);
    for (int64_t i = 0; i < count; i++) {
        assert_true(same(floats[i], (float)values[i], 0));
    }
    free(floats);
}

static inline void check_values(ar_source *source, const char *name, const char *dump,
                                double tolerance)
{
    ar_error err = {""};
    const ar_variable *variable = ar_source_find(source, name);
    if (!variable) {
        fail_msg("%s: no variable %s", ar_source_path(source), name);
        return;
    }
    int64_t count = element_count(variable);
    double *right = read_dump(dump, count);
    double *values = malloc((size_t)count * sizeof *values + 1);
    if (read_whole(source, variable, values, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!same(values[i], right[i], tolerance)) {
            fail_msg("%s %s[%lld]: read %.17g, right is %.17g (tolerance %g)",
                     ar_source_path(source), name, (long long)i, values[i], right[i], tolerance);
        }
    }
    check_float(source, variable, values);
    free(values);
    ar_free(right);
}

static inline void check_error(ar_source *source, const char *name, char *words)
{
    ar_error err = {""};
    const ar_variable *variable = ar_source_find(source, name);
    assert_non_null(variable);
    double *values = malloc((size_t)element_count(variable) * sizeof *values);
    if (read_whole(source, variable, values, &err) == AR_OK) {
        fail_msg("%s: %s was read although it is wrong", ar_source_path(source), name);
    }
    assert_non_null(strstr(err.message, ar_source_path(source)));
    assert_non_null(strstr(err.message, name));
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        if (!strstr(err.message, word)) {
            fail_msg("%s: the message lacks \"%s\": %s", name, word, err.message);
        }
    }
    free(values);
}

/* Check every line of a manifest, and return how many there were. */
static inline int check_manifest(const char *folder)
{
    char path[128], line[LINE], opened[LINE] = "";
    snprintf(path, sizeof path, "%s/manifest.txt", folder);
    FILE *manifest = fopen(path, "r");
    assert_non_null(manifest);
    ar_source *source = NULL;
    int lines = 0;
    while (fgets(line, sizeof line, manifest)) {
        char kind[8], store[LINE], name[256], rest[LINE];
        line[strcspn(line, "\n")] = '\0';
        assert_int_equal(sscanf(line, "%7s %2047s %255s %2047[^\n]", kind, store, name, rest), 4);
        if (strcmp(store, opened) != 0) {
            ar_error err = {""};
            ar_source_close(&source);
            if (ar_source_open(&source, store, &err) != AR_OK) {
                fail_msg("%s", err.message);
            }
            strcpy(opened, store);
        }
        if (strcmp(kind, "error") == 0) {
            check_error(source, name, rest);
        } else {
            char dump[LINE];
            double tolerance;
            assert_int_equal(sscanf(rest, "%2047s %lf", dump, &tolerance), 2);
            check_values(source, name, dump, tolerance);
        }
        lines++;
    }
    fclose(manifest);
    ar_source_close(&source);
    return lines;
}

#endif
