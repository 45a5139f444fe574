/* Static fields: read with and without times, refused where they change, seen at every time of a
 * cube, never masked. Values are made here by a formula and written with this program's writer. */
#include <stdlib.h>
#include <unistd.h>

#include "data/batch.h"
#include "io/writer.h"
#include "synthetic.h"
#include "temporary_folder.h"

enum { NLAT = 7, NLON = 12, POINTS = NLAT * NLON };

static float height(int64_t point)
{
    return (float)(point * 37 % 101);
}

static void path_of(char path[160], const char *name)
{
    snprintf(path, 160, "%s/%s", folder, name);
}

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static void write_axis(ar_writer *file, const char *name, int64_t length, double first, double step)
{
    const int64_t zero = 0;
    double values[NLON];
    ar_error err = {""};
    for (int64_t i = 0; i < length; i++) {
        values[i] = first + step * (double)i;
    }
    must(ar_writer_write(file, name, &zero, &length, values, &err), &err);
}

static void define_axis(ar_writer *file, const char *name, int64_t length, const char *units)
{
    const ar_writer_variable axis = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    ar_error err = {""};
    must(ar_writer_add_dimension(file, name, length, &err), &err);
    must(ar_writer_add_variable(file, &axis, &err), &err);
    must(ar_writer_put_text(file, name, "units", units, &err), &err);
}

/* A file with `times` times (0: no dimension of time); at time `odd` one value is another. */
static void write_file(const char *name, int64_t times, int64_t odd)
{
    char path[160];
    ar_writer *file = NULL;
    ar_error err = {""};
    path_of(path, name);
    must(ar_writer_create(&file, path, &err), &err);
    if (times > 0) {
        define_axis(file, "time", times, "days since 1950-01-01");
    }
    define_axis(file, "latitude", NLAT, "degrees_north");
    define_axis(file, "longitude", NLON, "degrees_east");
    ar_writer_variable variable = {.name = "surface_geopotential", .type = AR_WRITER_FLOAT};
    const char *const dimensions[3] = {"time", "latitude", "longitude"};
    for (int i = times > 0 ? 0 : 1; i < 3; i++) {
        variable.dimensions[variable.rank++] = dimensions[i];
    }
    must(ar_writer_add_variable(file, &variable, &err), &err);
    must(ar_writer_put_text(file, variable.name, "units", "m2 s-2", &err), &err);
    if (times > 0) {
        write_axis(file, "time", times, 0, 1);
    }
    write_axis(file, "latitude", NLAT, 90, -30);
    write_axis(file, "longitude", NLON, 0, 30);
    for (int64_t t = 0; t < (times > 0 ? times : 1); t++) {
        float values[POINTS];
        const int64_t start[3] = {t}, count[3] = {1, NLAT, NLON};
        for (int64_t i = 0; i < POINTS; i++) {
            values[i] = height(i) + (t == odd && i == POINTS - 1 ? 1 : 0);
        }
        must(ar_writer_write(file, variable.name, start + (times > 0 ? 0 : 1),
                             count + (times > 0 ? 0 : 1), values, &err),
             &err);
    }
    must(ar_writer_commit(&file, &err), &err);
}

static ar_status load(ar_field_data *field, const char *first, const char *second, bool is_static,
                      ar_error *err)
{
    char paths[2][160];
    const char *list[2] = {paths[0], paths[1]};
    path_of(paths[0], first);
    path_of(paths[1], second ? second : first);
    const ar_field_request request = {.name = "surface_geopotential",
                                      .start = "2001-01-01",
                                      .end = "2001-02-01",
                                      .is_static = is_static};
    return ar_field_data_load(field, list, 2, &request, err);
}

static void check_loaded(const char *first, const char *second)
{
    ar_field_data field;
    ar_error err = {""};
    must(load(&field, first, second, true, &err), &err);
    assert_true(field.is_static);
    assert_int_equal(field.time_count, 1);
    assert_int_equal(field.level_count, 1);
    assert_int_equal(ar_field_data_find_time(&field, 12345), 0);
    for (int64_t i = 0; i < POINTS; i++) {
        assert_true(field.values[i] == height(i));
    }
    ar_field_data_release(&field);
}

/* Without times, with one, with several that are equal, and in two files; the period asked for lies
 * far from any of the times. */
static void read_whatever_times_it_has(void **state)
{
    (void)state;
    write_file("none.nc", 0, -1);
    write_file("none_again.nc", 0, -1);
    write_file("one.nc", 1, -1);
    write_file("three.nc", 3, -1);
    check_loaded("none.nc", NULL);
    check_loaded("one.nc", NULL);
    check_loaded("three.nc", NULL);
    check_loaded("none.nc", "none_again.nc");
    check_loaded("none.nc", "three.nc");
}

static void refuse(const char *first, const char *second, bool is_static, const char *wanted)
{
    ar_field_data field;
    ar_error err = {""};
    assert_int_equal(load(&field, first, second, is_static, &err), AR_ERROR_INPUT);
    if (!strstr(err.message, wanted)) {
        fail_msg("%s", err.message);
    }
}

static void what_changes_is_not_static(void **state)
{
    (void)state;
    write_file("changes.nc", 4, 2);
    write_file("other.nc", 0, 0);
    refuse("changes.nc", NULL, true,
           "changes.nc: field surface_geopotential is said to be static, but its time number 3 has "
           "other values than number 1 of ");
    refuse("none.nc", "other.nc", true,
           "other.nc: field surface_geopotential is said to be static");
    refuse("none.nc", NULL, false, "a field that is the same at all times should be static: true");
}

enum { TIMES = 8, FIELDS = 2, STEP = 21600 };

static float changing(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return scrambled_value(time, level, row, column);
}

static float constant(int64_t time, int64_t level, int64_t row, int64_t column)
{
    (void)time;
    return scrambled_value(0, level, row, column);
}

/* The static field comes first: cubes, times and windows are then not those of the first field. Its
 * one token in time holds the same values four times, in every masking, at every time. */
static void seen_whole_at_all_times(void **state)
{
    (void)state;
    ar_field_data fields[FIELDS];
    ar_normalisation normalisations[FIELDS];
    const value_formula formulas[FIELDS] = {constant, changing};
    for (int f = 0; f < FIELDS; f++) {
        const synthetic_shape shape = {.name = f ? "wind" : "height",
                                       .nlat = NLAT,
                                       .nlon = NLON,
                                       .north = 90,
                                       .step = 30,
                                       .level_count = 1,
                                       .time_count = f ? TIMES : 1,
                                       .first_time = f ? 1766188800 : 0,
                                       .time_step = STEP,
                                       .formula = formulas[f]};
        synthetic_field(&fields[f], &shape);
        fields[f].is_static = f == 0;
        assert_int_equal(ar_normalisation_compute(&normalisations[f], &fields[f], AR_PERIOD_OVERALL,
                                                  AR_AREA_GLOBAL, INT64_MIN, INT64_MAX, NULL),
                         AR_OK);
    }
    const ar_field_data *const field_list[FIELDS] = {&fields[0], &fields[1]};
    const ar_normalisation *const normalisation_list[FIELDS] = {&normalisations[0],
                                                                &normalisations[1]};
    const ar_field_tokens tokens[FIELDS] = {
        {.tokens = {1, 2, 2}, .token_size = {4, 2, 3}},
        {.tokens = {4, 2, 3}, .token_size = {1, 2, 2}, .mask_ratio = 1, .mask_zero = 1}};
    const ar_cube_space space = {.field_count = FIELDS,
                                 .fields = field_list,
                                 .normalisations = normalisation_list,
                                 .tokens = tokens,
                                 .time_step = STEP};
    ar_sampler sampler;
    ar_batch batch;
    ar_error err = {""};
    must(ar_sampler_init(&sampler, &space, NULL, INT64_MIN, INT64_MAX, &err), &err);
    assert_int_equal(sampler.window_count, TIMES - 3);
    const ar_masking maskings[] = {{.strategy = AR_MASK_FORECAST, .forecast_tokens = 2},
                                   {.strategy = AR_MASK_BERT},
                                   {.strategy = AR_MASK_NONE}};
    enum { SAMPLES = 6 };
    must(ar_batch_init(&batch, &space, SAMPLES, &err), &err);
    for (uint32_t m = 0; m < 3; m++) {
        const ar_draw draw = {.seed = 3, .step = m};
        ar_cube cubes[SAMPLES];
        must(ar_masking_check(&maskings[m], &space, &err), &err);
        ar_sampler_draw(&sampler, &draw, cubes, SAMPLES);
        ar_batch_fill(&batch, &space, cubes, SAMPLES, &maskings[m], &draw, m == 0);
        assert_int_equal(batch.fields[0].masked_count, 0);
        assert_int_equal(batch.fields[1].masked_count > 0, m < 2);
        for (int64_t i = 0; i < SAMPLES * 4 * 24; i++) {
            const ar_cube *cube = &cubes[i / (4 * 24)];
            const int64_t token = i / 24 % 4;
            const int64_t row = cube->first_row + token / 2 * 2 + i % 6 / 3;
            const int64_t column = (cube->first_column + token % 2 * 3 + i % 3) % NLON;
            const float value = fields[0].values[row * NLON + column];
            /* the same operations in the same precision: equal */
            assert_true(batch.fields[0].source[i] == (value - normalisations[0].mean[0]) /
                                                         normalisations[0].standard_deviation[0]);
        }
    }
    ar_batch_release(&batch);
    ar_sampler_release(&sampler);
    for (int f = 0; f < FIELDS; f++) {
        ar_field_data_release(&fields[f]);
        ar_normalisation_release(&normalisations[f]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whatever_times_it_has),
        cmocka_unit_test(what_changes_is_not_static),
        cmocka_unit_test(seen_whole_at_all_times),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
