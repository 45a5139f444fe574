#include "io/grib_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "field/time.h"
#include "io/grib_library.h"

/* Stands for what is missing while values are decoded; beyond any value that GRIB packs. */
static const double missing_value = 1e36;

static void get_text(codes_handle *handle, const char *key, char *text, size_t size)
{
    size_t length = size;
    if (codes_get_string(handle, key, text, &length) != CODES_SUCCESS) {
        text[0] = '\0';
    }
}

/* Texts by which ecCodes says that it knows none. */
static void get_known_text(codes_handle *handle, const char *key, char *text, size_t size)
{
    get_text(handle, key, text, size);
    if (strcmp(text, "unknown") == 0 || strcmp(text, "~") == 0) {
        text[0] = '\0';
    }
}

static int64_t get_number(codes_handle *handle, const char *key, int64_t otherwise)
{
    long number;
    if (codes_get_long(handle, key, &number) != CODES_SUCCESS || number == CODES_MISSING_LONG) {
        return otherwise;
    }
    return number;
}

static double get_real(codes_handle *handle, const char *key)
{
    double number;
    return codes_get_double(handle, key, &number) == CODES_SUCCESS ? number : NAN;
}

/* A parameter that ecCodes does not know goes by the numbers of its tables. */
static void name_unknown(codes_handle *handle, ar_grib_keys *keys)
{
    if (get_number(handle, "edition", 0) == 1) {
        snprintf(keys->short_name, sizeof keys->short_name, "unknown_%lld_%lld",
                 (long long)get_number(handle, "table2Version", 0),
                 (long long)get_number(handle, "indicatorOfParameter", 0));
    } else {
        snprintf(keys->short_name, sizeof keys->short_name, "unknown_%lld_%lld_%lld",
                 (long long)get_number(handle, "discipline", 0),
                 (long long)get_number(handle, "parameterCategory", 0),
                 (long long)get_number(handle, "parameterNumber", 0));
    }
}

static void read_parameter(codes_handle *handle, ar_grib_keys *keys)
{
    keys->parameter = get_number(handle, "paramId", 0);
    get_known_text(handle, "shortName", keys->short_name, sizeof keys->short_name);
    get_known_text(handle, "name", keys->long_name, sizeof keys->long_name);
    get_known_text(handle, "cfName", keys->standard_name, sizeof keys->standard_name);
    get_known_text(handle, "units", keys->units, sizeof keys->units);
    get_text(handle, "stepType", keys->step_type, sizeof keys->step_type);
    if (!keys->short_name[0]) {
        name_unknown(handle, keys);
    }
}

static void read_level(codes_handle *handle, ar_grib_keys *keys)
{
    get_text(handle, "typeOfLevel", keys->level_type, sizeof keys->level_type);
    keys->level = get_real(handle, "level");
    keys->level = isfinite(keys->level) ? keys->level : 0;
    if (strcmp(keys->level_type, "isobaricInPa") == 0) {
        snprintf(keys->level_type, sizeof keys->level_type, "isobaricInhPa");
        keys->level /= 100;
    }
}

/* A date as YYYYMMDD and a time as HHMM. */
static bool read_time(codes_handle *handle, const char *date_key, const char *time_key,
                      int64_t *time)
{
    const int64_t day = get_number(handle, date_key, -1), clock = get_number(handle, time_key, -1);
    if (day < 0 || clock < 0 || clock > 2359 || clock % 100 > 59) {
        return false;
    }
    const ar_date date = {.year = day / 10000,
                          .month = (int)(day / 100 % 100),
                          .day = (int)(day % 100),
                          .hour = (int)(clock / 100),
                          .minute = (int)(clock % 100)};
    return ar_time_from_date(time, date, AR_CALENDAR_PROLEPTIC_GREGORIAN, NULL) == AR_OK;
}

/* Coefficients for which total and zonal wavenumbers end at the same number. */
static void read_truncation(codes_handle *handle, ar_grib_grid *grid)
{
    const int64_t j = get_number(handle, "J", -1), k = get_number(handle, "K", -1);
    const bool triangular = j == k && j == get_number(handle, "M", -1) && j < 1 << 20;
    grid->truncation = triangular ? j : -1;
    grid->value_count = triangular ? (j + 1) * (j + 2) : 0;
}

static void read_grid(codes_handle *handle, ar_grib_grid *grid)
{
    get_text(handle, "gridType", grid->type, sizeof grid->type);
    get_text(handle, "md5GridSection", grid->hash, sizeof grid->hash);
    grid->truncation = -1;
    if (strcmp(grid->type, "sh") == 0) {
        read_truncation(handle, grid);
        return;
    }
    const bool gaussian =
        strcmp(grid->type, "regular_gg") == 0 || strcmp(grid->type, "reduced_gg") == 0;
    grid->value_count =
        get_number(handle, "numberOfDataPoints", get_number(handle, "numberOfValues", 0));
    grid->nlon = get_number(handle, "Ni", 0);
    grid->nlat = get_number(handle, "Nj", 0);
    grid->gaussian = gaussian ? get_number(handle, "N", 0) : 0;
    grid->first_latitude = get_real(handle, "latitudeOfFirstGridPointInDegrees");
    grid->last_latitude = get_real(handle, "latitudeOfLastGridPointInDegrees");
    grid->first_longitude = get_real(handle, "longitudeOfFirstGridPointInDegrees");
    grid->last_longitude = get_real(handle, "longitudeOfLastGridPointInDegrees");
    grid->westward = get_number(handle, "iScansNegatively", 0) != 0;
    grid->northward = get_number(handle, "jScansPositively", 0) != 0;
    grid->meridian_by_meridian = get_number(handle, "jPointsAreConsecutive", 0) != 0;
    grid->alternating = get_number(handle, "alternativeRowScanning", 0) != 0;
}

static int read_all_keys(codes_handle *handle, void *argument)
{
    ar_grib_keys *keys = argument;
    read_parameter(handle, keys);
    read_level(handle, keys);
    keys->member = get_number(handle, "number", 0);
    read_grid(handle, &keys->grid);
    if (!keys->grid.type[0] || !read_time(handle, "validityDate", "validityTime", &keys->time)) {
        return CODES_INVALID_KEY_VALUE;
    }
    if (!read_time(handle, "dataDate", "dataTime", &keys->reference)) {
        keys->reference = keys->time;
    }
    return CODES_SUCCESS;
}

ar_status ar_grib_keys_read(ar_grib_keys *keys, const unsigned char *bytes, size_t length,
                            ar_error *err)
{
    *keys = (ar_grib_keys){0};
    ar_status status = ar_grib_library_run(bytes, length, read_all_keys, keys, err);
    if (status == AR_ERROR_INPUT && keys->short_name[0]) {
        return ar_fail_within(err, status,
                              "field %s has no grid or no time of validity that can be read",
                              keys->short_name);
    }
    return status;
}

typedef struct {
    double *values;
    int64_t count;
    size_t found;
} decoding;

static int decode(codes_handle *handle, void *argument)
{
    decoding *wanted = argument;
    int code = codes_get_size(handle, "values", &wanted->found);
    if (code != CODES_SUCCESS || wanted->count < 1 || wanted->found != (size_t)wanted->count) {
        return code == CODES_SUCCESS ? CODES_WRONG_ARRAY_SIZE : code;
    }
    code = codes_set_double(handle, "missingValue", missing_value);
    wanted->values[wanted->count - 1] = NAN;
    if (code == CODES_SUCCESS) {
        code = codes_get_double_array(handle, "values", wanted->values, &wanted->found);
    }
    /* ecCodes 2.28 counts one coefficient too few where packing is spectral_simple, and writes all.
     */
    if (wanted->found == (size_t)wanted->count - 1 && !isnan(wanted->values[wanted->count - 1])) {
        wanted->found++;
    }
    if (code != CODES_SUCCESS || wanted->found != (size_t)wanted->count) {
        return code == CODES_SUCCESS ? CODES_WRONG_ARRAY_SIZE : code;
    }
    for (int64_t i = 0; i < wanted->count; i++) {
        wanted->values[i] = wanted->values[i] == missing_value ? NAN : wanted->values[i];
    }
    return CODES_SUCCESS;
}

ar_status ar_grib_values_read(double *values, int64_t count, const unsigned char *bytes,
                              size_t length, ar_error *err)
{
    decoding wanted = {.values = values, .count = count};
    ar_status status = ar_grib_library_run(bytes, length, decode, &wanted, err);
    if (status == AR_ERROR_INPUT && wanted.found != (size_t)count) {
        return ar_fail(err, status, "it has %zu values, its grid has %lld points", wanted.found,
                       (long long)count);
    }
    return status;
}

/* What is counted, and where to. */
typedef struct {
    int64_t *points;
    size_t count;
} row_points;

static int read_row_points(codes_handle *handle, void *argument)
{
    const row_points *wanted = argument;
    size_t found = 0;
    int code = codes_get_size(handle, "pl", &found);
    if (code != CODES_SUCCESS || found != wanted->count) {
        return code == CODES_SUCCESS ? CODES_WRONG_ARRAY_SIZE : code;
    }
    _Static_assert(sizeof(long) == sizeof(int64_t), "ecCodes counts in long");
    return codes_get_long_array(handle, "pl", (long *)wanted->points, &found);
}

ar_status ar_grib_row_points_read(int64_t *points, int64_t count, const unsigned char *bytes,
                                  size_t length, ar_error *err)
{
    row_points wanted = {.points = points, .count = (size_t)count};
    return ar_grib_library_run(bytes, length, read_row_points, &wanted, err);
}

static int compute_latitudes(codes_handle *handle, void *argument)
{
    (void)handle;
    decoding *wanted = argument;
    return codes_get_gaussian_latitudes((long)wanted->count, wanted->values);
}

ar_status ar_grib_gaussian_latitudes(double *latitudes, int64_t order, ar_error *err)
{
    decoding wanted = {.values = latitudes, .count = order};
    return ar_grib_library_run(NULL, 0, compute_latitudes, &wanted, err);
}
