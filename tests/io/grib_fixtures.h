/* GRIB files written by ecCodes from its samples: every value tells where and of what it is. */
#ifndef AR_TESTS_IO_GRIB_FIXTURES_H
#define AR_TESTS_IO_GRIB_FIXTURES_H

#include <eccodes.h>

#include "fixtures.h"

enum { GRIB_NLAT = 4, GRIB_NLON = 5, GRIB_POINTS = GRIB_NLAT * GRIB_NLON };

/* Half a step of packing in 24 bits of the range of grib_value, and rounding. */
static const double grib_tolerance = 2e-4;

/* One field on 60 to 45 degrees north in steps of 5, 350 to 30 degrees east in steps of 10. */
typedef struct {
    int edition;                                        /* 0: 1 */
    const char *short_name;                             /* NULL: t */
    const char *level_type;                             /* NULL: isobaricInhPa */
    long level, date, time, step, member;               /* date 0: 2020-02-28 */
    bool westward, northward, by_meridian, alternating; /* its scanning */
    int missing;  /* every so many values are missing; 0: none is */
    double shift; /* is added to all values */
} grib_field;

static inline double grib_value(const grib_field *field, double latitude, double longitude)
{
    return 200 + field->shift + latitude + 0.1 * remainder(longitude, 360) +
           0.01 * (double)field->level + (double)field->step + 7 * (double)field->member;
}

/* The point at `place` in the file, as code table 8 (edition 1) and 3.4 (edition 2) say. */
static inline void grib_point(const grib_field *field, int place, double *latitude,
                              double *longitude)
{
    int inner = field->by_meridian ? GRIB_NLAT : GRIB_NLON;
    int line = place / inner, point = place % inner;
    if (field->alternating && line % 2 == 1) {
        point = inner - 1 - point;
    }
    int row = field->by_meridian ? point : line, column = field->by_meridian ? line : point;
    *latitude = field->northward ? 45 + 5 * row : 60 - 5 * row;
    *longitude = field->westward ? 30 - 10 * column : -10 + 10 * column;
}

static inline void set_number(codes_handle *handle, const char *key, long value)
{
    if (codes_set_long(handle, key, value) != CODES_SUCCESS) {
        fail_msg("ecCodes does not set %s to %ld", key, value);
    }
}

static inline void set_real(codes_handle *handle, const char *key, double value)
{
    assert_int_equal(codes_set_double(handle, key, value), CODES_SUCCESS);
}

static inline void set_text(codes_handle *handle, const char *key, const char *value)
{
    size_t length = strlen(value);
    if (codes_set_string(handle, key, value, &length) != CODES_SUCCESS) {
        fail_msg("ecCodes does not set %s to %s", key, value);
    }
}

static inline void set_grid(codes_handle *handle, const grib_field *field)
{
    set_number(handle, "Ni", GRIB_NLON);
    set_number(handle, "Nj", GRIB_NLAT);
    set_real(handle, "latitudeOfFirstGridPointInDegrees", field->northward ? 45 : 60);
    set_real(handle, "latitudeOfLastGridPointInDegrees", field->northward ? 60 : 45);
    set_real(handle, "longitudeOfFirstGridPointInDegrees", field->westward ? 30 : 350);
    set_real(handle, "longitudeOfLastGridPointInDegrees", field->westward ? 350 : 30);
    set_real(handle, "iDirectionIncrementInDegrees", 10);
    set_real(handle, "jDirectionIncrementInDegrees", 5);
    set_number(handle, "iScansNegatively", field->westward);
    set_number(handle, "jScansPositively", field->northward);
    set_number(handle, "jPointsAreConsecutive", field->by_meridian);
    if (field->alternating) {
        set_number(handle, "alternativeRowScanning", 1);
    }
}

static inline codes_handle *make_grib(const grib_field *field)
{
    const char *level_type = field->level_type ? field->level_type : "isobaricInhPa";
    char sample[64];
    double values[GRIB_POINTS];
    snprintf(sample, sizeof sample, "regular_ll_%s_grib%d",
             strncmp(level_type, "isobaric", 8) == 0 ? "pl" : "sfc",
             field->edition ? field->edition : 1);
    codes_handle *handle = codes_grib_handle_new_from_samples(NULL, sample);
    assert_non_null(handle);
    if (field->member > 0) {
        set_number(handle, "productDefinitionTemplateNumber", 1);
        set_number(handle, "number", field->member);
    }
    set_text(handle, "shortName", field->short_name ? field->short_name : "t");
    set_text(handle, "typeOfLevel", level_type);
    set_number(handle, "level", field->level);
    set_number(handle, "dataDate", field->date ? field->date : 20200228);
    set_number(handle, "dataTime", field->time);
    set_number(handle, "step", field->step);
    set_grid(handle, field);
    for (int i = 0; i < GRIB_POINTS; i++) {
        double latitude, longitude;
        grib_point(field, i, &latitude, &longitude);
        values[i] = field->missing && i % field->missing == 1
                        ? 9999
                        : grib_value(field, latitude, longitude);
    }
    set_number(handle, "bitsPerValue", 24);
    set_real(handle, "missingValue", 9999);
    set_number(handle, "bitmapPresent", field->missing > 0);
    assert_int_equal(codes_set_double_array(handle, "values", values, GRIB_POINTS), CODES_SUCCESS);
    return handle;
}

static inline void write_grib(const char *path, const grib_field *fields, int count)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    for (int i = 0; i < count; i++) {
        codes_handle *handle = make_grib(&fields[i]);
        const void *bytes;
        size_t length;
        assert_int_equal(codes_get_message(handle, &bytes, &length), CODES_SUCCESS);
        assert_int_equal(fwrite(bytes, 1, length, stream), length);
        codes_handle_delete(handle);
    }
    assert_int_equal(fclose(stream), 0);
}

#endif
