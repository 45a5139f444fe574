/* make_waves FOLDER [gaps | year]: a small data set for tests of the whole program. z.nc
 * (geopotential at 850 and 500 hPa) and msl.nc (mean sea level pressure), 19 x 36 points around the
 * globe, every 6 hours of 2001-01-01 to 2001-03-01: waves of zonal wavenumbers 1 to 5 that travel
 * 10 degrees east in 6 hours while their amplitudes change slowly, and a little noise. What the
 * next field is can be read off the last one, one column to the west. With `gaps` some values, and
 * all values of a few times, are missing; with `year` there is all of 2001. orography.nc holds
 * surface_geopotential without a time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "io/writer.h"

enum {
    NLAT = 19,
    NLON = 36,
    TIMES = 240,
    MOST_TIMES = 1460,
    POINTS = NLAT * NLON,
    MOST_LEVELS = 2
};

typedef struct {
    const char *file, *variable, *standard_name, *units;
    int64_t levels; /* 0: no dimension of levels */
    double mean, amplitude;
} wave_field;

static const wave_field fields[] = {
    {"z.nc", "z", "geopotential", "m2 s-2", 2, 30000, 900},
    {"msl.nc", "msl", "air_pressure_at_mean_sea_level", "Pa", 0, 101000, 700},
};

static double wave(int64_t time, int64_t level, double latitude, double longitude)
{
    double sum = 0;
    for (int k = 1; k <= 5; k++) {
        /* Amplitudes go through zero in some weeks, each wavenumber at its own pace. */
        double slow = sin(2 * M_PI * (double)time / (70.0 + 23 * k) + 1.7 * k + 0.4 * latitude);
        sum += slow * sin(k * (longitude - M_PI / 18 * (double)time) + 0.6 * (double)level + k * k);
    }
    return cos(latitude) * sum;
}

static bool is_missing(int64_t time, int64_t at)
{
    return (time * 7 + at * 5) % 211 == 0 || time % 60 == 31;
}

static void fill(const wave_field *field, int64_t time, bool gaps, float *values)
{
    const int64_t levels = field->levels > 0 ? field->levels : 1;
    ar_random random = {
        .seed = (uint64_t)field->variable[0], .step = (uint32_t)time, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < levels * POINTS; i++) {
        double latitude = (90 - 10 * (double)(i % POINTS / NLON)) * M_PI / 180;
        double longitude = 10 * (double)(i % NLON) * M_PI / 180;
        double value =
            wave(time, i / POINTS, latitude, longitude) + 0.1 * ar_random_normal(&random);
        values[i] = (float)(field->mean + field->amplitude * value);
        if (gaps && is_missing(time, i)) {
            values[i] = NAN;
        }
    }
}

typedef struct {
    const char *name, *units, *axis;
    int64_t length;
    double first, step;
} axis;

static ar_status add_axis(ar_writer *file, const axis *a, bool unlimited, ar_error *err)
{
    const ar_writer_variable variable = {
        .name = a->name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {a->name}};
    ar_status status = AR_OK;
    AR_TRY(ar_writer_add_dimension(file, a->name, unlimited ? -1 : a->length, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(ar_writer_put_text(file, a->name, "units", a->units, err));
    AR_TRY(ar_writer_put_text(file, a->name, "axis", a->axis, err));
cleanup:
    return status;
}

static ar_status write_axis(ar_writer *file, const axis *a, ar_error *err)
{
    double values[MOST_TIMES];
    const int64_t zero = 0;
    for (int64_t i = 0; i < a->length; i++) {
        values[i] = a->first + a->step * (double)i;
    }
    return ar_writer_write(file, a->name, &zero, &a->length, values, err);
}

static ar_status write_field(const wave_field *field, const char *folder, int64_t times, bool gaps,
                             ar_error *err)
{
    const axis axes[] = {{"time", "hours since 2001-01-01 00:00:00", "T", times, 0, 6},
                         {"level", "hPa", "Z", field->levels, 850, -350},
                         {"latitude", "degrees_north", "Y", NLAT, 90, -10},
                         {"longitude", "degrees_east", "X", NLON, 0, 10}};
    ar_writer_variable variable = {.name = field->variable, .type = AR_WRITER_FLOAT, .compress = 1};
    ar_writer *file = NULL;
    char *path = NULL;
    float values[MOST_LEVELS * POINTS];
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, folder, field->file, err));
    AR_TRY(ar_writer_create(&file, path, err));
    for (int a = 0; a < 4; a++) {
        if (axes[a].length > 0) {
            AR_TRY(add_axis(file, &axes[a], a == 0, err));
            variable.dimensions[variable.rank++] = axes[a].name;
        }
    }
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(ar_writer_put_text(file, field->variable, "standard_name", field->standard_name, err));
    AR_TRY(ar_writer_put_text(file, field->variable, "units", field->units, err));
    for (int a = 0; a < 4; a++) {
        if (axes[a].length > 0) {
            AR_TRY(write_axis(file, &axes[a], err));
        }
    }
    for (int64_t t = 0; t < times; t++) {
        const int64_t start[4] = {t}, with_levels[4] = {1, field->levels, NLAT, NLON},
                      without[3] = {1, NLAT, NLON};
        fill(field, t, gaps, values);
        AR_TRY(ar_writer_write(file, field->variable, start,
                               field->levels > 0 ? with_levels : without, values, err));
    }
    AR_TRY(ar_writer_commit(&file, err));
cleanup:
    ar_writer_abandon(&file);
    ar_free(path);
    return status;
}

static ar_status write_orography(const char *folder, ar_error *err)
{
    const axis axes[] = {{"latitude", "degrees_north", "Y", NLAT, 90, -10},
                         {"longitude", "degrees_east", "X", NLON, 0, 10}};
    const ar_writer_variable variable = {.name = "surface_geopotential",
                                         .type = AR_WRITER_FLOAT,
                                         .rank = 2,
                                         .dimensions = {"latitude", "longitude"}};
    const int64_t start[2] = {0}, count[2] = {NLAT, NLON};
    ar_writer *file = NULL;
    char *path = NULL;
    float values[POINTS];
    ar_status status = AR_OK;
    for (int64_t i = 0; i < POINTS; i++) {
        double ridge = sin(M_PI / 18 * (double)(i / NLON)) * cos(M_PI / 9 * (double)(i % NLON));
        values[i] = (float)(ridge > 0 ? 20000 * ridge : 0);
    }
    AR_TRY(ar_path_join(&path, folder, "orography.nc", err));
    AR_TRY(ar_writer_create(&file, path, err));
    AR_TRY(add_axis(file, &axes[0], false, err));
    AR_TRY(add_axis(file, &axes[1], false, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(ar_writer_put_text(file, variable.name, "units", "m2 s-2", err));
    AR_TRY(write_axis(file, &axes[0], err));
    AR_TRY(write_axis(file, &axes[1], err));
    AR_TRY(ar_writer_write(file, variable.name, start, count, values, err));
    AR_TRY(ar_writer_commit(&file, err));
cleanup:
    ar_writer_abandon(&file);
    ar_free(path);
    return status;
}

int main(int argc, char **argv)
{
    const bool gaps = argc == 3 && strcmp(argv[2], "gaps") == 0;
    const bool year = argc == 3 && strcmp(argv[2], "year") == 0;
    ar_error err = {""};
    if (argc != 2 && !gaps && !year) {
        fprintf(stderr, "usage: make_waves FOLDER [gaps | year]\n");
        return 2;
    }
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        if (write_field(&fields[f], argv[1], year ? MOST_TIMES : TIMES, gaps, &err) != AR_OK) {
            fprintf(stderr, "make_waves: %s\n", err.message);
            return 1;
        }
    }
    if (write_orography(argv[1], &err) != AR_OK) {
        fprintf(stderr, "make_waves: %s\n", err.message);
        return 1;
    }
    return 0;
}
