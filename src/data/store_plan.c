#include "data/store_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

enum { DAY = 86400 };
static const int64_t LARGEST_CHUNK = (int64_t)64 << 20; /* bytes of float */
static const int64_t LARGEST_UNIT = (int64_t)256 << 20; /* where one chunk's times are not more */
static const int64_t LONGEST_UNIT = 31 * (int64_t)DAY;

int64_t ar_store_plan_points(const ar_store_plan *plan)
{
    const ar_grid *grid = &plan->fields[0].data->grid;
    return grid->nlat * grid->nlon;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static ar_status add_source(ar_store_plan *plan, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t i = 0; i < plan->source_count; i++) {
        if (strcmp(plan->sources[i].path, path) == 0) {
            return AR_OK;
        }
    }
    AR_TRY(ar_grow(&plan->sources, &plan->source_capacity, plan->source_count + 1,
                   sizeof *plan->sources, "sources", err));
    ar_store_source *source = &plan->sources[plan->source_count];
    source->bytes = -1;
    AR_TRY(ar_copy_string(&source->path, path, err));
    plan->source_count++;
    if (ar_path_exists(path)) {
        AR_TRY(ar_path_size(path, &source->bytes, err));
    }
cleanup:
    return status;
}

static ar_status open_field(ar_store_plan *plan, int64_t f, ar_error *err)
{
    ar_status status;
    const ar_store_field *wanted = &plan->request.fields[f];
    ar_store_planned_field *field = &plan->fields[f];
    const ar_field_request request = {.name = wanted->name,
                                      .variable = wanted->variable,
                                      .levels = wanted->levels,
                                      .level_count = wanted->level_count,
                                      .start = plan->request.start,
                                      .end = plan->request.end,
                                      .is_static = wanted->is_static,
                                      .grid = plan->request.grid,
                                      .member =
                                          plan->request.member >= 0 ? &plan->request.member : NULL,
                                      .from = {wanted->from[0], wanted->from[1]}};
    AR_TRY(ar_field_reader_open(&field->reader, plan->request.paths, plan->request.path_count,
                                &request, err));
    field->data = ar_field_reader_field(field->reader);
    const char *path;
    for (int64_t i = 0; (path = ar_field_reader_file(field->reader, i)); i++) {
        AR_TRY(add_source(plan, path, err));
    }
cleanup:
    return status;
}

static ar_status fail_by_difference(const ar_store_planned_field *a,
                                    const ar_store_planned_field *b, const char *what,
                                    const char *in_a, const char *in_b, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s of field %s in %s and of field %s in %s differ: %s and %s; a store has one",
                   what, a->data->name, ar_field_reader_file(a->reader, 0), b->data->name,
                   ar_field_reader_file(b->reader, 0), in_a, in_b);
}

static ar_status check_field(const ar_store_plan *plan, int64_t f, ar_error *err)
{
    const ar_store_planned_field *first = &plan->fields[0], *field = &plan->fields[f];
    const ar_store_planned_field *timed = &plan->fields[plan->timed_field];
    if (!ar_grid_equal(&first->data->grid, &field->data->grid)) {
        char texts[2][96];
        ar_grid_describe(&first->data->grid, texts[0]);
        ar_grid_describe(&field->data->grid, texts[1]);
        return fail_by_difference(first, field, "grids", texts[0], texts[1], err);
    }
    if (!field->data->is_static && timed->data->calendar != field->data->calendar) {
        return fail_by_difference(timed, field, "calendars",
                                  ar_calendar_name(timed->data->calendar),
                                  ar_calendar_name(field->data->calendar), err);
    }
    for (int64_t g = 0; g < f; g++) {
        if (strcmp(plan->fields[g].data->variable, field->data->variable) == 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "fields %s and %s are both the variable %s; one field with the levels "
                           "of both would be right",
                           plan->fields[g].data->name, field->data->name, field->data->variable);
        }
    }
    return AR_OK;
}

static bool same_levels(const ar_field_data *a, const ar_field_data *b)
{
    return a->level_count == b->level_count && strcmp(a->level_units, b->level_units) == 0 &&
           memcmp(a->levels, b->levels, (size_t)a->level_count * sizeof *a->levels) == 0;
}

/* "level" of the first levels there are, "level_<variable>" of others. */
static void name_levels(ar_store_plan *plan)
{
    bool any = false;
    for (int64_t f = 0; f < plan->field_count; f++) {
        ar_store_planned_field *field = &plan->fields[f];
        field->defines_level = field->data->level_units[0] != '\0';
        for (int64_t g = 0; g < f && field->defines_level; g++) {
            const ar_store_planned_field *other = &plan->fields[g];
            if (other->defines_level && same_levels(other->data, field->data)) {
                memcpy(field->level_name, other->level_name, sizeof field->level_name);
                field->defines_level = false;
            }
        }
        if (field->defines_level) {
            snprintf(field->level_name, sizeof field->level_name, any ? "level_%s" : "level",
                     field->data->variable);
            any = true;
        }
    }
}

static ar_status open_fields(ar_store_plan *plan, ar_error *err)
{
    ar_status status;
    AR_TRY(ar_allocate(&plan->fields, (size_t)plan->request.field_count, sizeof *plan->fields,
                       "fields", err));
    plan->field_count = plan->request.field_count;
    for (int64_t f = 0; f < plan->field_count; f++) {
        AR_TRY(open_field(plan, f, err));
    }
    while (plan->timed_field < plan->field_count &&
           plan->fields[plan->timed_field].data->is_static) {
        plan->timed_field++;
    }
    if (plan->timed_field == plan->field_count) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "all fields are static; a store needs one with times at least");
        goto cleanup;
    }
    for (int64_t f = 0; f < plan->field_count; f++) {
        AR_TRY(check_field(plan, f, err));
    }
    name_levels(plan);
cleanup:
    return status;
}

/* ---- times ----------------------------------------------------------------------------------- */

static int compare_integers(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The times that all fields have: no sample could use another. */
static ar_status choose_times(ar_store_plan *plan, ar_error *err)
{
    ar_status status;
    const ar_field_data *timed = plan->fields[plan->timed_field].data;
    int64_t most = 0;
    AR_TRY(ar_allocate(&plan->times, (size_t)timed->time_count, sizeof(int64_t), "times", err));
    for (int64_t t = 0; t < timed->time_count; t++) {
        bool everywhere = true;
        for (int64_t f = 0; f < plan->field_count && everywhere; f++) {
            everywhere = ar_field_data_find_time(plan->fields[f].data, timed->times[t]) >= 0;
        }
        if (everywhere) {
            plan->times[plan->time_count++] = timed->times[t];
        }
    }
    for (int64_t f = 0; f < plan->field_count; f++) {
        ar_store_planned_field *field = &plan->fields[f];
        most = !field->data->is_static && field->data->time_count > most ? field->data->time_count
                                                                         : most;
        AR_TRY(
            ar_allocate(&field->indices, (size_t)plan->time_count, sizeof(int64_t), "times", err));
        for (int64_t t = 0; t < plan->time_count; t++) {
            field->indices[t] = ar_field_data_find_time(field->data, plan->times[t]);
        }
    }
    plan->times_left_out = most - plan->time_count;
    if (plan->time_count == 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "there is no time that all fields have");
    }
cleanup:
    return status;
}

static ar_status find_step(ar_store_plan *plan, ar_error *err)
{
    int64_t *steps = NULL;
    const int64_t count = plan->time_count - 1;
    ar_status status = ar_allocate(&steps, (size_t)count, sizeof *steps, "steps of time", err);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        steps[i] = plan->times[i + 1] - plan->times[i];
    }
    if (status == AR_OK && count > 0) {
        qsort(steps, (size_t)count, sizeof *steps, compare_integers);
        plan->time_step = steps[count / 2];
    }
    ar_free(steps);
    return status;
}

static ar_status find_months(ar_store_plan *plan, ar_error *err)
{
    ar_status status;
    const ar_calendar calendar = plan->fields[plan->timed_field].data->calendar;
    ar_date before = {0};
    AR_TRY(
        ar_allocate(&plan->months, (size_t)plan->time_count, sizeof *plan->months, "months", err));
    for (int64_t t = 0; t < plan->time_count; t++) {
        const ar_date date = ar_time_date(plan->times[t], calendar);
        if (t == 0 || date.year != before.year || date.month != before.month) {
            ar_store_month *month = &plan->months[plan->month_count++];
            *month = (ar_store_month){.first = t, .month = date.month};
            AR_TRY(ar_time_from_date(&month->start,
                                     (ar_date){.year = date.year, .month = date.month, .day = 1},
                                     calendar, err));
        }
        plan->months[plan->month_count - 1].count++;
        before = date;
    }
cleanup:
    return status;
}

/* ---- chunks and units ------------------------------------------------------------------------ */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* As many times as divide a day and are not too large, so that no chunk has times of two days
 * unless there is a gap. */
static ar_status choose_chunk(ar_store_plan *plan, ar_error *err)
{
    const int64_t wanted = plan->request.chunk_times;
    const bool divides = plan->time_step > 0 && DAY % plan->time_step == 0;
    const int64_t of_a_day = divides ? DAY / plan->time_step : 1;
    int64_t slice, all_levels, levels = 1;
    for (int64_t f = 0; f < plan->field_count; f++) {
        const int64_t count = plan->fields[f].data->level_count;
        levels = count > levels ? count : levels;
    }
    if (__builtin_mul_overflow(ar_store_plan_points(plan), (int64_t)sizeof(float), &slice) ||
        slice >= INT32_MAX || __builtin_mul_overflow(slice, levels, &all_levels) ||
        all_levels > INT64_MAX / DAY) {
        return ar_fail(err, AR_ERROR_INPUT, "a grid of %lld points is too large for a chunk",
                       (long long)ar_store_plan_points(plan));
    }
    if (wanted > 0 && (of_a_day % wanted != 0 || wanted * slice >= INT32_MAX)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "store.chunk_times is %lld; should divide the %lld times of a day, with "
                       "chunks of less than 2 GiB",
                       (long long)wanted, (long long)of_a_day);
    }
    plan->chunk_times = of_a_day;
    while (of_a_day % plan->chunk_times != 0 ||
           (plan->chunk_times > 1 && (plan->chunk_times * slice > LARGEST_CHUNK ||
                                      plan->chunk_times * all_levels > LARGEST_UNIT))) {
        plan->chunk_times--;
    }
    plan->chunk_times = wanted > 0 ? wanted : plan->chunk_times;
    plan->chunk_times = smaller(plan->chunk_times, plan->time_count);
    const int64_t chunk_bytes = plan->chunk_times * all_levels;
    const int64_t chunk_seconds = plan->chunk_times * (plan->time_step > 0 ? plan->time_step : DAY);
    int64_t chunks = smaller(LARGEST_UNIT / chunk_bytes, LONGEST_UNIT / chunk_seconds);
    plan->unit_times = plan->chunk_times * (chunks > 1 ? chunks : 1);
    return AR_OK;
}

static void number_units(ar_store_plan *plan)
{
    for (int64_t f = 0; f < plan->field_count; f++) {
        ar_store_planned_field *field = &plan->fields[f];
        const int64_t times = field->data->is_static ? 1 : plan->time_count;
        field->first_slice = plan->slice_count;
        field->first_unit = plan->unit_count;
        field->unit_count = (times + plan->unit_times - 1) / plan->unit_times;
        plan->slice_count += times * field->data->level_count;
        plan->unit_count += field->unit_count;
    }
}

ar_store_unit ar_store_plan_unit(const ar_store_plan *plan, int64_t unit)
{
    int64_t f = plan->field_count - 1;
    while (plan->fields[f].first_unit > unit) {
        f--;
    }
    const int64_t times = plan->fields[f].data->is_static ? 1 : plan->time_count;
    const int64_t first = (unit - plan->fields[f].first_unit) * plan->unit_times;
    return (ar_store_unit){
        .field = f, .first = first, .count = smaller(plan->unit_times, times - first)};
}

ar_status ar_store_plan_make(ar_store_plan *plan, const ar_store_request *request, ar_error *err)
{
    ar_status status;
    *plan = (ar_store_plan){.request = *request};
    AR_TRY(open_fields(plan, err));
    AR_TRY(choose_times(plan, err));
    AR_TRY(find_step(plan, err));
    AR_TRY(find_months(plan, err));
    AR_TRY(choose_chunk(plan, err));
    number_units(plan);
cleanup:
    return status;
}

void ar_store_plan_release(ar_store_plan *plan)
{
    for (int64_t f = 0; plan->fields && f < plan->field_count; f++) {
        ar_field_reader_close(&plan->fields[f].reader);
        ar_free(plan->fields[f].indices);
    }
    for (size_t i = 0; i < plan->source_count; i++) {
        ar_free(plan->sources[i].path);
    }
    ar_free(plan->fields);
    ar_free(plan->sources);
    ar_free(plan->times);
    ar_free(plan->months);
    *plan = (ar_store_plan){0};
}
