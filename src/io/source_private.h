/* What the readers of single formats share behind ar_source. Private to the io room. */
#ifndef AR_IO_SOURCE_PRIVATE_H
#define AR_IO_SOURCE_PRIVATE_H

#include <stddef.h>

#include "io/source.h"
#include "io/unpack.h"

typedef struct {
    /* Read a hyperslab of variable `index`; start, count are inside the shape and no count is 0. */
    ar_status (*read)(ar_source *source, int64_t index, const int64_t *start, const int64_t *count,
                      ar_values values, ar_error *err);
    void (*close)(ar_source *source); /* release `state`; it may be NULL or half made */
} ar_source_reader;

/* What belongs to a variable and is not for the outside. */
typedef struct {
    ar_packing packing;
    char *problem; /* why it cannot be read although it is listed; NULL: it can */
} ar_storage;

struct ar_source {
    char *path;
    const char *format;
    ar_variable *variables;
    ar_storage *storages; /* beside variables */
    size_t variable_capacity, storage_capacity;
    int64_t variable_count;
    ar_attribute *attributes;
    int64_t attribute_count;
    const ar_source_reader *reader;
    void *state;
};

/* Open by one format; the source has its path. What is made so far is released by the caller. */
AR_USE_RESULT ar_status ar_zarr_open(ar_source *source, ar_error *err);
AR_USE_RESULT ar_status ar_netcdf_open(ar_source *source, ar_error *err);
AR_USE_RESULT ar_status ar_grib_open(ar_source *source, ar_error *err);

/* Add a variable with its name; the caller fills the rest before it adds another one. */
AR_USE_RESULT ar_status ar_source_add_variable(ar_source *source, const char *name,
                                               ar_variable **variable, ar_error *err);
/* The storage of the variable added last. */
ar_storage *ar_source_last_storage(ar_source *source);
/* Take the packing of the variable added last, with one more stored value that means missing (NaN:
 * none); what is wrong with it becomes its `problem`. */
AR_USE_RESULT ar_status ar_source_set_packing(ar_source *source, ar_number_type type, double fill,
                                              ar_error *err);
AR_USE_RESULT ar_status ar_source_set_problem(ar_source *source, const char *problem,
                                              ar_error *err);

/* Fill a zeroed attribute. */
AR_USE_RESULT ar_status ar_attribute_set_text(ar_attribute *attribute, const char *name,
                                              const char *text, ar_error *err);
AR_USE_RESULT ar_status ar_attribute_set_numbers(ar_attribute *attribute, const char *name,
                                                 int64_t count, bool integer, ar_error *err);

#endif
