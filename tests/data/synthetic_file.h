/* Files of the fields of synthetic.h, in the folder of temporary_folder.h, by this program's
 * writer. */
#ifndef TESTS_DATA_SYNTHETIC_FILE_H
#define TESTS_DATA_SYNTHETIC_FILE_H

#include <stdlib.h>

#include "io/writer.h"
#include "synthetic.h"
#include "temporary_folder.h"

enum { SYNTHETIC_PATH = 160 };

static inline void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static inline void synthetic_path(char path[SYNTHETIC_PATH], const char *name)
{
    snprintf(path, SYNTHETIC_PATH, "%s/%s", folder, name);
}

static inline void synthetic_axis(ar_writer *file, const char *name, int64_t length,
                                  const char *units)
{
    const ar_writer_variable axis = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    ar_error err = {""};
    must(ar_writer_add_dimension(file, name, length, &err), &err);
    must(ar_writer_add_variable(file, &axis, &err), &err);
    must(ar_writer_put_text(file, name, "units", units, &err), &err);
}

static inline void synthetic_line(ar_writer *file, const char *name, int64_t length, double first,
                                  double step)
{
    const int64_t zero = 0;
    double values[4096];
    ar_error err = {""};
    assert_true(length <= 4096);
    for (int64_t i = 0; i < length; i++) {
        values[i] = first + step * (double)i;
    }
    must(ar_writer_write(file, name, &zero, &length, values, &err), &err);
}

/* Times first … first + count − 1 of a shape, `chunk` of them in one chunk. */
static inline void synthetic_file(const char *name, const synthetic_shape *shape, int64_t first,
                                  int64_t count, int64_t chunk)
{
    char path[SYNTHETIC_PATH];
    ar_writer *file = NULL;
    ar_error err = {""};
    const int64_t points = shape->nlat * shape->nlon;
    synthetic_path(path, name);
    must(ar_writer_create(&file, path, &err), &err);
    synthetic_axis(file, "time", count, "seconds since 1970-01-01");
    synthetic_axis(file, "level", shape->level_count, "hPa");
    synthetic_axis(file, "latitude", shape->nlat, "degrees_north");
    synthetic_axis(file, "longitude", shape->nlon, "degrees_east");
    const ar_writer_variable variable = {.name = shape->name,
                                         .type = AR_WRITER_FLOAT,
                                         .rank = 4,
                                         .dimensions = {"time", "level", "latitude", "longitude"},
                                         .compress = 1,
                                         .chunk = {chunk, shape->level_count}};
    must(ar_writer_add_variable(file, &variable, &err), &err);
    must(ar_writer_put_text(file, "time", "calendar", "proleptic_gregorian", &err), &err);
    synthetic_line(file, "time", count, (double)(shape->first_time + first * shape->time_step),
                   (double)shape->time_step);
    synthetic_line(file, "level", shape->level_count, 100, 1);
    synthetic_line(file, "latitude", shape->nlat, shape->north, -shape->step);
    synthetic_line(file, "longitude", shape->nlon, shape->west, shape->step);
    const int64_t start[4] = {0}, whole[4] = {count, shape->level_count, shape->nlat, shape->nlon};
    float *values = NULL, *next;
    must(ar_allocate(&values, (size_t)(count * shape->level_count * points), sizeof(float), "",
                     &err),
         &err);
    next = values;
    for (int64_t i = 0; i < count * shape->level_count * points; i++) {
        const int64_t time = first + i / (shape->level_count * points), point = i % points;
        *next++ = shape->formula(time, i / points % shape->level_count, point / shape->nlon,
                                 point % shape->nlon);
    }
    must(ar_writer_write(file, variable.name, start, whole, values, &err), &err);
    must(ar_writer_commit(&file, &err), &err);
    ar_free(values);
}

#endif
