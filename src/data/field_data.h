/* One physical field in memory, or some times of it, as the rest of the program sees it:
 * [time][level][lat][lon] in float, NaN where missing, latitude north to south, longitude west to
 * east, times ascending. It may come from several files or stores of any format; which variable of
 * a file is the field is found by CF attributes first (standard_name, GRIB_cfName, GRIB_shortName,
 * GRIB_paramId), by common names second. */
#ifndef AR_DATA_FIELD_DATA_H
#define AR_DATA_FIELD_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "field/grid.h"
#include "field/time.h"
#include "io/source.h"

/* Some times of a field that is not in memory as a whole. */
typedef struct {
    int64_t first, count; /* times first … first + count − 1 of the field */
    float *values;        /* [count][level_count][nlat][nlon] */
} ar_resident_times;

typedef struct {
    char name[64];          /* as the configuration calls it */
    char standard_name[96]; /* CF; "" if the file has none */
    char units[64];         /* "" if the file has none */
    char variable[64];      /* in the file */
    char level_units[32];   /* of `levels`; "1" if the file tells none; "" without levels */
    ar_grid grid;
    int64_t level_count; /* at least 1; a field without a level dimension has one level: the
                          * pressure that a scalar coordinate tells, else 0 */
    double *levels;      /* [level_count] in the file's unit; pressure is converted to hPa */
    ar_calendar calendar;
    bool is_static; /* the same at all times: one time, whose `times` means nothing */
    int64_t time_count;
    int64_t *times; /* [time_count] ascending, seconds (field/time.h) */
    float *values;  /* [time_count][level_count][nlat][nlon]; NULL: not all are in memory */
    const ar_resident_times *resident; /* [resident_count] those that are where `values` is NULL;
                                        * borrowed, may overlap */
    int64_t resident_count;
} ar_field_data;

/* How files on other grids come to that of the field. */
typedef enum {
    AR_FIELD_REGRID_AUTOMATIC, /* spherical harmonics by their sum; to a grid at least 1.5 times as
                                * coarse by area, else bilinear */
    AR_FIELD_REGRID_AREA,
    AR_FIELD_REGRID_BILINEAR,
    AR_FIELD_REGRID_HARMONICS,
} ar_field_regrid_way;

typedef struct {
    double step; /* of a regular grid from pole to pole, degrees; 0: the files' own grid */
    ar_field_regrid_way way;
} ar_field_regridding;

typedef struct {
    const char *name;     /* CF standard name, GRIB short name or paramId, or the variable's name */
    const char *variable; /* exact variable name in the file; NULL: find it by `name` */
    const double *levels; /* wanted levels in this order; NULL: all, in the file's order */
    int64_t level_count;
    const char *start, *end; /* first and last time wanted, ISO text, both inclusive; NULL: open */
    int64_t seconds_before, seconds_after; /* times so much outside of them are wanted too */
    bool is_static; /* it needs no time, and is the same at all times it has */
    ar_field_regridding grid;
    const int64_t
        *member; /* number of the one that is wanted of an ensemble; NULL: there is none */
    /* Where no file holds it, derive it from these two fields (field_derived.h): eastward and
     * northward wind, or vorticity and divergence; NULL: a file has to hold it. */
    const char *from[2];
} ar_field_request;

/* Load a field from those of `paths` that hold it (glob patterns are expanded, sorted by name).
 * No file with it, ambiguous variables, levels that are not there, different grids, units or
 * calendars between files, or the same time in two files are errors that name file, variable and
 * what was found; so is a variable with a dimension of length > 1 that is neither time, level,
 * latitude nor longitude. A field goes by its CF standard name, GRIB short name, number
 * ("paramId130"), the usual names in netCDF files and those of released AtmoRep configurations
 * ("velocity_u"). The standard name is believed before the short name, and this before the
 * variable's name; a file in which the field is found less surely than in another is left out.
 * Times of a file need not be sorted. A static field is read at all its times, whatever period is
 * asked for; two that differ are an error. All of the field has to fit into memory, and some 64 MiB
 * or one chunk's times more while it is read.  Release with ar_field_data_release. */
AR_USE_RESULT ar_status ar_field_data_load(ar_field_data *field, const char *const *paths,
                                           int64_t path_count, const ar_field_request *request,
                                           ar_error *err);
void ar_field_data_release(ar_field_data *field);

/* Copy all of a field but its values. Release with ar_field_data_release. */
AR_USE_RESULT ar_status ar_field_data_describe(ar_field_data *copy, const ar_field_data *field,
                                               ar_error *err);

/* Are both names of one field, in files, GRIB, CF or configurations? Pure. */
bool ar_field_same_name(const char *a, const char *b);

/* The CF standard name of a field that goes by this name, too; NULL: none is known that belongs to
 * it alone. Pure. */
const char *ar_field_standard_name(const char *name);

/* Index of a time, or −1; a static field has every time. */
int64_t ar_field_data_find_time(const ar_field_data *field, int64_t time);

/* Pointer to the horizontal field [nlat][nlon] of a time and level index; NULL where the time is
 * not in memory. Borrowed. */
const float *ar_field_data_slice(const ar_field_data *field, int64_t time_index,
                                 int64_t level_index);

/* What a dimension of a variable is, from the attributes of its coordinate variable (standard_name,
 * axis, units, positive), else from its name. */
typedef enum {
    AR_ROLE_OTHER,
    AR_ROLE_TIME,
    AR_ROLE_LEVEL,
    AR_ROLE_LATITUDE,
    AR_ROLE_LONGITUDE
} ar_dimension_role;
ar_dimension_role ar_dimension_find_role(const ar_source *source, const char *dimension);

#endif
