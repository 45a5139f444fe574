/* How the mean and standard deviation of normalisation.h are computed: moments of the training
 * times in cells (a latitude, or a point), block after block of the data, put together to what the
 * area asks for. So no more than a part of a month is in memory, and the result is the same to the
 * bit whether the data is read or is there already. Each latitude is summed by one thread in the
 * order of time, so that the number of threads changes no bit either. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/field_moments.h"

enum { PERIODS = 13 }; /* overall and twelve months */

typedef struct {
    ar_field_moments moments;
    ar_normalisation *normalisation;
    ar_store_statistics *stored; /* of whole months, which need not be read; may be NULL */
} computation;

/* Single precision resolves 6e-8 of a value: less spread than that is the rounding of a constant.
 */
static bool is_constant(double mean, double standard_deviation)
{
    return !(standard_deviation > 1e-8 * fabs(mean)) || (float)standard_deviation == 0;
}

/* Write the cells of a period; what says nothing takes the level's values of the period. */
static void write_cells(const computation *it, int period, int64_t level, double mean,
                        double deviation)
{
    const ar_normalisation *normalisation = it->normalisation;
    const int64_t offset = ar_normalisation_offset(normalisation, period, level);
    for (int64_t i = 0; i < normalisation->rows * normalisation->columns; i++) {
        double cell_mean = mean, cell_deviation = deviation;
        if (normalisation->area != AR_AREA_GLOBAL && it->moments.gathered[i].count > 0) {
            cell_mean = it->moments.gathered[i].mean;
            const double own =
                sqrt(it->moments.gathered[i].squares / it->moments.gathered[i].count);
            cell_deviation = is_constant(cell_mean, own) ? deviation : own;
        }
        normalisation->mean[offset + i] = (float)cell_mean;
        normalisation->standard_deviation[offset + i] = (float)cell_deviation;
    }
}

static void copy_overall(const ar_normalisation *normalisation, int period, int64_t level)
{
    int64_t from = ar_normalisation_offset(normalisation, 0, level);
    int64_t to = ar_normalisation_offset(normalisation, period, level);
    size_t bytes = (size_t)(normalisation->rows * normalisation->columns) * sizeof(float);
    memcpy(normalisation->mean + to, normalisation->mean + from, bytes);
    memcpy(normalisation->standard_deviation + to, normalisation->standard_deviation + from, bytes);
}

static ar_status check_level(const computation *it, int64_t at, double mean, double deviation,
                             ar_error *err)
{
    const char *name = it->moments.field->name;
    double level = it->moments.field->levels[at], count = 0;
    for (int64_t cell = 0; cell < it->moments.cells; cell++) {
        count += it->moments.gathered[cell].count;
    }
    if (count == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: all of its training data is missing", name, level);
    }
    if (!isfinite((float)mean) || !isfinite((float)deviation)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: its training data has infinite values", name, level);
    }
    if (is_constant(mean, deviation)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: its training data is constant (%g) and cannot be "
                       "normalised",
                       name, level, mean);
    }
    return AR_OK;
}

static ar_status write_level(const computation *it, int64_t level, ar_error *err)
{
    for (int period = 0; period < PERIODS; period++) {
        double mean = NAN, deviation = NAN;
        if (period == 0 || it->moments.months > 1) {
            ar_field_moments_gather(&it->moments, period, level);
            ar_field_moments_summarise(&it->moments, &mean, &deviation);
        }
        if (period == 0) {
            ar_status status = check_level(it, level, mean, deviation, err);
            if (status != AR_OK) {
                return status;
            }
        }
        if (period > 0 && is_constant(mean, deviation)) {
            copy_overall(it->normalisation, period, level);
        } else {
            write_cells(it, period, level, mean, deviation);
        }
    }
    return AR_OK;
}

/* The times within [first_time, last_time]: [*first, *end). */
static ar_status choose_times(const ar_field_data *field, int64_t first_time, int64_t last_time,
                              int64_t *first, int64_t *end, ar_error *err)
{
    *first = 0;
    while (*first < field->time_count && field->times[*first] < first_time) {
        (*first)++;
    }
    *end = *first;
    while (*end < field->time_count && field->times[*end] <= last_time) {
        (*end)++;
    }
    if (*first < *end) {
        return AR_OK;
    }
    char text[4][32] = {"nothing", "nothing"};
    if (field->time_count > 0) {
        ar_time_format(field->times[0], field->calendar, text[0]);
        ar_time_format(field->times[field->time_count - 1], field->calendar, text[1]);
    }
    ar_time_format(first_time, field->calendar, text[2]);
    ar_time_format(last_time, field->calendar, text[3]);
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s: its data (%s to %s) has no time within the training times %s to %s",
                   field->name, text[0], text[1], text[2], text[3]);
}

/* The end of the times from `first` on that are of its month of its year. */
static int64_t month_end(const ar_field_data *field, int64_t first, int64_t end)
{
    const ar_date date = ar_time_date(field->times[first], field->calendar);
    int64_t next = first;
    while (next < end) {
        const ar_date other = ar_time_date(field->times[next], field->calendar);
        if (other.month != date.month || other.year != date.year) {
            break;
        }
        next++;
    }
    return next;
}

static bool same_day(int64_t a, int64_t b, ar_calendar calendar)
{
    const ar_date x = ar_time_date(a, calendar), y = ar_time_date(b, calendar);
    return x.day == y.day && x.month == y.month && x.year == y.year;
}

/* How many times [first, end) of a month are added at once: some 512 MiB at most, in whole days
 * where they fit, since chunks tend to end with them. */
static int64_t block_end(const ar_field_data *field, int64_t first, int64_t end)
{
    const int64_t largest = 1 << 27;
    const int64_t fit = largest / (field->level_count * field->grid.nlat * field->grid.nlon);
    const int64_t next = first + (fit > 1 ? fit : 1);
    int64_t day = next;
    if (next >= end) {
        return end;
    }
    while (day > first && same_day(field->times[day - 1], field->times[day], field->calendar)) {
        day--;
    }
    return day > first ? day : next;
}

/* Add times [first, end) of one month; from `reader` to the place for a block, unless it is NULL.
 */
static ar_status add_month(computation *it, ar_field_reader *reader, int64_t first, int64_t end,
                           ar_resident_times *block, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_field_data *field = it->moments.field;
    const int month = ar_time_date(field->times[first], field->calendar).month;
    ar_field_data data = *field;
    if (reader) {
        data.resident = block;
        data.resident_count = 1;
    }
    for (int64_t t = first, next; t < end && status == AR_OK; t = next) {
        next = block_end(field, t, end);
        if (reader) {
            block->first = t;
            block->count = next - t;
            status = ar_field_reader_read(reader, t, next - t, block->values, err);
        }
        if (status == AR_OK) {
            ar_field_moments_add(&it->moments, &data, t, next, month);
        }
    }
    return status;
}

/* The most times that are added at once of [first, end); 0 where the store knows all of them. */
static int64_t longest_block(const computation *it, int64_t first, int64_t end)
{
    const ar_field_data *field = it->moments.field;
    int64_t longest = 0;
    for (int64_t t = first, next; t < end; t = next) {
        next = month_end(field, t, end);
        if (ar_store_statistics_find(it->stored, field->times[t], next - t) >= 0) {
            continue;
        }
        for (int64_t k = t, block; k < next; k = block) {
            block = block_end(field, k, next);
            longest = block - k > longest ? block - k : longest;
        }
    }
    return longest;
}

/* Add times [first, end) month by month; from `reader` where it is not NULL, and then what the
 * store knows of whole months without reading these. */
static ar_status add_times(computation *it, ar_field_reader *reader, int64_t first, int64_t end,
                           ar_error *err)
{
    ar_status status = AR_OK;
    const ar_field_data *field = it->moments.field;
    ar_resident_times block = {0};
    ar_progress progress;
    char label[96];
    const int64_t longest = reader ? longest_block(it, first, end) : 0;
    if (longest > 0) {
        const int64_t slice = field->level_count * field->grid.nlat * field->grid.nlon;
        AR_TRY(ar_allocate_large(&block.values, (size_t)(longest * slice), sizeof(float),
                                 "times of a field", err));
        snprintf(label, sizeof label, "statistics of %s, times", field->name);
        ar_progress_begin(&progress, label, 0, end - first);
    }
    for (int64_t t = first, next; t < end; t = next) {
        next = month_end(field, t, end);
        const int month = ar_time_date(field->times[t], field->calendar).month;
        const int64_t stored = ar_store_statistics_find(it->stored, field->times[t], next - t);
        it->normalisation->month_seen[month] = true;
        if (stored >= 0) {
            AR_TRY(ar_field_moments_add_stored(&it->moments, it->stored, stored, month, err));
        } else {
            AR_TRY(add_month(it, reader, t, next, &block, err));
        }
        if (longest > 0) {
            ar_progress_update(&progress, next - first, "");
        }
    }
    if (longest > 0) {
        ar_progress_end(&progress, "");
    }
cleanup:
    ar_free_large(block.values);
    return status;
}

/* From values in memory where `reader` is NULL. */
static ar_status compute(ar_normalisation *normalisation, const ar_field_data *field,
                         ar_field_reader *reader, ar_normalisation_period period,
                         ar_normalisation_area area, int64_t first_time, int64_t last_time,
                         ar_error *err)
{
    ar_status status;
    int64_t first, end;
    computation it = {.normalisation = normalisation};
    AR_TRY(ar_normalisation_init(normalisation, period, area, field->level_count, field->grid.nlat,
                                 field->grid.nlon, err));
    AR_TRY(choose_times(field, first_time, last_time, &first, &end, err));
    AR_TRY(reader ? ar_store_statistics_open(&it.stored, reader, err) : AR_OK);
    AR_TRY(ar_field_moments_init(&it.moments, field, period, area, err));
    AR_TRY(add_times(&it, reader, first, end, err));
    for (int64_t level = 0; level < field->level_count; level++) {
        AR_TRY(write_level(&it, level, err));
    }
cleanup:
    ar_field_moments_release(&it.moments);
    ar_store_statistics_close(&it.stored);
    if (status != AR_OK) {
        ar_normalisation_release(normalisation);
    }
    return status;
}

ar_status ar_normalisation_compute(ar_normalisation *normalisation, const ar_field_data *field,
                                   ar_normalisation_period period, ar_normalisation_area area,
                                   int64_t first_time, int64_t last_time, ar_error *err)
{
    return compute(normalisation, field, NULL, period, area, first_time, last_time, err);
}

ar_status ar_normalisation_compute_reading(ar_normalisation *normalisation, ar_field_reader *reader,
                                           ar_normalisation_period period,
                                           ar_normalisation_area area, int64_t first_time,
                                           int64_t last_time, ar_error *err)
{
    return compute(normalisation, ar_field_reader_field(reader), reader, period, area, first_time,
                   last_time, err);
}
