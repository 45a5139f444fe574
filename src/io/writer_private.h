/* What the formats behind ar_writer give. Private to the io room. */
#ifndef AR_IO_WRITER_PRIVATE_H
#define AR_IO_WRITER_PRIVATE_H

#include <stdbool.h>

#include "io/writer.h"

typedef struct {
    ar_status (*add_dimension)(ar_writer *, const char *name, int64_t length, ar_error *err);
    ar_status (*add_variable)(ar_writer *, const ar_writer_variable *variable, ar_error *err);
    ar_status (*put_text)(ar_writer *, const char *variable, const char *name, const char *text,
                          ar_error *err);
    ar_status (*put_number)(ar_writer *, const char *variable, const char *name, double number,
                            ar_error *err);
    ar_status (*write)(ar_writer *, const char *variable, const int64_t *start,
                       const int64_t *count, const void *values, ar_error *err);
    ar_status (*flush)(ar_writer *, ar_error *err); /* NULL: cannot be */
    /* format is 2 or 3. NULL: it is no Zarr */
    ar_status (*set_zarr_format)(ar_writer *, int format, ar_error *err);
    ar_status (*commit)(ar_writer *, ar_error *err);
    void (*destroy)(ar_writer *); /* removes what is not committed */
} ar_writer_format;

/* The first member of each format's writer. */
struct ar_writer {
    const ar_writer_format *format;
    const char *path; /* borrowed from the format's writer */
};

AR_USE_RESULT ar_status ar_netcdf_writer_create(ar_writer **writer, const char *path,
                                                ar_error *err);
/* `unfinished` NULL: a temporary folder. */
AR_USE_RESULT ar_status ar_zarr_writer_create(ar_writer **writer, const char *path,
                                              const char *unfinished, ar_error *err);

/* A ".zarr" that is a folder now but no Zarr group is an error. */
AR_USE_RESULT ar_status ar_zarr_writer_check_path(const char *path, ar_error *err);

/* Whether a numeric attribute has the type of its variable (CF-1.8, 2.5.1). */
bool ar_writer_has_type_of_variable(const char *attribute);

#endif
