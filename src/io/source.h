/* One reading interface for every format: a source is a file or store with named variables on named
 * dimensions, and attributes. Values come unpacked (scale_factor, add_offset) as float or double
 * with NaN where the file says missing:
 * - _FillValue, missing_value, and outside valid_min, valid_max, valid_range (CF 2.5.1);
 * - Zarr v2: the array's fill_value, as xarray has it, but not for truth values and coordinates (an
 * array named as its one dimension); missing chunks are the fill value, or NaN where it is null;
 * - Zarr v3: _FillValue alone, as a number or as xarray writes it; missing chunks are the fill
 *   value;
 * - netCDF: the default fill value of float and double where the file names no _FillValue;
 * - GRIB: what the bitmap or the packing leaves out.
 * Variables of inner groups are named "group/name". The messages of a GRIB file become variables on
 * [number,] time (of validity), [level,] latitude, longitude, called by their short names, with the
 * attributes GRIB_paramId, GRIB_shortName, GRIB_typeOfLevel, GRIB_gridType and GRIB_stepType. A
 * source may be used by one thread at a time; several threads may each have their own. */
#ifndef AR_IO_SOURCE_H
#define AR_IO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

enum { AR_RANK_MAX = 8 };

typedef enum { AR_VALUE_NUMBER, AR_VALUE_TEXT } ar_value_kind;

typedef struct {
    char *name;
    ar_value_kind kind;
    char *text;      /* NULL for a number */
    double number;   /* first element */
    double *numbers; /* [count] all elements; NULL for a text */
    int64_t count;
    bool integer; /* the file holds integers */
} ar_attribute;

typedef struct {
    char *name;
    char type[8];  /* as numpy writes it, e.g. "<f4", "|i1", "<i8", "<U4" */
    bool readable; /* a number; strings and compound types are listed but cannot be read */
    int rank;
    int64_t shape[AR_RANK_MAX];
    int64_t chunk[AR_RANK_MAX];    /* storage chunks; equals shape where contiguous */
    char *dimensions[AR_RANK_MAX]; /* names; "" where the file gives none */
    ar_attribute *attributes;
    int64_t attribute_count;
} ar_variable;

typedef struct ar_source ar_source;

/* Whether `path` is the URL of a Zarr store, "http://…" or "https://…": it is no file's name. */
bool ar_source_is_url(const char *path);
/* Open a Zarr v2 or v3 group (a folder, or behind a URL, where it needs consolidated metadata), a
 * netCDF-3/4 file or a GRIB 1/2 file, recognised by content. What comes from a URL is kept in
 * memory for the whole program, 256 MiB of it. The source is the caller's; close it with
 * ar_source_close. */
AR_USE_RESULT ar_status ar_source_open(ar_source **source, const char *path, ar_error *err);
void ar_source_close(ar_source **source); /* NULL-safe, sets NULL */

const char *ar_source_path(const ar_source *source);
const char *ar_source_format(const ar_source *source); /* "Zarr v3", "netCDF-4", "GRIB 2" … */
int64_t ar_source_variable_count(const ar_source *source);
const ar_variable *ar_source_variable(const ar_source *source, int64_t index); /* borrowed */
const ar_variable *ar_source_find(const ar_source *source, const char *name);  /* NULL if absent */
/* Why a variable that is listed cannot be read, as reading it would say; NULL: it can. Borrowed. */
const char *ar_source_problem(const ar_source *source, const ar_variable *variable);
int64_t ar_source_attribute_count(const ar_source *source);
const ar_attribute *ar_source_attribute(const ar_source *source, int64_t index);

/* Attributes of a variable (or of the source, variable == NULL). NULL / false when absent or of the
 * other kind. Borrowed. */
const char *ar_source_text(const ar_source *source, const ar_variable *variable, const char *name);
bool ar_source_number(const ar_source *source, const ar_variable *variable, const char *name,
                      double *number);

/* Read the hyperslab start[rank], count[rank] of `variable` into `values` (row-major, count product
 * elements; the caller's). A chunk that is corrupt, truncated or of the wrong size is an error that
 * names it; bounds are checked. */
AR_USE_RESULT ar_status ar_source_read_float(ar_source *source, const ar_variable *variable,
                                             const int64_t *start, const int64_t *count,
                                             float *values, ar_error *err);
AR_USE_RESULT ar_status ar_source_read_double(ar_source *source, const ar_variable *variable,
                                              const int64_t *start, const int64_t *count,
                                              double *values, ar_error *err);

#endif
