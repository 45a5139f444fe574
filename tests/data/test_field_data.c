/* Loading fields: files that hold the same field in many ways give the same numbers (every value of
 * make_files.py tells where it belongs), real data gives what xarray reads. */
#include "data/field_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/normalisation.h"
#include "field/constants.h"

static char folder[64]; /* of make_files.py; "" where Python's modules are missing */

static int make_files(void **state)
{
    (void)state;
    const char *python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
    char command[256];
    strcpy(folder, "/tmp/atmorep-data-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(command, sizeof command, "%s tests/data/make_files.py %s", python, folder);
    int code = system(command);
    if (WIFEXITED(code) && (WEXITSTATUS(code) == 77 || WEXITSTATUS(code) == 127)) {
        print_message("python3 with netCDF4 is not there: its tests are skipped\n");
        rmdir(folder);
        folder[0] = '\0';
        return 0;
    }
    return code;
}

static int remove_files(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return folder[0] ? system(command) : 0;
}

static void need_files(void)
{
    if (!folder[0]) {
        skip();
    }
}

/* Load from files of the folder, "a.nc b.nc" or "*.nc". */
static ar_status load(ar_field_data *field, const char *names, const ar_field_request *request,
                      ar_error *err)
{
    need_files();
    char list[256], paths[4][256];
    const char *path_list[4];
    int64_t count = 0;
    snprintf(list, sizeof list, "%s", names);
    for (char *name = strtok(list, " "); name; name = strtok(NULL, " ")) {
        const bool url = strstr(name, "://") != NULL;
        snprintf(paths[count], sizeof paths[count], "%s%s%s", url ? "" : folder, url ? "" : "/",
                 name);
        path_list[count] = paths[count];
        count++;
    }
    return ar_field_data_load(field, path_list, count, request, err);
}

static void load_well(ar_field_data *field, const char *names, const ar_field_request *request)
{
    ar_error err = {""};
    if (load(field, names, request, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static const int64_t epoch = 1577836800; /* 2020-01-01 */

/* Every value is where make_files.py says; `missing` of them are NaN. */
static void check_values(const ar_field_data *field, int64_t missing)
{
    const ar_grid *grid = &field->grid;
    int64_t begin;
    assert_int_equal(ar_time_parse(&begin, "2020-01-01", field->calendar, NULL), AR_OK);
    for (int64_t t = 0; t < field->time_count; t++) {
        assert_true(t == 0 || field->times[t] > field->times[t - 1]);
        for (int64_t l = 0; l < field->level_count; l++) {
            const float *slice = ar_field_data_slice(field, t, l);
            for (int64_t i = 0; i < grid->nlat * grid->nlon; i++) {
                double step = (double)(field->times[t] - begin) / 21600;
                double latitude = grid->latitude[i / grid->nlon];
                double longitude = grid->longitude[i % grid->nlon];
                double code =
                    ((step * 4 + field->levels[l] / 250) * 19 + (90 - latitude) / 10) * 36 +
                    longitude / 10;
                if (isnan(slice[i])) {
                    missing--;
                } else if (slice[i] != (float)code) {
                    fail_msg("%s at %g, %g of step %g, level %g is %.9g, right is %.9g",
                             field->variable, latitude, longitude, step, field->levels[l],
                             (double)slice[i], code);
                }
            }
        }
    }
    assert_int_equal(missing, 0);
}

static void files_in_any_order_make_one_field(void **state)
{
    (void)state;
    /* all levels, in the order of the first file by name */
    ar_field_data field;
    ar_field_request request = {.name = "temperature"};
    load_well(&field, "levels_late.nc levels_early.nc", &request);
    assert_int_equal(field.time_count, 8);
    assert_int_equal(field.level_count, 3);
    assert_true(field.levels[0] == 750 && field.levels[2] == 250);
    assert_string_equal(field.level_units, "hPa");
    assert_string_equal(field.standard_name, "air_temperature");
    assert_string_equal(field.units, "K");
    assert_int_equal(field.grid.nlon, 36);
    assert_true(field.grid.wraps && field.grid.latitude[0] == 90 && field.grid.longitude[0] == 0);
    check_values(&field, 1);
    /* 12:00, 500 hPa, 60 N, 40 E */
    assert_true(isnan(ar_field_data_slice(&field, 2, 1)[3 * 36 + 4]));
    assert_int_equal(ar_field_data_find_time(&field, epoch + 6 * 3600), 1);
    assert_int_equal(ar_field_data_find_time(&field, epoch + 3 * 3600), -1);
    assert_int_equal(ar_field_data_find_time(&field, epoch + 48 * 3600), -1);
    ar_field_data_release(&field);
    /* some levels and times, by pattern; every name of the field finds it */
    const double levels[] = {250, 750};
    const char *const names[] = {"t", "air_temperature", "temperature", "ta"};
    for (int i = 0; i < 4; i++) {
        request = (ar_field_request){.name = names[i],
                                     .levels = levels,
                                     .level_count = 2,
                                     .start = "2020-01-01T12",
                                     .end = "2020-01-02T06:00"};
        load_well(&field, "levels_*.nc", &request);
        assert_int_equal(field.time_count, 4);
        assert_int_equal(field.times[0], epoch + 12 * 3600);
        assert_int_equal(field.level_count, 2);
        assert_true(field.levels[0] == 250 && field.levels[1] == 750);
        check_values(&field, 0);
        ar_field_data_release(&field);
    }
}

static void fields_are_found_by_their_names(void **state)
{
    (void)state;
    const struct {
        const char *file, *name, *variable, *found;
    } cases[] = {
        {"levels_early.nc", "air_temperature", NULL, "temp"}, /* rather than t2m */
        {"levels_early.nc", "2t", NULL, "t2m"},
        {"levels_early.nc", "warmth", "t2m", "t2m"},
        {"wind.nc", "u", NULL, "velocity_u"},
        {"wind.nc", "eastward_wind", NULL, "velocity_u"},
        {"wind.nc", "velocity_v", NULL, "wibble"}, /* by GRIB_shortName */
        {"named.nc", "q", NULL, "q"},              /* of two, the one that is called so */
        {"scalar.nc", "vorticity", NULL, "vo"},
        {"wind.nc levels_late.nc", "t", NULL, "ta"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_field_data field;
        const ar_field_request request = {.name = cases[i].name, .variable = cases[i].variable};
        load_well(&field, cases[i].file, &request);
        assert_string_equal(field.variable, cases[i].found);
        assert_string_equal(field.name, cases[i].name);
        ar_field_data_release(&field);
    }
}

static void scalar_coordinates_count(void **state)
{
    (void)state;
    ar_field_data field;
    const double level = 500;
    const ar_field_request request = {.name = "vo", .levels = &level, .level_count = 1};
    load_well(&field, "scalar.nc", &request);
    assert_int_equal(field.time_count, 1);
    assert_int_equal(field.times[0], epoch + 18 * 3600);
    check_values(&field, 0);
    ar_field_data_release(&field);
}

static void files_of_data_centres(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name, *variable, *found;
        ar_calendar calendar;
        int64_t levels, missing;
    } cases[] = {
        {"cds_old.nc", "msl", NULL, "msl", AR_CALENDAR_STANDARD, 1, 0},
        {"cds_turned.nc", "msl", NULL, "msl", AR_CALENDAR_STANDARD, 1, 0},
        {"cds_new.nc", "air_temperature", NULL, "t", AR_CALENDAR_PROLEPTIC_GREGORIAN, 2, 0},
        {"cds_new.nc", "paramId130", "t", "t", AR_CALENDAR_PROLEPTIC_GREGORIAN, 2, 0},
        {"cmip_noleap.nc", "t", NULL, "ta", AR_CALENDAR_365_DAY, 2, 0},
        {"cmip_noleap.nc", "2t", NULL, "tas", AR_CALENDAR_365_DAY, 1, 0},
        {"cmip_360_day.nc", "t", NULL, "ta", AR_CALENDAR_360_DAY, 2, 0},
        {"merra.nc4", "t", NULL, "T", AR_CALENDAR_STANDARD, 2, 1},
        {"merra.nc4", "specific_humidity", NULL, "QV", AR_CALENDAR_STANDARD, 2, 1},
        {"merra.nc4", "geopotential_height", NULL, "H", AR_CALENDAR_STANDARD, 2, 1},
        {"merra.nc4", "msl", NULL, "SLP", AR_CALENDAR_STANDARD, 1, 0},
        {"ncep.nc", "air_temperature", NULL, "air", AR_CALENDAR_STANDARD, 2, 0},
        {"ncep.nc", "msl", NULL, "slp", AR_CALENDAR_STANDARD, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_field_data field;
        const ar_field_request request = {.name = cases[i].name, .variable = cases[i].variable};
        load_well(&field, cases[i].file, &request);
        assert_string_equal(field.variable, cases[i].found);
        assert_int_equal(field.calendar, cases[i].calendar);
        assert_int_equal(field.level_count, cases[i].levels);
        assert_int_equal(field.time_count, 4);
        assert_true(field.levels[0] == (cases[i].levels == 2 ? 750 : 0));
        check_values(&field, cases[i].missing);
        ar_field_data_release(&field);
    }
}

/* Of winds U cos φ eastward and V cos φ northward (make_files.py), on a sphere of radius a:
 * vorticity 2 U sin φ / a, divergence −2 V sin φ / a, ψ = −a U sin φ, χ = a V sin φ, each a single
 * harmonic. */
static double derived_value(const char *name, double u, double v, double latitude)
{
    const double sine = sin(latitude * M_PI / 180), cosine = cos(latitude * M_PI / 180);
    const double radius = AR_EARTH_RADIUS;
    return strcmp(name, "vorticity") == 0    ? 2 * u * sine / radius
           : strcmp(name, "divergence") == 0 ? -2 * v * sine / radius
           : strcmp(name, "strf") == 0       ? -radius * u * sine
           : strcmp(name, "vp") == 0         ? radius * v * sine
           : strcmp(name, "wind_speed") == 0 ? hypot(u, v) * cosine
           : strcmp(name, "velocity_u") == 0 ? u * cosine
                                             : v * cosine;
}

static void check_derived(const ar_field_data *field, double tolerance)
{
    const ar_grid *grid = &field->grid;
    double largest = 0, error = 0;
    assert_int_equal(field->time_count, 3);
    assert_int_equal(field->level_count, 2);
    for (int64_t s = 0; s < 6; s++) {
        const double u = 10 + (double)(s / 2) + field->levels[s % 2] / 1000;
        const double v = 3 - (double)(s / 2) - field->levels[s % 2] / 1000;
        const float *values = ar_field_data_slice(field, s / 2, s % 2);
        for (int64_t i = 0; i < grid->nlat * grid->nlon; i++) {
            const double right = derived_value(field->name, u, v, grid->latitude[i / grid->nlon]);
            largest = fmax(largest, fabs(right));
            error = fmax(error, fabs(values[i] - right));
        }
    }
    if (error > tolerance * largest) {
        fail_msg("%s: error %g of %g", field->name, error, largest);
    }
}

static void fields_are_derived(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name, *from[2], *standard_name, *units;
        double tolerance; /* of the largest value: float32, or finite differences over 10 degrees */
    } cases[] = {
        {"winds.nc", "vorticity", {"u", "v"}, "atmosphere_relative_vorticity", "s-1", 1e-6},
        {"winds.nc",
         "divergence",
         {"eastward_wind", "northward_wind"},
         "divergence_of_wind",
         "s-1",
         1e-6},
        {"winds.nc", "strf", {"u", "v"}, "atmosphere_horizontal_streamfunction", "m2 s-1", 1e-6},
        {"winds.nc", "vp", {"u", "v"}, "atmosphere_horizontal_velocity_potential", "m2 s-1", 1e-6},
        {"winds.nc", "wind_speed", {"u", "v"}, "wind_speed", "m s-1", 1e-6},
        {"rotation.nc", "velocity_u", {"vo", "d"}, "eastward_wind", "m s-1", 1e-6},
        {"rotation.nc", "velocity_v", {"vo", "d"}, "northward_wind", "m s-1", 1e-6},
        {"region_winds.nc", "vorticity", {"u", "v"}, "atmosphere_relative_vorticity", "s-1", 0.03},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_field_data field;
        const ar_field_request request = {.name = cases[i].name,
                                          .from = {cases[i].from[0], cases[i].from[1]}};
        load_well(&field, cases[i].file, &request);
        assert_string_equal(field.name, cases[i].name);
        assert_string_equal(field.standard_name, cases[i].standard_name);
        assert_string_equal(field.units, cases[i].units);
        if (strcmp(cases[i].file, "region_winds.nc") != 0) {
            check_derived(&field, cases[i].tolerance);
        } else {
            /* 10 and 20 degrees away from the poles, at which a region has no vorticity */
            const float *values = ar_field_data_slice(&field, 0, 0);
            const double right = derived_value("vorticity", 10.85, 0, 40);
            assert_true(fabs(values[5 * 12 + 6] - right) < cases[i].tolerance * right);
            assert_true(isnan(values[0]));
        }
        ar_field_data_release(&field);
    }
}

static void a_member_is_picked(void **state)
{
    (void)state;
    ar_field_data field;
    const int64_t member = 7;
    const ar_field_request request = {.name = "t", .member = &member};
    load_well(&field, "ensemble.nc", &request);
    assert_int_equal(field.time_count, 3);
    check_values(&field, 0);
    ar_field_data_release(&field);
    /* what is no ensemble has but one */
    load_well(&field, "first.nc", &request);
    check_values(&field, 0);
    ar_field_data_release(&field);
}

static void what_is_there_is_not_derived(void **state)
{
    (void)state;
    ar_field_data field;
    const ar_field_request request = {.name = "vorticity", .from = {"u", "v"}};
    load_well(&field, "winds.nc rotation.nc", &request);
    assert_string_equal(field.variable, "vo");
    assert_string_equal(field.units, "s**-1");
    ar_field_data_release(&field);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    const double level = 100;
    const int64_t absent = 5;
    const struct {
        const char *files;
        ar_field_request request;
        const char *says[3];
    } cases[] = {
        {"wind.nc first.nc",
         {.name = "q"},
         {"no file holds field q", "velocity_u, wibble, z", "first.nc has t"}},
        {"wind.nc", {.name = "geopotential"}, {"no file holds field geopotential"}},
        {"wind.nc", {.name = "u", .variable = "U"}, {"no file holds field u (variable U)"}},
        {"ambiguous.nc", {.name = "q"}, {"ambiguous.nc", "variables a and b"}},
        {"levels_late.nc",
         {.name = "t", .levels = &level, .level_count = 1},
         {"no level 100", "750, 500, 250 hPa"}},
        {"first.nc overlap.nc", {.name = "t"}, {"2020-01-01T12:00", "first.nc", "overlap.nc"}},
        {"first.nc kelvin.nc", {.name = "t"}, {"units", "degC", "kelvin.nc"}},
        {"first.nc noleap.nc", {.name = "t"}, {"calendars", "365_day", "noleap.nc"}},
        {"first.nc region.nc", {.name = "t"}, {"grids", "19 x 20", "region.nc"}},
        {"gaussian.nc", {.name = "t"}, {"gaussian.nc", "latitude is not regular"}},
        {"months.nc", {.name = "t"}, {"months.nc", "variable time", "varies"}},
        {"nowhen.nc", {.name = "t"}, {"nowhen.nc", "time unit \"K\""}},
        {"members.nc", {.name = "t"}, {"members.nc", "2 members", "data.member"}},
        {"ensemble.nc", {.name = "t", .member = &absent}, {"no member 5", "4 to 9"}},
        {"member_7.nc", {.name = "t", .member = &absent}, {"no member 5", "7 to 7"}},
        {"twice.nc", {.name = "t"}, {"twice.nc", "level 500 twice"}},
        {"gs://a/b.zarr", {.name = "t"}, {"gs://a/b.zarr", "https://"}},
        {"first.nc", {.name = "t", .start = "2021-01-01"}, {"no time between 2021-01-01"}},
        {"first.nc", {.name = "t", .end = "someday"}, {"field t", "\"someday\""}},
        {"winds.nc",
         {.name = "t", .from = {"u", "v"}},
         {"field t", "cannot be derived", "wind_speed"}},
        {"winds.nc",
         {.name = "vo", .from = {"v", "u"}},
         {"field vo", "northward_wind where eastward_wind would be right"}},
        {"warm.nc", {.name = "vo", .from = {"u", "v"}}, {"field vo", "derived from u", "K"}},
        {"only_u.nc late_v.nc",
         {.name = "vo", .from = {"u", "v"}},
         {"field vo", "u and v", "different times"}},
        {"region_winds.nc", {.name = "strf", .from = {"u", "v"}}, {"field strf", "whole globe"}},
        {"only_u.nc", {.name = "vo", .from = {"u", "v"}}, {"no file holds field v"}},
        {"nothing*.nc", {.name = "t"}, {"nothing*.nc", "nothing matches"}},
        {"nothing.nc", {.name = "t"}, {"nothing.nc: there is no such file"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_field_data field;
        ar_error err = {""};
        assert_int_equal(load(&field, cases[i].files, &cases[i].request, &err), AR_ERROR_INPUT);
        for (int k = 0; k < 3 && cases[i].says[k]; k++) {
            if (!strstr(err.message, cases[i].says[k])) {
                fail_msg("\"%s\" lacks \"%s\"", err.message, cases[i].says[k]);
            }
        }
        assert_null(field.values);
    }
}

static void split_files_are_joined(void **state)
{
    (void)state;
    ar_field_data field;
    const ar_field_request request = {.name = "t"};
    const ar_field_request wind = {.name = "u"};
    load_well(&field, "seconds.nc per_second.nc", &wind); /* one unit in two spellings */
    assert_int_equal(field.time_count, 6);
    ar_field_data_release(&field);
    load_well(&field, "second.nc first.nc", &request);
    assert_int_equal(field.time_count, 6);
    assert_true(field.levels[0] == 0 && field.level_count == 1);
    assert_string_equal(field.level_units, "");
    check_values(&field, 0);
    ar_field_data_release(&field);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    need_files();
    const ar_field_request request = {.name = "t"};
    ar_status status = AR_ERROR_MEMORY;
    int failures = 0;
    for (; status != AR_OK; failures++) {
        ar_field_data field;
        ar_fail_allocation_after(failures);
        status = load(&field, "levels_late.nc levels_early.nc", &request, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_field_data_release(&field);
    }
    assert_true(failures > 20);
}

/* Load real data, or skip. */
static void load_real(ar_field_data *field, const char *path, const ar_field_request *request)
{
    char whole[256];
    snprintf(whole, sizeof whole, "../shared/data/%s", path);
    char parent[256];
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(whole, '/') - whole), whole);
    if (!ar_path_exists(parent)) {
        print_message("skipped: %s is not there\n", parent);
        skip();
    }
    const char *paths[] = {whole};
    ar_error err = {""};
    if (ar_field_data_load(field, paths, 1, request, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static double mean_value(const ar_field_data *field)
{
    double sum = 0;
    int64_t count = field->time_count * field->level_count * field->grid.nlat * field->grid.nlon;
    for (int64_t i = 0; i < count; i++) {
        sum += field->values[i];
    }
    return sum / (double)count;
}

static float value_at(const ar_field_data *field, int64_t time, int64_t level, int64_t row,
                      int64_t column)
{
    return ar_field_data_slice(field, time, level)[row * field->grid.nlon + column];
}

/* Numbers below: xarray 2023, numpy in double precision. Unpacked float32 data is compared exactly.
 */
static void era5_is_what_xarray_reads(void **state)
{
    (void)state;
    ar_field_data field;
    const double level = 850;
    ar_field_request request = {.name = "vorticity", .levels = &level, .level_count = 1};
    load_real(&field, "era5-2.5deg-djf/vorticity_850hpa.zarr", &request);
    assert_int_equal(field.time_count, 360);
    assert_int_equal(field.grid.nlat, 73);
    assert_int_equal(field.grid.nlon, 144);
    assert_true(field.grid.wraps);
    assert_int_equal(field.times[0], 1764547200);
    assert_string_equal(field.variable, "vo");
    assert_string_equal(field.standard_name, "atmosphere_relative_vorticity");
    assert_string_equal(field.level_units, "hPa");
    assert_true(value_at(&field, 0, 0, 0, 0) == -6.9753733e-06f);
    assert_true(value_at(&field, 359, 0, 72, 143) == -1.7473474e-05f);
    assert_true(value_at(&field, 100, 0, 20, 30) == -1.8510502e-05f);
    assert_true(value_at(&field, 224, 0, 36, 72) == 5.279202e-06f);
    assert_true(fabs(mean_value(&field) - -3.611959460930596e-07) < 1e-15);
    ar_field_data_release(&field);

    request = (ar_field_request){.name = "mean_sea_level_pressure"};
    load_real(&field, "era5-2.5deg-djf/*.zarr", &request);
    assert_string_equal(field.variable, "msl");
    assert_true(value_at(&field, 0, 0, 0, 0) == 101908.125f);
    assert_true(value_at(&field, 359, 0, 72, 143) == 101512.125f);
    assert_true(value_at(&field, 100, 0, 20, 30) == 101773.25f);
    assert_true(fabs(mean_value(&field) - 100987.94206373271) < 1e-5);
    ar_field_data_release(&field);
}

/* Training statistics (to 2026-01-31T18) with the weights of WeatherBench 2, by numpy. */
static void era5_statistics_are_those_of_numpy(void **state)
{
    (void)state;
    const struct {
        const char *path, *name;
        double mean, deviation, row_mean, row_deviation; /* row 20: 40 N */
    } cases[] = {
        {"era5-2.5deg-djf/vorticity_850hpa.zarr", "vo", -1.73345131e-08, 4.40771748e-05,
         5.48141543e-07, 6.46732038e-05},
        {"era5-2.5deg-djf/mean_sea_level_pressure.zarr", "msl", 101152.661, 1131.59177, 101819.354,
         1054.78284},
    };
    for (int i = 0; i < 2; i++) {
        ar_field_data field;
        const ar_field_request request = {.name = cases[i].name};
        load_real(&field, cases[i].path, &request);
        ar_normalisation global, rows;
        const int64_t first = 1764547200, last = first + 247 * 21600;
        assert_int_equal(ar_normalisation_compute(&global, &field, AR_PERIOD_OVERALL,
                                                  AR_AREA_GLOBAL, first, last, NULL),
                         AR_OK);
        assert_int_equal(ar_normalisation_compute(&rows, &field, AR_PERIOD_OVERALL,
                                                  AR_AREA_LATITUDE, first, last, NULL),
                         AR_OK);
        /* nine digits were written down; the mean of vorticity is small beside its deviation */
        float mean, deviation;
        ar_normalisation_at(&global, 1, 0, 20, 0, &mean, &deviation);
        assert_true(fabs(mean - cases[i].mean) <
                    1e-7 * fabs(cases[i].mean) + 1e-9 * cases[i].deviation);
        assert_true(fabs(deviation - cases[i].deviation) < 1e-7 * cases[i].deviation);
        ar_normalisation_at(&rows, 1, 0, 20, 0, &mean, &deviation);
        assert_true(fabs(mean - cases[i].row_mean) < 1e-7 * fabs(cases[i].row_mean));
        assert_true(fabs(deviation - cases[i].row_deviation) < 1e-7 * cases[i].row_deviation);
        ar_normalisation_release(&global);
        ar_normalisation_release(&rows);
        ar_field_data_release(&field);
    }
}

static void regional_and_packed_data(void **state)
{
    (void)state;
    ar_field_data field;
    ar_field_request request = {.name = "air"};
    load_real(&field, "ncep-air/air_temperature_testing.zarr", &request);
    assert_int_equal(field.time_count, 2920);
    assert_false(field.grid.wraps);
    assert_true(field.grid.latitude[0] == 75 && field.grid.longitude[0] == 200);
    assert_int_equal(field.grid.nlon, 53);
    assert_int_equal(field.times[2919], 1420048800); /* 2014-12-31T18 */
    /* hundredths in 16 bits, unpacked by xarray in single precision: half a unit of the last place
     */
    assert_true(fabs(value_at(&field, 0, 0, 0, 0) - 241.2) < 3e-5);
    assert_true(fabs(value_at(&field, 2919, 0, 24, 52) - 295.69) < 3e-5);
    assert_true(fabs(value_at(&field, 1000, 0, 10, 20) - 288.5) < 3e-5);
    assert_true(fabs(mean_value(&field) - 281.2550342568254) < 3e-5);
    ar_field_data_release(&field);

    const double levels[] = {137, 105};
    request = (ar_field_request){.name = "velocity_u", .levels = levels, .level_count = 2};
    load_real(&field, "era5-model-levels/*.nc", &request);
    assert_string_equal(field.variable, "u");
    assert_int_equal(field.time_count, 24);
    assert_true(field.levels[0] == 137 && field.levels[1] == 105);
    assert_string_equal(field.level_units, "1"); /* the file's have no unit, but they are levels */
    assert_true(field.grid.latitude[0] == 55 && fabs(field.grid.longitude_step - 0.25) < 1e-9);
    /* offset 42 m/s in single precision: 4e-6 */
    assert_true(fabs(value_at(&field, 5, 0, 10, 20) - 0.75687027) < 4e-6);
    assert_true(fabs(value_at(&field, 23, 1, 40, 40) - 3.6124763) < 4e-6);
    assert_true(fabs(mean_value(&field) - 0.042147721016002795) < 4e-6);
    ar_field_data_release(&field);

    request = (ar_field_request){.name = "10u", .start = "2020-12-01", .end = "2020-12-02"};
    load_real(&field, "formats/netcdf/*.nc", &request);
    assert_string_equal(field.variable, "u10");
    assert_int_equal(field.time_count, 5);
    assert_true(field.grid.longitude[0] == -20);
    ar_field_data_release(&field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_in_any_order_make_one_field),
        cmocka_unit_test(fields_are_found_by_their_names),
        cmocka_unit_test(scalar_coordinates_count),
        cmocka_unit_test(files_of_data_centres),
        cmocka_unit_test(fields_are_derived),
        cmocka_unit_test(a_member_is_picked),
        cmocka_unit_test(what_is_there_is_not_derived),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(split_files_are_joined),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(era5_is_what_xarray_reads),
        cmocka_unit_test(era5_statistics_are_those_of_numpy),
        cmocka_unit_test(regional_and_packed_data),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
