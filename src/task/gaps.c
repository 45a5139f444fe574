#include "task/gaps.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/field_reader.h"

static int64_t points_of(const ar_field_data *field)
{
    return field->grid.nlat * field->grid.nlon;
}

static int64_t values_of(const ar_field_data *field)
{
    return field->time_count * field->level_count * points_of(field);
}

static void mark_missing(uint8_t *marks, const ar_field_data *field)
{
    const int64_t count = values_of(field);
    for (int64_t i = 0; i < count; i++) {
        marks[i] = !isfinite(field->values[i]);
    }
}

/* ---- a mask -----------------------------------------------------------------------------------
 */

/* The variable of a file that marks the gaps of a field. */
static ar_status find_variable(const char **variable, const char *path, const ar_field_data *field,
                               ar_error *err)
{
    ar_source *source = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&source, path, err));
    *variable = ar_source_find(source, field->variable) ? field->variable : "mask";
    if (!ar_source_find(source, *variable)) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "--gaps %s: has no variable %s, nor one called mask, to mark the gaps of "
                         "%s",
                         path, field->variable, field->name);
    }
cleanup:
    ar_source_close(&source);
    return status;
}

/* Index of the mask's level for one of the field; −1: the mask does not have it. */
static int64_t find_level(const ar_field_data *mask, double level)
{
    if (mask->level_units[0] == '\0') {
        return 0;
    }
    for (int64_t l = 0; l < mask->level_count; l++) {
        if (fabs(mask->levels[l] - level) <= 1e-6 * fabs(level)) {
            return l;
        }
    }
    return -1;
}

static ar_status check_mask(const char *path, const ar_field_data *mask, const ar_field_data *field,
                            ar_error *err)
{
    if (!ar_grid_equal(&mask->grid, &field->grid)) {
        char is[96], wanted[96];
        ar_grid_describe(&mask->grid, is);
        ar_grid_describe(&field->grid, wanted);
        return ar_fail(err, AR_ERROR_INPUT,
                       "--gaps %s: %s is on a grid of %s, the data of %s on one of %s; should be "
                       "the same",
                       path, mask->variable, is, field->name, wanted);
    }
    if (!ar_calendar_agree(mask->calendar, field->calendar, mask->times[0])) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "--gaps %s: %s has the calendar %s, the data of %s %s; should be the same",
                       path, mask->variable, ar_calendar_name(mask->calendar), field->name,
                       ar_calendar_name(field->calendar));
    }
    for (int64_t l = 0; l < field->level_count; l++) {
        if (find_level(mask, field->levels[l]) < 0) {
            return ar_fail(err, AR_ERROR_INPUT, "--gaps %s: %s has no level %g, which %s has", path,
                           mask->variable, field->levels[l], field->name);
        }
    }
    const int64_t count = values_of(mask);
    for (int64_t i = 0; i < count; i++) {
        if (mask->values[i] != 0.0f && mask->values[i] != 1.0f) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "--gaps %s: %s has the value %g; should be 1 where a value is to be "
                           "filled in, else 0",
                           path, mask->variable, (double)mask->values[i]);
        }
    }
    return AR_OK;
}

static void mark_masked(uint8_t *marks, const ar_field_data *mask, ar_field_data *field)
{
    const int64_t points = points_of(field);
    for (int64_t t = 0; t < field->time_count; t++) {
        const int64_t time = ar_field_data_find_time(mask, field->times[t]);
        for (int64_t l = 0; time >= 0 && l < field->level_count; l++) {
            const float *wanted =
                ar_field_data_slice(mask, time, find_level(mask, field->levels[l]));
            const int64_t first = (t * field->level_count + l) * points;
            for (int64_t i = 0; i < points; i++) {
                if (wanted[i] == 1.0f) {
                    marks[first + i] = 1;
                    field->values[first + i] = NAN;
                }
            }
        }
    }
}

static ar_status read_mask(uint8_t *marks, const char *path, ar_field_data *field, ar_error *err)
{
    ar_field_data mask = {0};
    ar_field_request request = {0};
    ar_status status = AR_OK;
    AR_TRY(find_variable(&request.variable, path, field, err));
    request.name = request.variable;
    AR_TRY(ar_field_data_load(&mask, &path, 1, &request, err));
    AR_TRY(check_mask(path, &mask, field, err));
    mark_masked(marks, &mask, field);
cleanup:
    ar_field_data_release(&mask);
    return status;
}

/* ---- gaps -------------------------------------------------------------------------------------
 */

ar_status ar_gaps_init(ar_gaps *gaps, ar_dataset *dataset, const ar_configuration *configuration,
                       const char *where, ar_error *err)
{
    ar_status status = AR_OK;
    *gaps = (ar_gaps){.dataset = dataset};
    for (int64_t f = 0; f < dataset->field_count; f++) {
        ar_field_data *field = &dataset->fields[f];
        if (!configuration->fields[f].predicted) {
            continue;
        }
        AR_TRY(ar_allocate(&gaps->marks[f], (size_t)values_of(field), 1, "marks of gaps", err));
        if (strcmp(where, AR_GAPS_MISSING) == 0) {
            mark_missing(gaps->marks[f], field);
        } else {
            AR_TRY(read_mask(gaps->marks[f], where, field, err));
        }
    }
cleanup:
    return status;
}

void ar_gaps_release(ar_gaps *gaps)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(gaps->marks[f]);
    }
    *gaps = (ar_gaps){0};
}

/* The marks of a field at a time, NULL: the data does not have it. */
static const uint8_t *marks_at(const ar_gaps *gaps, int64_t f, int64_t time)
{
    const ar_field_data *field = &gaps->dataset->fields[f];
    const int64_t index = ar_field_data_find_time(field, time);
    return index < 0 ? NULL : gaps->marks[f] + index * field->level_count * points_of(field);
}

bool ar_gaps_in_tile(const ar_gaps *gaps, const ar_tiles *tiles, int64_t tile, int64_t time)
{
    for (int64_t f = 0; f < gaps->dataset->field_count; f++) {
        const ar_field_data *field = &gaps->dataset->fields[f];
        const uint8_t *marks = gaps->marks[f] ? marks_at(gaps, f, time) : NULL;
        if (gaps->marks[f] && !marks) {
            return true;
        }
        for (int64_t i = 0; marks && i < field->level_count * tiles->rows; i++) {
            const int64_t level = i / tiles->rows, row = tiles->first_row[tile] + i % tiles->rows;
            const uint8_t *line = marks + (level * field->grid.nlat + row) * field->grid.nlon;
            for (int64_t j = 0; j < tiles->columns; j++) {
                if (line[(tiles->first_column[tile] + j) % field->grid.nlon]) {
                    return true;
                }
            }
        }
    }
    return false;
}

ar_status ar_gaps_check(const ar_gaps *gaps, const ar_tiles *tiles, const int64_t *times,
                        int64_t count, const ar_forecast_options *o, ar_error *err)
{
    for (int64_t i = 0; i < count * tiles->count; i++) {
        if (ar_gaps_in_tile(gaps, tiles, i % tiles->count, times[i / tiles->count])) {
            return AR_OK;
        }
    }
    return o->place ? ar_fail(err, AR_ERROR_INPUT,
                              "--gaps %s: there is no gap around --at %g,%g at any of the wanted "
                              "times",
                              o->gaps, o->place[0], o->place[1])
                    : ar_fail(err, AR_ERROR_INPUT,
                              "--gaps %s: there is no gap at any of the wanted times", o->gaps);
}

void ar_gaps_restore(const ar_gaps *gaps, int64_t f, int64_t time, ar_blend *blend)
{
    const ar_field_data *field = &gaps->dataset->fields[f];
    const int64_t points = points_of(field);
    const uint8_t *marks = marks_at(gaps, f, time);
    const int64_t index = ar_field_data_find_time(field, time);
    for (int64_t i = 0; marks && i < blend->level_count * blend->member_count; i++) {
        const int64_t level = i / blend->member_count;
        const float *values = ar_field_data_slice(field, index, level);
        float *member = blend->members + i * points;
        for (int64_t at = 0; at < points; at++) {
            member[at] = marks[level * points + at] ? member[at] : values[at];
        }
    }
}
