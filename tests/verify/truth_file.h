/* Files of one field in the folder of temporary_folder.h, and truth that is read from them. */
#ifndef TESTS_VERIFY_TRUTH_FILE_H
#define TESTS_VERIFY_TRUTH_FILE_H

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/writer.h"
#include "verify/truth.h"

/* Field x in K on a global grid; rows 180/nlat degrees apart, half a step from the poles. */
typedef struct {
    int64_t nlat, nlon, time_count;
    const double *times; /* [time_count] seconds since 1970 */
    const float *values; /* [time_count][nlat][nlon] */
} truth_file;

static inline void truth_must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static inline void truth_file_axis(ar_writer *file, const char *name, int64_t length,
                                   const char *units)
{
    ar_error err = {""};
    const ar_writer_variable axis = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    truth_must(ar_writer_add_dimension(file, name, length, &err), &err);
    truth_must(ar_writer_add_variable(file, &axis, &err), &err);
    truth_must(ar_writer_put_text(file, name, "units", units, &err), &err);
}

static inline void truth_file_line(ar_writer *file, const char *name, int64_t length, double first,
                                   double step)
{
    ar_error err = {""};
    for (int64_t i = 0; i < length; i++) {
        const double value = first + step * (double)i;
        truth_must(ar_writer_write(file, name, &i, &(int64_t){1}, &value, &err), &err);
    }
}

/* Axes, and x with its attributes; to be committed. */
static inline void truth_file_define(ar_writer *file, const truth_file *data)
{
    ar_error err = {""};
    const double step = 180.0 / (double)data->nlat;
    const ar_writer_variable x = {.name = "x",
                                  .type = AR_WRITER_FLOAT,
                                  .rank = 3,
                                  .dimensions = {"time", "latitude", "longitude"}};
    truth_file_axis(file, "time", data->time_count, "seconds since 1970-01-01");
    truth_file_axis(file, "latitude", data->nlat, "degrees_north");
    truth_file_axis(file, "longitude", data->nlon, "degrees_east");
    truth_must(ar_writer_add_variable(file, &x, &err), &err);
    truth_must(ar_writer_put_text(file, "x", "units", "K", &err), &err);
    truth_must(ar_writer_write(file, "time", &(int64_t){0}, &data->time_count, data->times, &err),
               &err);
    truth_file_line(file, "latitude", data->nlat, 90 - step / 2, -step);
    truth_file_line(file, "longitude", data->nlon, 0, 360.0 / (double)data->nlon);
}

/* Write a file and open it as the truth of forecasts of the same x. */
static inline void truth_file_open(ar_truth *truth, const truth_file *data, size_t window_bytes)
{
    static int number;
    char path[128];
    ar_writer *file = NULL;
    ar_error err = {""};
    const int64_t start[3] = {0}, count[] = {data->time_count, data->nlat, data->nlon};
    snprintf(path, sizeof path, "%s/truth%d.nc", folder, number++);
    truth_must(ar_writer_create(&file, path, &err), &err);
    truth_file_define(file, data);
    truth_must(ar_writer_write(file, "x", start, count, data->values, &err), &err);
    truth_must(ar_writer_commit(&file, &err), &err);

    ar_forecast_file forecast = {.path = "forecast.nc", .calendar = AR_CALENDAR_STANDARD};
    const ar_forecast_field field = {.variable = "x", .units = "K", .level_count = 1};
    const char *const paths[] = {path};
    const ar_truth_settings settings = {.paths = paths,
                                        .path_count = 1,
                                        .start = (int64_t)data->times[0],
                                        .end = (int64_t)data->times[data->time_count - 1],
                                        .window_bytes = window_bytes};
    double latitude[64], longitude[64];
    const double step = 180.0 / (double)data->nlat;
    ar_grid_order order;
    assert_true(data->nlat <= 64 && data->nlon <= 64);
    for (int64_t i = 0; i < data->nlat; i++) {
        latitude[i] = 90 - step / 2 - step * (double)i;
    }
    for (int64_t j = 0; j < data->nlon; j++) {
        longitude[j] = 360.0 / (double)data->nlon * (double)j;
    }
    truth_must(ar_grid_init(&forecast.grid, &order, latitude, data->nlat, longitude, data->nlon,
                            "forecast.nc", &err),
               &err);
    truth_must(ar_truth_open(truth, &settings, &forecast, &field, &err), &err);
    ar_grid_release(&forecast.grid);
}

#endif
