/* Writing netCDF-4 (through netcdf-c). The file appears under its final name only when
 * ar_netcdf_writer_commit has succeeded (temporary file, fsync, rename). One thread at a time. */
#ifndef AR_IO_NETCDF_WRITER_H
#define AR_IO_NETCDF_WRITER_H

#include <stdint.h>

#include "atmorep/status.h"

typedef struct ar_netcdf_writer ar_netcdf_writer;

/* Those that CF-1.8 allows and that are needed; it has no 64-bit integers. */
typedef enum { AR_NETCDF_FLOAT, AR_NETCDF_DOUBLE, AR_NETCDF_INT32 } ar_netcdf_type;

typedef struct {
    const char *name;
    ar_netcdf_type type;
    int rank;
    const char *dimensions[8]; /* names, each added before; chunk of length 1 along "time" and the
                                * dimension's whole length elsewhere for rank > 1 */
    int compress;              /* 0 none, 1–9 zlib level with shuffle (rank > 1 only) */
} ar_netcdf_variable;

AR_USE_RESULT ar_status ar_netcdf_writer_create(ar_netcdf_writer **writer, const char *path,
                                                ar_error *err);
/* length −1: unlimited */
AR_USE_RESULT ar_status ar_netcdf_writer_add_dimension(ar_netcdf_writer *writer, const char *name,
                                                       int64_t length, ar_error *err);
AR_USE_RESULT ar_status ar_netcdf_writer_add_variable(ar_netcdf_writer *writer,
                                                      const ar_netcdf_variable *variable,
                                                      ar_error *err);
/* Attribute of `variable`, or of the file when variable is NULL. A float variable with missing
 * values needs _FillValue = NaN: ar_netcdf_writer_add_variable sets it for AR_NETCDF_FLOAT of rank
 * > 1. */
AR_USE_RESULT ar_status ar_netcdf_writer_put_text(ar_netcdf_writer *writer, const char *variable,
                                                  const char *name, const char *text,
                                                  ar_error *err);
AR_USE_RESULT ar_status ar_netcdf_writer_put_number(ar_netcdf_writer *writer, const char *variable,
                                                    const char *name, double number, ar_error *err);
/* Write a hyperslab; `values` is float, double or int32_t as the variable's type says. Definitions
 * end by themselves with the first write. A full disk is an error that names the file. */
AR_USE_RESULT ar_status ar_netcdf_writer_write(ar_netcdf_writer *writer, const char *variable,
                                               const int64_t *start, const int64_t *count,
                                               const void *values, ar_error *err);
/* Close, flush, rename; destroys the writer in any case and sets it NULL. */
AR_USE_RESULT ar_status ar_netcdf_writer_commit(ar_netcdf_writer **writer, ar_error *err);
/* Give up and remove what was written. NULL-safe, sets NULL. */
void ar_netcdf_writer_abandon(ar_netcdf_writer **writer);

#endif
