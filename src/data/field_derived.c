#include "data/field_derived.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/field_names.h"
#include "data/field_reader.h"
#include "field/units.h"
#include "field/wind.h"

typedef enum { OF_WIND, OF_ROTATION } input_pair;

static const char *const input_names[][2] = {
    [OF_WIND] = {"eastward_wind", "northward_wind"},
    [OF_ROTATION] = {"atmosphere_relative_vorticity", "divergence_of_wind"}};
static const char *const input_units[] = {[OF_WIND] = "m s-1", [OF_ROTATION] = "s-1"};

typedef enum {
    VORTICITY,
    DIVERGENCE,
    STREAMFUNCTION,
    VELOCITY_POTENTIAL,
    SPEED,
    EASTWARD,
    NORTHWARD,
    KINDS
} derived_kind;

static const struct {
    const char *standard_name, *units;
    input_pair of;
} kinds[KINDS] = {
    [VORTICITY] = {"atmosphere_relative_vorticity", "s-1", OF_WIND},
    [DIVERGENCE] = {"divergence_of_wind", "s-1", OF_WIND},
    [STREAMFUNCTION] = {"atmosphere_horizontal_streamfunction", "m2 s-1", OF_WIND},
    [VELOCITY_POTENTIAL] = {"atmosphere_horizontal_velocity_potential", "m2 s-1", OF_WIND},
    [SPEED] = {"wind_speed", "m s-1", OF_WIND},
    [EASTWARD] = {"eastward_wind", "m s-1", OF_ROTATION},
    [NORTHWARD] = {"northward_wind", "m s-1", OF_ROTATION},
};

/* Some times of this many values are held of each of the two fields. */
static const int64_t values_at_once = 1 << 23;

struct ar_field_derived {
    derived_kind kind;
    char name[64];
    ar_field_reader *readers[2];
    double scale[2]; /* to input_units */
};

static ar_status find_kind(derived_kind *kind, const ar_field_request *request, ar_error *err)
{
    const char *standard = ar_field_standard_name(request->name);
    for (int k = 0; k < KINDS; k++) {
        if (standard && strcmp(standard, kinds[k].standard_name) == 0) {
            *kind = (derived_kind)k;
            return AR_OK;
        }
    }
    return ar_fail(
        err, AR_ERROR_INPUT,
        "field %s: it cannot be derived from %s and %s; vorticity, divergence, "
        "atmosphere_horizontal_streamfunction, atmosphere_horizontal_velocity_potential "
        "and wind_speed can from a wind, eastward_wind and northward_wind from vorticity "
        "and divergence",
        request->name, request->from[0], request->from[1]);
}

/* What is known to be something else, or the two in the other order, would give garbage. */
static ar_status check_inputs(derived_kind kind, const ar_field_request *request, ar_error *err)
{
    const char *const *right = input_names[kinds[kind].of];
    for (int i = 0; i < 2; i++) {
        const char *standard = ar_field_standard_name(request->from[i]);
        if (standard && strcmp(standard, right[i]) != 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: from [%s, %s] has %s where %s would be right", request->name,
                           request->from[0], request->from[1], standard, right[i]);
        }
    }
    return AR_OK;
}

static ar_status open_input(ar_field_derived *derived, int i, const char *const *paths,
                            int64_t path_count, const ar_field_request *request, ar_error *err)
{
    ar_status status;
    double offset;
    ar_field_request input = *request;
    input.name = request->from[i];
    input.variable = input.from[0] = input.from[1] = NULL;
    AR_TRY(ar_field_reader_open(&derived->readers[i], paths, path_count, &input, err));
    const ar_field_data *field = ar_field_reader_field(derived->readers[i]);
    status = ar_units_conversion(field->units, input_units[kinds[derived->kind].of],
                                 &derived->scale[i], &offset, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, AR_ERROR_INPUT, "field %s is derived from %s", request->name,
                                request->from[i]);
    }
cleanup:
    return status;
}

static ar_status fail_apart(const ar_field_derived *derived, const char *what, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s is derived from %s and %s, which have different %s; they should have "
                   "the same",
                   derived->name, ar_field_reader_field(derived->readers[0])->name,
                   ar_field_reader_field(derived->readers[1])->name, what);
}

static ar_status check_pair(const ar_field_derived *derived, ar_error *err)
{
    const ar_field_data *a = ar_field_reader_field(derived->readers[0]);
    const ar_field_data *b = ar_field_reader_field(derived->readers[1]);
    if (!ar_grid_equal(&a->grid, &b->grid)) {
        return fail_apart(derived, "grids", err);
    }
    if (a->level_count != b->level_count || strcmp(a->level_units, b->level_units) != 0 ||
        memcmp(a->levels, b->levels, (size_t)a->level_count * sizeof *a->levels) != 0) {
        return fail_apart(derived, "levels", err);
    }
    if (a->calendar != b->calendar || a->time_count != b->time_count ||
        memcmp(a->times, b->times, (size_t)a->time_count * sizeof *a->times) != 0) {
        return fail_apart(derived, "times", err);
    }
    return AR_OK;
}

static ar_status make_wind(const ar_field_derived *derived, ar_wind **wind, ar_error *err)
{
    const ar_grid *grid = &ar_field_reader_field(derived->readers[0])->grid;
    *wind = NULL;
    if (derived->kind == SPEED) {
        return AR_OK;
    }
    ar_status status = ar_wind_create(wind, grid, AR_WIND_AUTOMATIC, 0, err);
    if (status == AR_OK && derived->kind != VORTICITY && derived->kind != DIVERGENCE &&
        ar_wind_get_method(*wind) == AR_WIND_DIFFERENCES) {
        ar_wind_destroy(wind);
        status = ar_fail(err, AR_ERROR_INPUT, "it takes the whole globe, and the data is regional");
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, AR_ERROR_INPUT, "field %s", derived->name);
}

static ar_status describe(const ar_field_derived *derived, ar_field_data *field, ar_error *err)
{
    ar_status status;
    const ar_field_data *like = ar_field_reader_field(derived->readers[0]);
    const size_t levels = (size_t)like->level_count, times = (size_t)like->time_count;
    *field = (ar_field_data){.level_count = like->level_count,
                             .time_count = like->time_count,
                             .calendar = like->calendar};
    snprintf(field->name, sizeof field->name, "%s", derived->name);
    snprintf(field->variable, sizeof field->variable, "%s", derived->name);
    snprintf(field->standard_name, sizeof field->standard_name, "%s",
             kinds[derived->kind].standard_name);
    snprintf(field->units, sizeof field->units, "%s", kinds[derived->kind].units);
    snprintf(field->level_units, sizeof field->level_units, "%s", like->level_units);
    AR_TRY(ar_grid_copy(&field->grid, &like->grid, err));
    AR_TRY(ar_allocate(&field->levels, levels, sizeof *field->levels, "levels", err));
    AR_TRY(ar_allocate(&field->times, times, sizeof *field->times, "times", err));
    memcpy(field->levels, like->levels, levels * sizeof *field->levels);
    memcpy(field->times, like->times, times * sizeof *field->times);
cleanup:
    return status;
}

ar_status ar_field_derived_open(ar_field_derived **out, ar_field_data *field,
                                const char *const *paths, int64_t path_count,
                                const ar_field_request *request, ar_error *err)
{
    ar_status status;
    ar_wind *wind = NULL;
    *field = (ar_field_data){0};
    AR_TRY(ar_allocate(out, 1, sizeof **out, "a derived field", err));
    ar_field_derived *derived = *out;
    snprintf(derived->name, sizeof derived->name, "%s", request->name);
    AR_TRY(find_kind(&derived->kind, request, err));
    AR_TRY(check_inputs(derived->kind, request, err));
    AR_TRY(open_input(derived, 0, paths, path_count, request, err));
    AR_TRY(open_input(derived, 1, paths, path_count, request, err));
    AR_TRY(check_pair(derived, err));
    AR_TRY(make_wind(derived, &wind, err));
    AR_TRY(describe(derived, field, err));
cleanup:
    ar_wind_destroy(&wind);
    return status;
}

const char *ar_field_derived_file(const ar_field_derived *derived, int64_t index)
{
    const char *path = NULL;
    for (int i = 0; i < 2 && !path; i++) {
        int64_t own = 0;
        while (own < index && ar_field_reader_file(derived->readers[i], own)) {
            own++;
        }
        path = ar_field_reader_file(derived->readers[i], own);
        index -= own;
    }
    return path;
}

void ar_field_derived_close(ar_field_derived **out)
{
    ar_field_derived *derived = *out;
    if (!derived) {
        return;
    }
    ar_field_reader_close(&derived->readers[0]);
    ar_field_reader_close(&derived->readers[1]);
    ar_free(derived);
    *out = NULL;
}

/* One level at one time. `a` and `b` may be changed. */
static ar_status derive(derived_kind kind, ar_wind *wind, float *a, float *b, int64_t points,
                        float *result, ar_error *err)
{
    switch (kind) {
    case VORTICITY:
        return ar_wind_vorticity_divergence(wind, a, b, result, NULL, err);
    case DIVERGENCE:
        return ar_wind_vorticity_divergence(wind, a, b, NULL, result, err);
    case STREAMFUNCTION:
        return ar_wind_potentials(wind, a, b, result, NULL, err);
    case VELOCITY_POTENTIAL:
        return ar_wind_potentials(wind, a, b, NULL, result, err);
    case EASTWARD:
        return ar_wind_of_vorticity_divergence(wind, a, b, result, b, err);
    case NORTHWARD:
        return ar_wind_of_vorticity_divergence(wind, a, b, a, result, err);
    default:
        ar_wind_speed(points, a, b, result);
        return AR_OK;
    }
}

static void scale_values(float *values, int64_t count, double scale)
{
    for (int64_t i = 0; scale != 1 && i < count; i++) {
        values[i] = (float)(scale * values[i]);
    }
}

/* Some times that are held at once. */
static ar_status read_some(const ar_field_derived *derived, ar_wind *wind, int64_t first,
                           int64_t count, float *inputs[2], float *values, ar_error *err)
{
    ar_status status;
    const ar_field_data *like = ar_field_reader_field(derived->readers[0]);
    const int64_t points = like->grid.nlat * like->grid.nlon;
    const int64_t slices = count * like->level_count;
    for (int i = 0; i < 2; i++) {
        AR_TRY(ar_field_reader_read(derived->readers[i], first, count, inputs[i], err));
        scale_values(inputs[i], slices * points, derived->scale[i]);
    }
    for (int64_t s = 0; s < slices; s++) {
        status = derive(derived->kind, wind, inputs[0] + s * points, inputs[1] + s * points, points,
                        values + s * points, err);
        if (status != AR_OK) {
            char time[32];
            ar_time_format(like->times[first + s / like->level_count], like->calendar, time);
            status = ar_fail_within(err, status, "field %s at %s, level %g", derived->name, time,
                                    like->levels[s % like->level_count]);
            goto cleanup;
        }
    }
cleanup:
    return status;
}

ar_status ar_field_derived_read(const ar_field_derived *derived, int64_t first, int64_t count,
                                float *values, ar_error *err)
{
    ar_status status;
    ar_wind *wind = NULL;
    float *inputs[2] = {NULL, NULL};
    const ar_field_data *like = ar_field_reader_field(derived->readers[0]);
    const int64_t one = like->level_count * like->grid.nlat * like->grid.nlon;
    const int64_t fit = values_at_once / one > 0 ? values_at_once / one : 1;
    const int64_t most = count < fit ? count : fit;
    AR_TRY(make_wind(derived, &wind, err));
    for (int i = 0; i < 2; i++) {
        AR_TRY(ar_allocate(&inputs[i], (size_t)(most * one), sizeof(float),
                           "what a field is derived from", err));
    }
    for (int64_t done = 0; done < count; done += most) {
        const int64_t now = count - done < most ? count - done : most;
        AR_TRY(read_some(derived, wind, first + done, now, inputs, values + done * one, err));
    }
cleanup:
    ar_wind_destroy(&wind);
    ar_free(inputs[0]);
    ar_free(inputs[1]);
    return status;
}
