/* The making of a store while it goes on, and its stages in their order. Private to the room. */
#ifndef AR_DATA_STORE_WORK_H
#define AR_DATA_STORE_WORK_H

#include "data/store_plan.h"
#include "data/store_records.h"
#include "data/store_stage.h"
#include "io/writer.h"

/* Of a source file. */
typedef struct {
    uint64_t hash;
    int64_t done;
} ar_store_file_record;

/* Of a unit, where the packing needs to know the range. */
typedef struct {
    float smallest, largest; /* the first above the second: nothing but missing values */
    int64_t done;
} ar_store_range_record;

/* Of a time and level as it was written. */
typedef struct {
    uint64_t hash; /* of the values that a reader finds; 0: not written */
    double squares;
    float largest;
    uint32_t count;
} ar_store_slice_record;

/* Of a field, level and month. */
typedef struct {
    double mean, deviation; /* area-weighted; NAN without values */
    int64_t done;
} ar_store_month_record;

typedef struct {
    const ar_store_plan *plan;
    const char *out;          /* what it will be */
    const char *folder;       /* until then: records, and in it */
    char *store, *statistics; /* these */
    int workers;
    const volatile sig_atomic_t *interrupt; /* may be NULL */
    ar_store_records files, ranges, slices, months;
    ar_store_packing packings[AR_STORE_FIELDS_MOST];
    int64_t damaged; /* horizontal fields that were read back as something else */
} ar_store_work;

/* Hash every file that values come from. */
AR_USE_RESULT ar_status ar_store_hash_files(ar_store_work *work, ar_error *err);
/* Choose the packing of every field; where it depends on the values, all are read. */
AR_USE_RESULT ar_status ar_store_find_packings(ar_store_work *work, ar_error *err);
/* Read, pack and write all values. */
AR_USE_RESULT ar_status ar_store_write_values(ar_store_work *work, ar_error *err);
/* Read everything back, compare it with what was written, and compute the statistics of months;
 * what is something else is counted in work->damaged and is to be written again. */
AR_USE_RESULT ar_status ar_store_write_statistics(ar_store_work *work, ar_error *err);

/* Read the values of a unit to values[count][level_count][nlat][nlon]. */
AR_USE_RESULT ar_status ar_store_read_unit(const ar_store_plan *plan, const ar_store_unit *unit,
                                           float *values, ar_error *err);

/* What packing changed in a field with times. */
void ar_store_packing_errors(const ar_store_work *work, int64_t field, double *largest,
                             double *root_mean_square);

/* Define all of the store in a writer. `complete`: with what is known at the end only. */
AR_USE_RESULT ar_status ar_store_define(const ar_store_work *work, ar_writer *writer, bool complete,
                                        ar_error *err);
AR_USE_RESULT ar_status ar_store_write_coordinates(const ar_store_work *work, ar_writer *writer,
                                                   ar_error *err);
/* The same of the statistics: monthly arrays of every field that has times. */
AR_USE_RESULT ar_status ar_store_define_statistics(const ar_store_work *work, ar_writer *writer,
                                                   ar_error *err);
AR_USE_RESULT ar_status ar_store_write_statistics_coordinates(const ar_store_work *work,
                                                              ar_writer *writer, ar_error *err);

#endif
