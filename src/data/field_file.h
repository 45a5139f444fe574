/* One file's part of a field: what it holds, and reading it. Private to the room. */
#ifndef AR_DATA_FIELD_FILE_H
#define AR_DATA_FIELD_FILE_H

#include "data/field_data.h"
#include "data/field_names.h"
#include "data/file_grid.h"

typedef struct {
    char *path;
    ar_name_match match; /* AR_MATCH_NONE: the file does not hold the field; the rest is empty */
    char variable[128], standard_name[96], units[64];
    char level_units[32];
    ar_grid grid; /* of the field */
    ar_file_grid file_grid;
    ar_field_regridding regridding;
    int64_t level_count; /* of the file; at least 1 */
    double *levels;      /* [level_count] pressure in hPa */
    ar_calendar calendar;
    int64_t time_count; /* of the file */
    int64_t *times;     /* [time_count] in the file's order */
    /* positions of the variable's dimensions, −1: there is none */
    int time_at, level_at, latitude_at, longitude_at;
    int values_at; /* of values in one dimension, instead of latitude and longitude */
    /* that of expver, by which files of the Climate Data Store hold ERA5 and, of the last months,
     * its preliminary version; each value is in one of them, missing in the other */
    int version_at;
    bool versions_reversed; /* the preliminary one, of the higher number, comes first */
    int member_at;          /* that of an ensemble's members; −1 */
    int64_t member_index;   /* of the wanted one */
} ar_field_file;

/* Find out what the file holds of the field; its variables are appended to `found` (text of
 * found_size) when it does not hold it. Release with ar_field_file_release. */
AR_USE_RESULT ar_status ar_field_file_inspect(ar_field_file *file, const char *path,
                                              const ar_field_request *request, char *found,
                                              size_t found_size, ar_error *err);
void ar_field_file_release(ar_field_file *file);

/* Where the times and levels of a file go. */
typedef struct {
    const int64_t *time_targets;  /* [file's time_count] index in the field, −1: not wanted */
    const int64_t *level_indices; /* [level_count] file levels in the field's order */
    int64_t level_count;
    float *values; /* [time][level_count][nlat][nlon] of the field */
} ar_field_placement;

/* Read the wanted times and levels to their places. */
AR_USE_RESULT ar_status ar_field_file_read(const ar_field_file *file,
                                           const ar_field_placement *placement, ar_error *err);

#endif
