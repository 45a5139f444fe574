/* The coordinates of a nature run's file: members, times, levels, latitudes, longitudes. */
#include "nature/output_coordinates.h"

#include <stddef.h>

#include "base/memory.h"
#include "field/constants.h"

/* ---- definitions ----------------------------------------------------------------------------- */

ar_status ar_output_put_texts(ar_writer *file, const char *name, ar_text_attribute *texts,
                              ar_error *err)
{
    ar_status status = AR_OK;
    for (; status == AR_OK && (*texts)[0]; texts++) {
        status = ar_writer_put_text(file, name, (*texts)[0], (*texts)[1], err);
    }
    return status;
}

static ar_status add_coordinate(ar_writer *file, const char *name, int64_t length,
                                ar_writer_type type, ar_text_attribute *texts, ar_error *err)
{
    ar_status status = AR_OK;
    ar_writer_variable variable = {.name = name, .type = type, .rank = 1, .dimensions = {name}};
    AR_TRY(ar_writer_add_dimension(file, name, length, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(ar_output_put_texts(file, name, texts, err));
cleanup:
    return status;
}

/* CF-1.8, appendix D: p = ptop + σ (ps − ptop). */
static ar_status define_sigma(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    ar_text_attribute level_texts[] = {
        {"standard_name", "atmosphere_sigma_coordinate"},
        {"long_name", "air pressure over surface air pressure"},
        {"units", "1"},
        {"positive", "down"},
        {"axis", "Z"},
        {"formula_terms", "sigma: level ps: surface_air_pressure ptop: ptop"},
        {NULL, NULL}};
    ar_text_attribute top_texts[] = {{"standard_name", "air_pressure_at_top_of_atmosphere_model"},
                                     {"units", "Pa"},
                                     {NULL, NULL}};
    ar_writer_variable top = {.name = "ptop", .type = AR_WRITER_DOUBLE};
    ar_status status = AR_OK;
    AR_TRY(add_coordinate(file, "level", output->snapshot->level_count, AR_WRITER_DOUBLE,
                          level_texts, err));
    AR_TRY(ar_writer_add_variable(file, &top, err));
    AR_TRY(ar_output_put_texts(file, top.name, top_texts, err));
cleanup:
    return status;
}

ar_status ar_output_coordinates_define(const ar_output_file *output, ar_writer *file, bool record,
                                       ar_error *err)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    ar_text_attribute member_texts[] = {{"standard_name", "realization"},
                                        {"long_name", "member of the ensemble"},
                                        {"units", "1"},
                                        {NULL, NULL}};
    ar_text_attribute time_texts[] = {{"standard_name", "time"},
                                      {"units", "hours since 1970-01-01 00:00:00"},
                                      {"calendar", "standard"},
                                      {"axis", "T"},
                                      {NULL, NULL}};
    ar_text_attribute level_texts[] = {{"standard_name", "air_pressure"},
                                       {"units", "hPa"},
                                       {"positive", "down"},
                                       {"axis", "Z"},
                                       {NULL, NULL}};
    ar_text_attribute latitude_texts[] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}, {NULL, NULL}};
    ar_text_attribute longitude_texts[] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}, {NULL, NULL}};
    ar_status status = AR_OK;
    if (output->options->ensemble > 0) {
        AR_TRY(add_coordinate(file, "realization", output->options->ensemble, AR_WRITER_INT32,
                              member_texts, err));
    }
    AR_TRY(add_coordinate(file, "time", record ? -1 : output->times, AR_WRITER_DOUBLE, time_texts,
                          err));
    if (output->snapshot->level_kind == AR_NATURE_PRESSURE_LEVELS) {
        AR_TRY(add_coordinate(file, "level", output->snapshot->level_count, AR_WRITER_DOUBLE,
                              level_texts, err));
    } else {
        AR_TRY(define_sigma(output, file, err));
    }
    AR_TRY(add_coordinate(file, "latitude", grid->nlat, AR_WRITER_DOUBLE, latitude_texts, err));
    AR_TRY(add_coordinate(file, "longitude", grid->nlon, AR_WRITER_DOUBLE, longitude_texts, err));
cleanup:
    return status;
}

/* ---- values ---------------------------------------------------------------------------------- */

static ar_status write_all(ar_writer *file, const char *name, int64_t count, const void *values,
                           ar_error *err)
{
    return ar_writer_write(file, name, &(int64_t){0}, &count, values, err);
}

static ar_status write_levels(const ar_output_file *output, ar_writer *file, double *numbers,
                              ar_error *err)
{
    const ar_snapshot *s = output->snapshot;
    bool pressure = s->level_kind == AR_NATURE_PRESSURE_LEVELS;
    for (int64_t l = 0; l < s->level_count; l++) {
        numbers[l] = pressure ? output->options->output.levels[l] : s->levels[l];
    }
    ar_status status = write_all(file, "level", s->level_count, numbers, err);
    if (status == AR_OK && !pressure) {
        status = ar_writer_write(file, "ptop", NULL, NULL, &(double){0}, err);
    }
    return status;
}

static ar_status write_places(const ar_output_file *output, ar_writer *file, double *degrees,
                              ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    const double *colatitude = ar_harmonics_get_colatitude(output->snapshot->grid);
    for (int64_t i = 0; i < grid->nlat; i++) {
        /* regular ones without rounding */
        degrees[i] = grid->rows == AR_HARMONICS_REGULAR ? 90 - 180.0 * i / (grid->nlat - 1)
                                                        : 90 - colatitude[i] * (180 / AR_PI);
    }
    AR_TRY(write_all(file, "latitude", grid->nlat, degrees, err));
    for (int64_t j = 0; j < grid->nlon; j++) {
        degrees[j] = 360.0 * j / grid->nlon;
    }
    AR_TRY(write_all(file, "longitude", grid->nlon, degrees, err));
cleanup:
    return status;
}

static ar_status write_members(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    int64_t members = output->options->ensemble;
    int32_t *numbers = NULL;
    ar_status status = ar_allocate(&numbers, members, sizeof *numbers, "members", err);
    for (int64_t m = 0; status == AR_OK && m < members; m++) {
        numbers[m] = (int32_t)m;
    }
    if (status == AR_OK) {
        status = write_all(file, "realization", members, numbers, err);
    }
    ar_free(numbers);
    return status;
}

ar_status ar_output_coordinates_write(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    int64_t longest = grid->nlat + grid->nlon + output->snapshot->level_count + output->times;
    double *numbers = NULL;
    AR_TRY(ar_allocate(&numbers, longest, sizeof *numbers, "coordinates", err));
    if (output->options->ensemble > 0) {
        AR_TRY(write_members(output, file, err));
    }
    for (int64_t t = 0; t < output->times; t++) {
        numbers[t] = output->first_time / 3600.0 + t * output->options->output.every_hours;
    }
    AR_TRY(write_all(file, "time", output->times, numbers, err));
    AR_TRY(write_levels(output, file, numbers, err));
    AR_TRY(write_places(output, file, numbers, err));
cleanup:
    ar_free(numbers);
    return status;
}
