/* The GRIB reader against fields that ecCodes wrote: every value tells where it belongs. */
#ifdef ATMOREP_GRIB
#include "grib_fixtures.h"

#include <pthread.h>

static ar_source *open_source(const char *path)
{
    ar_source *source = NULL;
    ar_error err = {""};
    if (ar_source_open(&source, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return source;
}

static void read_coordinate(ar_source *source, const char *name, double *values, int64_t count)
{
    ar_error err = {""};
    const ar_variable *variable = ar_source_find(source, name);
    assert_non_null(variable);
    assert_int_equal(variable->rank, 1);
    assert_int_equal(variable->shape[0], count);
    if (read_whole(source, variable, values, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

/* Every value of a [GRIB_NLAT][GRIB_NLON] slice must be that of its coordinates. */
static void check_slice(ar_source *source, const grib_field *field, const double *values)
{
    double latitude[GRIB_NLAT], longitude[GRIB_NLON];
    read_coordinate(source, "latitude", latitude, GRIB_NLAT);
    read_coordinate(source, "longitude", longitude, GRIB_NLON);
    for (int i = 0; i < GRIB_POINTS; i++) {
        double right = grib_value(field, latitude[i / GRIB_NLON], longitude[i % GRIB_NLON]);
        if (!same(values[i], right, grib_tolerance)) {
            fail_msg("value %d is %.9g, right is %.9g", i, values[i], right);
        }
    }
}

/* All ways to scan a grid, in both editions (edition 1 has no alternating lines). */
static void scanning_modes(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/scanned.grib", folder);
    for (int mode = 0; mode < 24; mode++) {
        grib_field field = {.edition = mode < 16 ? 2 : 1,
                            .level = 500,
                            .westward = mode & 1,
                            .northward = mode & 2,
                            .by_meridian = mode & 4,
                            .alternating = mode < 16 && mode & 8};
        double values[GRIB_POINTS];
        ar_error err = {""};
        write_grib(path, &field, 1);
        ar_source *source = open_source(path);
        const ar_variable *t = ar_source_find(source, "t");
        assert_non_null(t);
        assert_int_equal(t->rank, 4);
        if (read_whole(source, t, values, &err) != AR_OK) {
            fail_msg("mode %d: %s", mode, err.message);
        }
        check_slice(source, &field, values);
        check_float(source, t, values);
        ar_source_close(&source);
    }
    remove_folder(folder);
}

static void missing_values(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/gaps.grib", folder);
    for (int edition = 1; edition <= 2; edition++) {
        const grib_field field = {.edition = edition, .level = 850, .missing = 3};
        double values[GRIB_POINTS], latitude, longitude;
        ar_error err = {""};
        write_grib(path, &field, 1);
        ar_source *source = open_source(path);
        assert_int_equal(read_whole(source, ar_source_find(source, "t"), values, &err), AR_OK);
        for (int i = 0; i < GRIB_POINTS; i++) {
            grib_point(&field, i, &latitude, &longitude);
            double right = i % 3 == 1 ? NAN : grib_value(&field, latitude, longitude);
            assert_true(same(values[i], right, grib_tolerance));
        }
        ar_source_close(&source);
    }
    remove_folder(folder);
}

/* Members, times and levels in any order in the file, and what they are called. */
static void cube(void **state)
{
    (void)state;
    char folder[64], path[128];
    grib_field fields[12];
    int count = 0;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/cube.grib", folder);
    for (int i = 0; i < 12; i++) {
        int shuffled = i * 5 % 12;
        fields[count++] = (grib_field){.edition = 2,
                                       .level = shuffled % 3 * 350 + 150,
                                       .step = shuffled / 3 % 2 * 30,
                                       .time = 1800,
                                       .member = 1 + shuffled / 6};
    }
    write_grib(path, fields, count);
    ar_source *source = open_source(path);
    assert_string_equal(ar_source_format(source), "GRIB 2");
    const ar_variable *t = ar_source_find(source, "t");
    static const char *const names[] = {"number", "time", "pressure_level", "latitude",
                                        "longitude"};
    static const int64_t shape[] = {2, 2, 3, GRIB_NLAT, GRIB_NLON};
    assert_int_equal(t->rank, 5);
    for (int d = 0; d < 5; d++) {
        assert_string_equal(t->dimensions[d], names[d]);
        assert_int_equal(t->shape[d], shape[d]);
    }
    double times[2], levels[3], members[2], number;
    read_coordinate(source, "time", times, 2);
    /* 2020-02-28T18 and 30 hours later, which is beyond February 29 */
    assert_true(times[0] == 1582912800 && times[1] == 1582912800 + 30 * 3600);
    read_coordinate(source, "pressure_level", levels, 3);
    read_coordinate(source, "number", members, 2);
    assert_string_equal(ar_source_text(source, t, "standard_name"), "air_temperature");
    assert_string_equal(ar_source_text(source, t, "units"), "K");
    assert_string_equal(ar_source_text(source, t, "GRIB_shortName"), "t");
    assert_true(ar_source_number(source, t, "GRIB_paramId", &number) && number == 130);
    ar_error err = {""};
    static double values[12][GRIB_POINTS];
    assert_int_equal(read_whole(source, t, values[0], &err), AR_OK);
    for (int i = 0; i < 12; i++) {
        const grib_field right = {
            .level = (long)levels[i % 3], .step = i / 3 % 2 * 30, .member = (long)members[i / 6]};
        check_slice(source, &right, values[i]);
    }
    /* a part in the middle */
    const int64_t start[5] = {1, 0, 1, 1, 2}, size[5] = {1, 2, 2, 2, 3};
    double part[24];
    assert_int_equal(ar_source_read_double(source, t, start, size, part, &err), AR_OK);
    for (int i = 0; i < 24; i++) {
        int field = 6 + i / 12 * 3 + 1 + i / 6 % 2;
        assert_true(part[i] == values[field][(1 + i / 3 % 2) * GRIB_NLON + 2 + i % 3]);
    }
    ar_source_close(&source);
    remove_folder(folder);
}

/* What one variable cannot be read for, the others can. */
static void names_and_problems(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/mixed.grib", folder);
    const grib_field fields[] = {
        {.level = 500},
        {.level = 850},
        {.level = 500, .step = 12},
        {.level_type = "surface"},
        {.level_type = "surface", .short_name = "sp"},
        {.level_type = "surface", .short_name = "sp"}, /* the same bytes again */
        {.level = 500, .short_name = "u", .date = 20200301},
        {.level = 500, .short_name = "u", .date = 20200229, .step = 24},
        {.level = 50, .short_name = "q", .edition = 2},
    };
    write_grib(path, fields, sizeof fields / sizeof *fields);
    ar_source *source = open_source(path);
    assert_string_equal(ar_source_format(source), "GRIB 1 and 2");
    ar_error err = {""};
    double values[8 * GRIB_POINTS];
    assert_int_equal(read_whole(source, ar_source_find(source, "sp"), values, &err), AR_OK);
    assert_int_equal(ar_source_find(source, "sp")->rank, 3);
    assert_int_equal(read_whole(source, ar_source_find(source, "t_surface"), values, &err), AR_OK);
    check_slice(source, &fields[3], values);
    /* the level 850 is not there after 12 hours; all else of t is */
    const ar_variable *t = ar_source_find(source, "t");
    assert_int_equal(read_whole(source, t, values, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "mixed.grib: variable t has no message for"));
    assert_non_null(strstr(err.message, "level 850, time 2020-02-28T12:00"));
    const int64_t start[4] = {1, 0, 0, 0}, count[4] = {1, 1, GRIB_NLAT, GRIB_NLON};
    assert_int_equal(ar_source_read_double(source, t, start, count, values, &err), AR_OK);
    check_slice(source, &fields[2], values);
    /* two forecasts of one time */
    char words[] = "u messages 7 8 2020-03-01T00:00 2020-02-29T00:00";
    check_error(source, "u", words);
    ar_source_close(&source);
    remove_folder(folder);
}

/* Several fields in one message of edition 2, the second and third of which repeat sections 4 to 7.
 */
static void several_fields_in_a_message(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/several.grib", folder);
    const grib_field fields[] = {{.edition = 2, .level = 500, .missing = 4},
                                 {.edition = 2, .level = 850},
                                 {.edition = 2, .level = 500, .short_name = "u"}};
    codes_multi_handle *several = codes_grib_multi_handle_new(NULL);
    for (int i = 0; i < 3; i++) {
        codes_handle *handle = make_grib(&fields[i]);
        assert_int_equal(codes_grib_multi_handle_append(handle, 4, several), CODES_SUCCESS);
        codes_handle_delete(handle);
    }
    FILE *stream = fopen(path, "wb");
    assert_int_equal(codes_grib_multi_handle_write(several, stream), CODES_SUCCESS);
    assert_int_equal(fclose(stream), 0);
    codes_grib_multi_handle_delete(several);
    ar_source *source = open_source(path);
    ar_error err = {""};
    double values[2 * GRIB_POINTS];
    assert_int_equal(read_whole(source, ar_source_find(source, "t"), values, &err), AR_OK);
    assert_true(isnan(values[1]) && isnan(values[5]) && !isnan(values[0]));
    check_slice(source, &fields[1], values + GRIB_POINTS);
    assert_int_equal(read_whole(source, ar_source_find(source, "u"), values, &err), AR_OK);
    check_slice(source, &fields[2], values);
    ar_source_close(&source);
    remove_folder(folder);
}

/* A heading of a bulletin before a message, zeros between and after messages, and what is too much.
 */
static void bytes_between_messages(void **state)
{
    (void)state;
    char folder[64], path[128], *message = NULL, *padded = NULL;
    size_t length;
    ar_error err = {""};
    make_folder(folder);
    snprintf(path, sizeof path, "%s/bulletin.grib", folder);
    const grib_field field = {.level = 500};
    write_grib(path, &field, 1);
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &message, &length, &err), AR_OK);
    for (int stray = 21; stray <= 101; stray += 80) {
        const size_t whole = 40 + length + (size_t)stray + length + 999;
        padded = calloc(whole, 1);
        memcpy(padded, "\r\r\nHTAC50 ECMF 281200\r\r\n", 25);
        memcpy(padded + 40, message, length);
        memset(padded + 40 + length, 'x', (size_t)stray);
        memcpy(padded + 40 + length + stray, message, length);
        assert_int_equal(ar_file_write_whole(path, padded, whole, &err), AR_OK);
        ar_source *source = NULL;
        ar_status status = ar_source_open(&source, path, &err);
        assert_int_equal(status, stray < 64 ? AR_OK : AR_ERROR_INPUT);
        assert_true(status == AR_OK || strstr(err.message, "should begin with \"GRIB\""));
        ar_source_close(&source);
        free(padded);
    }
    ar_free(message);
    remove_folder(folder);
}

typedef struct {
    const char *path;
    bool right;
} thread_work;

static void *read_again_and_again(void *work)
{
    thread_work *mine = work;
    mine->right = true;
    for (int repeat = 0; repeat < 20; repeat++) {
        ar_source *source = NULL;
        double values[GRIB_POINTS];
        mine->right &= ar_source_open(&source, mine->path, NULL) == AR_OK &&
                       read_whole(source, ar_source_find(source, "t"), values, NULL) == AR_OK &&
                       same(values[0], 200 + 60 - 1 + 5, grib_tolerance);
        ar_source_close(&source);
    }
    return NULL;
}

static void threads_with_their_own_sources(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/threads.grib", folder);
    const grib_field field = {.level = 500};
    write_grib(path, &field, 1);
    pthread_t threads[THREADS];
    thread_work work[THREADS];
    for (int i = 0; i < THREADS; i++) {
        work[i].path = path;
        assert_int_equal(pthread_create(&threads[i], NULL, read_again_and_again, &work[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(work[i].right);
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scanning_modes),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(cube),
        cmocka_unit_test(names_and_problems),
        cmocka_unit_test(several_fields_in_a_message),
        cmocka_unit_test(bytes_between_messages),
        cmocka_unit_test(threads_with_their_own_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
#include "fixtures.h"

/* A build without ecCodes says so. */
static void refused(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err = {""};
    ar_source *source = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(ar_file_write_whole(path, "GRIB....", 8, &err), AR_OK);
    assert_int_equal(ar_source_open(&source, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "built without GRIB"));
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
