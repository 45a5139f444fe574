/* Stores of both versions of Zarr laid out as ARCO-ERA5 and WeatherBench2 are: names alone tell
 * what a variable and a dimension is, no level has a unit, latitude runs either way and may come
 * after longitude. Each value tells its time, level and place, so that the field must be right to
 * the bit wherever it is put. */
#include "data/field_data.h"
#include "io/writer.h"
#include "synthetic.h"
#include "temporary_folder.h"

enum { TIMES = 5, LEVELS = 4, NLAT = 7, NLON = 12, RANK = 4 };

static const int64_t pressures[LEVELS] = {300, 500, 700, 850};

typedef struct {
    const char *name;
    const char *dimensions[RANK]; /* of what has levels */
    const char *time_units;
    double north, south; /* the first and the last latitude */
    double west;         /* the first longitude */
    int64_t chunk[RANK], shard[RANK];
} layout;

/* Chunks of one time (ARCO-ERA5, all levels), or of one level and several times; the coarse grids
 * of WeatherBench2 have longitude before latitude, from south to north. */
static const layout layouts[] = {
    {.name = "arco",
     .dimensions = {"time", "level", "latitude", "longitude"},
     .time_units = "hours since 1900-01-01",
     .north = 90,
     .south = -90,
     .chunk = {1},
     .shard = {3}},
    {.name = "weatherbench_fine",
     .dimensions = {"time", "level", "latitude", "longitude"},
     .time_units = "hours since 1959-01-01",
     .north = 90,
     .south = -90,
     .chunk = {2, 1, 4, 5},
     .shard = {4, 4, 8, 15}},
    {.name = "weatherbench_coarse",
     .dimensions = {"time", "level", "longitude", "latitude"},
     .time_units = "hours since 1959-01-01 00:00:00",
     .north = -90,
     .south = 90,
     .chunk = {3, 13, 12, 7},
     .shard = {3}},
    {.name = "from_the_date_line",
     .dimensions = {"time", "level", "latitude", "longitude"},
     .time_units = "days since 1970-01-01",
     .north = -90,
     .south = 90,
     .west = -180,
     .chunk = {1, 2}},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

/* Row 0 is the northernmost, column 0 that of Greenwich. */
static float value_at(int64_t time, int64_t pressure, int64_t row, int64_t column)
{
    return (float)(((time * 1001 + pressure) * NLAT + row) * NLON + column);
}

static int64_t length_of(const char *dimension)
{
    return dimension[0] == 't'   ? TIMES
           : dimension[1] == 'e' ? LEVELS
           : dimension[1] == 'a' ? NLAT
                                 : NLON;
}

static double coordinate(const layout *l, const char *dimension, int64_t i)
{
    switch (dimension[1]) {
    case 'i': /* time: 6-hourly, as far as days can tell */
        return strncmp(l->time_units, "days", 4) == 0 ? 0.25 * (double)i : 6 * (double)i;
    case 'e':
        return (double)pressures[i];
    case 'a':
        return l->north + (l->south - l->north) / (NLAT - 1) * (double)i;
    default:
        return l->west + 360.0 / NLON * (double)i;
    }
}

static void add_coordinate(ar_writer *w, const layout *l, const char *name)
{
    ar_error err = {""};
    const ar_writer_variable line = {.name = name,
                                     .type = strcmp(name, "level") == 0 ? AR_WRITER_INT64
                                                                        : AR_WRITER_DOUBLE,
                                     .rank = 1,
                                     .dimensions = {name}};
    must(ar_writer_add_dimension(w, name, length_of(name), &err), &err);
    must(ar_writer_add_variable(w, &line, &err), &err);
    if (strcmp(name, "time") == 0) {
        must(ar_writer_put_text(w, name, "units", l->time_units, &err), &err);
        must(ar_writer_put_text(w, name, "calendar", "proleptic_gregorian", &err), &err);
    }
}

static void write_coordinate(ar_writer *w, const layout *l, const char *name)
{
    ar_error err = {""};
    double values[NLON];
    const int64_t start = 0, count = length_of(name);
    for (int64_t i = 0; i < count; i++) {
        values[i] = coordinate(l, name, i);
    }
    must(ar_writer_write(w, name, &start, &count,
                         strcmp(name, "level") == 0 ? (const void *)pressures : values, &err),
         &err);
}

/* Write a variable with levels, or without. */
static void write_field(ar_writer *w, const layout *l, const char *name, bool with_levels)
{
    ar_error err = {""};
    static float values[TIMES * LEVELS * NLAT * NLON];
    const char *dimensions[RANK];
    int64_t start[RANK] = {0}, count[RANK], place[RANK] = {0}, total = 1;
    int rank = 0;
    for (int d = 0; d < RANK; d++) {
        if (with_levels || strcmp(l->dimensions[d], "level") != 0) {
            dimensions[rank] = l->dimensions[d];
            count[rank] = length_of(dimensions[rank]);
            total *= count[rank++];
        }
    }
    for (int64_t n = 0; n < total; n++) {
        int64_t time = 0, pressure = 0, row = 0, column = 0, left = n;
        for (int d = rank - 1; d >= 0; d--) {
            place[d] = left % count[d];
            left /= count[d];
            double at = coordinate(l, dimensions[d], place[d]);
            time = dimensions[d][0] == 't' ? place[d] : time;
            pressure = strcmp(dimensions[d], "level") == 0 ? (int64_t)at : pressure;
            row = dimensions[d][1] == 'a' ? (int64_t)((90 - at) / 30) : row;
            column = dimensions[d][1] == 'o' ? ((int64_t)at + 360) % 360 / 30 : column;
        }
        values[n] = value_at(time, pressure, row, column);
    }
    must(ar_writer_write(w, name, start, count, values, &err), &err);
}

static void add_field(ar_writer *w, const layout *l, const char *name, bool with_levels,
                      const char *units)
{
    ar_error err = {""};
    ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_FLOAT, .compress = 1, .checksum = true};
    for (int d = 0; d < RANK; d++) {
        if (with_levels || strcmp(l->dimensions[d], "level") != 0) {
            variable.chunk[variable.rank] = l->chunk[d];
            variable.shard[variable.rank] = l->shard[d];
            variable.dimensions[variable.rank++] = l->dimensions[d];
        }
    }
    must(ar_writer_add_variable(w, &variable, &err), &err);
    must(ar_writer_put_text(w, name, "units", units, &err), &err);
}

static void write_store(const char *path, const layout *l, int format)
{
    ar_writer *w = NULL;
    ar_error err = {""};
    must(ar_writer_create(&w, path, &err), &err);
    must(ar_writer_set_zarr_format(w, format, &err), &err);
    for (int d = 0; d < RANK; d++) {
        add_coordinate(w, l, l->dimensions[d]);
    }
    add_field(w, l, "temperature", true, "K");
    add_field(w, l, "u_component_of_wind", true, "m s**-1");
    add_field(w, l, "2m_temperature", false, "K");
    for (int d = 0; d < RANK; d++) {
        write_coordinate(w, l, l->dimensions[d]);
    }
    write_field(w, l, "temperature", true);
    write_field(w, l, "u_component_of_wind", true);
    write_field(w, l, "2m_temperature", false);
    must(ar_writer_commit(&w, &err), &err);
}

/* `pressure_wanted` 0: the field has no levels. */
static void check_field(const char *path, const char *name, const char *variable,
                        double pressure_wanted)
{
    ar_field_data field;
    ar_error err = {""};
    const ar_field_request request = {.name = name,
                                      .levels = pressure_wanted > 0 ? &pressure_wanted : NULL,
                                      .level_count = pressure_wanted > 0};
    must(ar_field_data_load(&field, &path, 1, &request, &err), &err);
    assert_string_equal(field.variable, variable);
    assert_int_equal(field.time_count, TIMES);
    assert_int_equal(field.level_count, 1);
    assert_int_equal(field.grid.nlat, NLAT);
    assert_int_equal(field.grid.nlon, NLON);
    for (int64_t t = 0; t < TIMES; t++) {
        const float *slice = ar_field_data_slice(&field, t, 0);
        assert_int_equal(field.times[t] - field.times[0], 21600 * t);
        for (int64_t i = 0; i < NLAT * NLON; i++) {
            double longitude = field.grid.longitude[i % NLON];
            int64_t column = ((int64_t)longitude + 360) % 360 / 30;
            assert_true(slice[i] == value_at(t, (int64_t)pressure_wanted, i / NLON, column));
        }
    }
    ar_field_data_release(&field);
}

static void every_layout_in_both_versions(void **state)
{
    (void)state;
    for (int i = 0; i < LAYOUTS; i++) {
        for (int format = 2; format <= 3; format++) {
            char path[160];
            snprintf(path, sizeof path, "%s/%s%d.zarr", folder, layouts[i].name, format);
            write_store(path, &layouts[i], format);
            check_field(path, "air_temperature", "temperature", 850);
            check_field(path, "t", "temperature", 300);
            check_field(path, "eastward_wind", "u_component_of_wind", 500);
            check_field(path, "t2m", "2m_temperature", 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_layout_in_both_versions)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
