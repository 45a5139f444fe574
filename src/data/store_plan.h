/* What a store will hold, known before any value is read: its fields, times, gaps, chunks, and the
 * pieces of work that make it. */
#ifndef AR_DATA_STORE_PLAN_H
#define AR_DATA_STORE_PLAN_H

#include <stddef.h>

#include "data/field_reader.h"
#include "data/store_configuration.h"

/* A file or store that values come from. */
typedef struct {
    char *path;
    int64_t bytes; /* −1: it is not on the disk */
} ar_store_source;

typedef struct {
    ar_field_reader *reader;
    const ar_field_data *data; /* the reader's: all but values */
    char level_name[80];       /* dimension of its levels; "" without */
    bool defines_level;        /* it is the first with these levels */
    int64_t *indices;          /* [time_count of the plan] times of the store in the reader */
    int64_t first_slice;       /* index of its first time and level among all slices */
    int64_t first_unit;        /* of its units among all */
    int64_t unit_count;
} ar_store_planned_field;

/* Consecutive times of a calendar month. */
typedef struct {
    int64_t start;        /* seconds, of the month's beginning */
    int64_t first, count; /* times of the store */
    int month;            /* 1–12 */
} ar_store_month;

typedef struct {
    ar_store_request request;       /* borrowed from the configuration */
    ar_store_planned_field *fields; /* [field_count] */
    int64_t field_count;
    int64_t timed_field;      /* the first that is not static */
    ar_store_source *sources; /* [source_count] sorted as they were given */
    size_t source_count, source_capacity;
    int64_t time_count;
    int64_t *times;         /* [time_count] ascending: those that all fields have */
    int64_t time_step;      /* seconds: the most common difference of times; 0: there is one time */
    int64_t times_left_out; /* that only some fields have: so many at least */
    ar_store_month *months; /* [month_count] */
    int64_t month_count;
    int64_t chunk_times, unit_times; /* times of a chunk; of a piece of work, whole chunks */
    int64_t slice_count;             /* horizontal fields in all */
    int64_t unit_count;
} ar_store_plan;

/* Find the fields in the files of `paths` and agree on grid, calendar and times. Files that do not
 * go together, two fields that are the same variable, and no common time are AR_ERROR_INPUT.
 * Release with ar_store_plan_release in any case. */
AR_USE_RESULT ar_status ar_store_plan_make(ar_store_plan *plan, const ar_store_request *request,
                                           ar_error *err);
void ar_store_plan_release(ar_store_plan *plan);

/* Lines of text that say what is made of what; two plans with the same text make the same store.
 * The caller's to ar_free. */
AR_USE_RESULT ar_status ar_store_plan_describe(const ar_store_plan *plan, char **text,
                                               ar_error *err);
/* "2001-01-05T06:00/2001-01-05T18:00, …": first and last missing time of each gap; NULL when there
 * is none. The caller's to ar_free. */
AR_USE_RESULT ar_status ar_store_plan_gaps(const ar_store_plan *plan, char **text, ar_error *err);

/* Points of a horizontal field. */
int64_t ar_store_plan_points(const ar_store_plan *plan);

/* Times [first, first + count) of a field: a piece of work. A static field has one time. */
typedef struct {
    int64_t field, first, count;
} ar_store_unit;
ar_store_unit ar_store_plan_unit(const ar_store_plan *plan, int64_t unit);

#endif
