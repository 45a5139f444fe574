#include "data/store_statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { MONTHS_MOST = 1 << 20 };

struct ar_store_statistics {
    const ar_field_data *field; /* of the reader */
    ar_source *source;
    const ar_variable *mean, *deviation, *count;
    int64_t *levels; /* [level_count of the field] in the statistics */
    int64_t month_count;
    int64_t *years, *months; /* [month_count] */
    double *times;           /* [month_count] how many the store has */
};

static ar_status read_line(ar_source *source, const ar_variable *line, double **values,
                           ar_error *err)
{
    const int64_t zero = 0;
    ar_status status =
        ar_allocate(values, (size_t)line->shape[0], sizeof **values, "a coordinate", err);
    return status == AR_OK ? ar_source_read_double(source, line, &zero, line->shape, *values, err)
                           : status;
}

static const ar_variable *find_line(const ar_source *source, const char *name)
{
    const ar_variable *line = ar_source_find(source, name);
    return line && line->rank == 1 ? line : NULL;
}

static const ar_variable *find_statistic(const ar_store_statistics *s, ar_store_statistic statistic)
{
    char name[160];
    ar_store_statistic_name(name, s->field->variable, statistic);
    const ar_variable *found = ar_source_find(s->source, name);
    const ar_grid *grid = &s->field->grid;
    const int rank = s->field->level_units[0] ? 4 : 3;
    const bool fits = found && found->rank == rank && found->shape[0] == s->month_count &&
                      found->shape[rank - 2] == grid->nlat && found->shape[rank - 1] == grid->nlon;
    return fits ? found : NULL;
}

static ar_status read_months(ar_store_statistics *s, const ar_variable *line, ar_error *err)
{
    ar_status status;
    double *values = NULL;
    ar_time_unit unit;
    const char *units = ar_source_text(s->source, line, "units");
    AR_TRY(ar_time_unit_parse(&unit, units ? units : "",
                              ar_source_text(s->source, line, "calendar"), err));
    AR_TRY(read_line(s->source, line, &values, err));
    AR_TRY(ar_allocate(&s->years, (size_t)line->shape[0], sizeof *s->years, "months", err));
    AR_TRY(ar_allocate(&s->months, (size_t)line->shape[0], sizeof *s->months, "months", err));
    s->month_count = line->shape[0];
    for (int64_t m = 0; m < s->month_count; m++) {
        int64_t time;
        AR_TRY(ar_time_unit_decode(&unit, values[m], &time, err));
        const ar_date date = ar_time_date(time, unit.calendar);
        s->years[m] = date.year;
        s->months[m] = date.month;
    }
cleanup:
    ar_free(values);
    return status;
}

/* Levels of the field among those of the statistics; *found false where one is not there. */
static ar_status find_levels(ar_store_statistics *s, bool *found, ar_error *err)
{
    ar_status status;
    double *values = NULL;
    const ar_field_data *field = s->field;
    AR_TRY(ar_allocate(&s->levels, (size_t)field->level_count, sizeof *s->levels, "levels", err));
    *found = true;
    if (!field->level_units[0]) {
        goto cleanup;
    }
    const ar_variable *line = find_line(s->source, s->mean->dimensions[1]);
    *found = line && line->shape[0] == s->mean->shape[1];
    if (!*found) {
        goto cleanup;
    }
    AR_TRY(read_line(s->source, line, &values, err));
    for (int64_t l = 0; l < field->level_count && *found; l++) {
        int64_t at = 0;
        while (at < line->shape[0] &&
               fabs(values[at] - field->levels[l]) > 1e-6 * fmax(1, fabs(values[at]))) {
            at++;
        }
        s->levels[l] = at;
        *found = at < line->shape[0];
    }
cleanup:
    ar_free(values);
    return status;
}

/* Are the statistics on the grid of the field? It may have been regridded as it was read. */
static ar_status compare_line(ar_store_statistics *s, const char *name, const double *wanted,
                              int64_t count, double step, bool *found, ar_error *err)
{
    const ar_variable *line = find_line(s->source, name);
    double *values = NULL;
    ar_status status = AR_OK;
    *found = *found && line && line->shape[0] == count;
    if (*found) {
        status = read_line(s->source, line, &values, err);
    }
    for (int64_t i = 0; status == AR_OK && *found && i < count; i++) {
        *found = fabs(values[i] - wanted[i]) <= 1e-4 * step;
    }
    ar_free(values);
    return status;
}

/* *found: all that is needed is there. */
static ar_status take_source(ar_store_statistics *s, bool *found, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_grid *grid = &s->field->grid;
    const ar_variable *months = find_line(s->source, "month");
    const ar_variable *times = find_line(s->source, "times");
    *found = months && times && months->shape[0] == times->shape[0] && months->shape[0] >= 1 &&
             months->shape[0] <= MONTHS_MOST;
    if (!*found) {
        goto cleanup;
    }
    AR_TRY(read_months(s, months, err));
    AR_TRY(read_line(s->source, times, &s->times, err));
    s->mean = find_statistic(s, AR_STORE_MEAN);
    s->deviation = find_statistic(s, AR_STORE_DEVIATION);
    s->count = find_statistic(s, AR_STORE_COUNT);
    *found = s->mean && s->deviation && s->count;
    if (*found) {
        AR_TRY(find_levels(s, found, err));
    }
    AR_TRY(
        compare_line(s, "latitude", grid->latitude, grid->nlat, grid->latitude_step, found, err));
    AR_TRY(compare_line(s, "longitude", grid->longitude, grid->nlon, grid->longitude_step, found,
                        err));
cleanup:
    return status;
}

ar_status ar_store_statistics_open(ar_store_statistics **statistics, const ar_field_reader *reader,
                                   ar_error *err)
{
    ar_status status = AR_OK;
    ar_store_statistics *s = NULL;
    char *path = NULL;
    bool found = false;
    const char *store = ar_field_reader_file(reader, 0);
    *statistics = NULL;
    if (!store || ar_field_reader_file(reader, 1)) {
        return AR_OK;
    }
    AR_TRY(ar_path_join(&path, store, "statistics.zarr", err));
    if (!ar_path_exists(path)) {
        goto cleanup;
    }
    AR_TRY(ar_allocate(&s, 1, sizeof *s, "statistics", err));
    s->field = ar_field_reader_field(reader);
    AR_TRY(ar_source_open(&s->source, path, err));
    AR_TRY(take_source(s, &found, err));
    if (found) {
        *statistics = s;
        s = NULL;
    }
cleanup:
    ar_store_statistics_close(&s);
    ar_free(path);
    return status;
}

int64_t ar_store_statistics_find(const ar_store_statistics *s, int64_t time, int64_t count)
{
    if (!s) {
        return -1;
    }
    const ar_date date = ar_time_date(time, s->field->calendar);
    for (int64_t m = 0; m < s->month_count; m++) {
        if (s->years[m] == date.year && s->months[m] == date.month) {
            return s->times[m] == (double)count ? m : -1;
        }
    }
    return -1;
}

ar_status ar_store_statistics_read(ar_store_statistics *s, int64_t month, int64_t level,
                                   double *count, double *mean, double *squares, ar_error *err)
{
    ar_status status;
    const ar_grid *grid = &s->field->grid;
    int64_t start[4] = {month}, extent[4] = {1};
    int rank = 1;
    if (s->field->level_units[0]) {
        start[rank] = s->levels[level];
        extent[rank++] = 1;
    }
    extent[rank++] = grid->nlat;
    extent[rank++] = grid->nlon;
    AR_TRY(ar_source_read_double(s->source, s->count, start, extent, count, err));
    AR_TRY(ar_source_read_double(s->source, s->mean, start, extent, mean, err));
    AR_TRY(ar_source_read_double(s->source, s->deviation, start, extent, squares, err));
    for (int64_t i = 0; i < grid->nlat * grid->nlon; i++) {
        const bool any = count[i] > 0;
        count[i] = any ? count[i] : 0;
        mean[i] = any ? mean[i] : 0;
        squares[i] = any ? squares[i] * squares[i] * count[i] : 0;
    }
cleanup:
    return status;
}

void ar_store_statistics_close(ar_store_statistics **statistics)
{
    ar_store_statistics *s = *statistics;
    if (s) {
        ar_source_close(&s->source);
        ar_free(s->levels);
        ar_free(s->years);
        ar_free(s->months);
        ar_free(s->times);
        ar_free(s);
    }
    *statistics = NULL;
}
