#include "task/forecast_layout.h"

#include <stdio.h>
#include <string.h>

#include "task/forecast_provenance.h"
#include "task/forecast_times.h"

ar_status ar_forecast_layout_read(ar_forecast_layout *layout, const ar_forecast_options *o,
                                  ar_error *err)
{
    const bool weatherbench = o->layout && strcmp(o->layout, "weatherbench") == 0;
    *layout = (ar_forecast_layout){.weatherbench = weatherbench,
                                   .steps = o->gaps ? 1 : ar_forecast_steps(o),
                                   .members = weatherbench ? "number" : "member",
                                   .coordinates =
                                       weatherbench ? NULL : "forecast_reference_time lead_time"};
    if (o->layout && !weatherbench && strcmp(o->layout, "cf") != 0) {
        return ar_fail(err, AR_ERROR_USAGE, "--layout %s: should be cf or weatherbench", o->layout);
    }
    return AR_OK;
}

/* CF standard names of what WeatherBench 2 calls otherwise; at the surface and a level above it two
 * fields may have the same. */
static const struct {
    const char *standard_name, *variable, *name;
} weatherbench_names[] = {
    {"eastward_wind", "u10", "10m_u_component_of_wind"},
    {"eastward_wind", "10u", "10m_u_component_of_wind"},
    {"northward_wind", "v10", "10m_v_component_of_wind"},
    {"northward_wind", "10v", "10m_v_component_of_wind"},
    {"eastward_wind", NULL, "u_component_of_wind"},
    {"northward_wind", NULL, "v_component_of_wind"},
    {"air_temperature", "t2m", "2m_temperature"},
    {"air_temperature", "2t", "2m_temperature"},
    {"air_temperature", NULL, "temperature"},
    {"lagrangian_tendency_of_air_pressure", NULL, "vertical_velocity"},
    {"air_pressure_at_mean_sea_level", NULL, "mean_sea_level_pressure"},
    {"surface_air_pressure", NULL, "surface_pressure"},
    {"atmosphere_relative_vorticity", NULL, "vorticity"},
    {"divergence_of_wind", NULL, "divergence"},
};

void ar_forecast_layout_name(const ar_forecast_layout *layout, const ar_field_data *field,
                             char name[80])
{
    const char *found = field->variable;
    if (layout->weatherbench && field->standard_name[0]) {
        found = field->standard_name; /* geopotential, specific_humidity, sea_surface_temperature */
        const size_t count = sizeof weatherbench_names / sizeof weatherbench_names[0];
        for (size_t i = 0; i < count; i++) {
            const char *variable = weatherbench_names[i].variable;
            if (strcmp(weatherbench_names[i].standard_name, field->standard_name) == 0 &&
                (!variable || strcmp(variable, field->variable) == 0)) {
                found = weatherbench_names[i].name;
                break;
            }
        }
    }
    snprintf(name, 80, "%.79s", found);
}

ar_status ar_forecast_add_coordinate(ar_writer *file, const char *name, const char *dimension,
                                     ar_writer_type type, const char *const (*texts)[2], int count,
                                     ar_error *err)
{
    ar_status status = ar_writer_add_variable(
        file,
        &(ar_writer_variable){.name = name, .type = type, .rank = 1, .dimensions = {dimension}},
        err);
    return status == AR_OK ? ar_forecast_put_texts(file, name, texts, count, err) : status;
}

ar_status ar_forecast_layout_define(const ar_forecast_layout *layout, ar_writer *file,
                                    const char *calendar, const char *reference, ar_error *err)
{
    const char *const time[][2] = {{"units", "hours since 1970-01-01 00:00:00"},
                                   {"calendar", calendar},
                                   {"standard_name", "time"},
                                   {"long_name", "valid time of the forecast"},
                                   {"axis", "T"}};
    const char *const start[][2] = {{"units", "hours since 1970-01-01 00:00:00"},
                                    {"calendar", calendar},
                                    {"standard_name", "forecast_reference_time"},
                                    {"long_name", reference},
                                    {"axis", "T"}};
    const char *const lead[][2] = {{"standard_name", "forecast_period"}, {"units", "hours"}};
    ar_status status = AR_OK;
    AR_TRY(ar_writer_add_dimension(file, "time", -1, err));
    if (layout->weatherbench) {
        AR_TRY(ar_writer_add_dimension(file, "prediction_timedelta", layout->steps, err));
        AR_TRY(ar_forecast_add_coordinate(file, "time", "time", AR_WRITER_DOUBLE, start, 5, err));
        AR_TRY(ar_forecast_add_coordinate(file, "prediction_timedelta", "prediction_timedelta",
                                          AR_WRITER_DOUBLE, lead, 2, err));
    } else {
        AR_TRY(ar_forecast_add_coordinate(file, "time", "time", AR_WRITER_DOUBLE, time, 5, err));
        AR_TRY(ar_forecast_add_coordinate(file, "forecast_reference_time", "time", AR_WRITER_DOUBLE,
                                          start, 4, err));
        AR_TRY(
            ar_forecast_add_coordinate(file, "lead_time", "time", AR_WRITER_DOUBLE, lead, 2, err));
    }
cleanup:
    return status;
}

void ar_forecast_layout_dimensions(const ar_forecast_layout *layout, ar_writer_variable *variable)
{
    variable->dimensions[variable->rank++] = "time";
    if (layout->weatherbench) {
        variable->chunk[variable->rank] = 1;
        variable->dimensions[variable->rank++] = "prediction_timedelta";
    }
}

int ar_forecast_layout_place(const ar_forecast_layout *layout, int64_t index, int64_t *start,
                             int64_t *extent)
{
    const int rank = layout->weatherbench ? 2 : 1;
    start[0] = layout->weatherbench ? index / layout->steps : index;
    start[1] = layout->weatherbench ? index % layout->steps : 0;
    for (int i = 0; i < rank; i++) {
        extent[i] = 1;
    }
    return rank;
}

ar_status ar_forecast_layout_write(const ar_forecast_layout *layout, ar_writer *file, int64_t index,
                                   int64_t valid_time, int64_t lead_hours, ar_error *err)
{
    const int64_t one = 1;
    const double valid = (double)valid_time / 3600.0, lead = (double)lead_hours;
    const double reference = valid - lead;
    ar_status status = AR_OK;
    if (layout->weatherbench) {
        const int64_t start = index / layout->steps, step = index % layout->steps;
        AR_TRY(ar_writer_write(file, "time", &start, &one, &reference, err));
        AR_TRY(ar_writer_write(file, "prediction_timedelta", &step, &one, &lead, err));
    } else {
        AR_TRY(ar_writer_write(file, "time", &index, &one, &valid, err));
        AR_TRY(ar_writer_write(file, "forecast_reference_time", &index, &one, &reference, err));
        AR_TRY(ar_writer_write(file, "lead_time", &index, &one, &lead, err));
    }
cleanup:
    return status;
}
