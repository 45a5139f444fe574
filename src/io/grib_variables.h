/* The variables of a GRIB file: what its groups of fields are called, and their dimensions and
 * coordinates with CF attributes. Private to the io room. */
#ifndef AR_IO_GRIB_VARIABLES_H
#define AR_IO_GRIB_VARIABLES_H

#include "io/grib_index.h"
#include "io/source_private.h"

enum { AR_GRIB_RANK_MAX = 5 };

/* What tells apart the kinds of coordinates. */
typedef struct {
    const char *name, *standard_name, *long_name, *units, *positive, *axis; /* NULL: none */
} ar_grib_coordinate;

/* A coordinate variable: the dimension of one or more variables. */
typedef struct {
    ar_grib_coordinate kind;
    char name[80];
    double *values;
    int64_t count;
} ar_grib_axis;

/* Beside the source's variables. */
typedef struct {
    int64_t axis;  /* this coordinate; −1: a group */
    int64_t group; /* this group */
    bool has_member, has_level;
} ar_grib_entry;

/* The state of a source that is a GRIB file. */
typedef struct {
    ar_grib_file file;
    ar_grib_index index;
    ar_grib_axis *axes;
    size_t axis_count, axis_capacity;
    ar_grib_entry *entries;
    size_t entry_capacity;
    const ar_grib_record *decoded; /* whose values [nlat][nlon] are in `values`; NULL: none */
    double *values, *file_values;
    size_t value_capacity, file_value_capacity;
} ar_grib_source;

/* Add all coordinates and then all groups as variables; source->state is an ar_grib_source with its
 * index made. A variable has the dimensions [member,] time, [level,] latitude, longitude: the
 * member where there are several, the level on pressure and model levels and where there are
 * several. On a reduced grid, of spherical harmonics and where a group cannot be read the values
 * lie in one dimension, "values", instead of latitude and longitude. */
AR_USE_RESULT ar_status ar_grib_variables_add(ar_source *source, ar_error *err);

#endif
