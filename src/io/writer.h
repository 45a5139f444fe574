/* One writing interface for every format; the name's ending chooses it: ".nc" a netCDF-4 file,
 * ".zarr" a Zarr group (a folder) with consolidated metadata as xarray has them, of version 2
 * unless ar_writer_set_zarr_format asks for 3. It appears under its final name only when
 * ar_writer_commit has succeeded: it is written under a temporary name beside it, flushed to the
 * disk and renamed; until then what had the name before stays as it is. A writer is used by one
 * thread at a time; several threads may each have their own. */
#ifndef AR_IO_WRITER_H
#define AR_IO_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

enum { AR_WRITER_RANK_MAX = 8 };

typedef struct ar_writer ar_writer;

/* CF-1.8 knows no 64-bit integers: they are for what is not CF. */
typedef enum {
    AR_WRITER_FLOAT,
    AR_WRITER_DOUBLE,
    AR_WRITER_INT64,
    AR_WRITER_INT32,
    AR_WRITER_INT16,
} ar_writer_type;

/* How a Zarr array is compressed. netCDF always takes zlib with shuffle, which all its readers
 * have. */
typedef enum {
    AR_WRITER_BLOSC_LZ4,  /* bytes shuffled, fast; the default */
    AR_WRITER_BLOSC_ZSTD, /* bytes shuffled, smaller */
    AR_WRITER_ZSTD,       /* as they are */
} ar_writer_codec;

typedef struct {
    const char *name;
    ar_writer_type type;
    int rank;
    const char *dimensions[AR_WRITER_RANK_MAX]; /* names, each added before */
    int compress;          /* 0 none, else level 1–9; netCDF: of variables of rank > 1 only */
    ar_writer_codec codec; /* of Zarr */
    /* Length of a storage chunk along each dimension. 0: 1 along "time" and what is unlimited, the
     * whole dimension elsewhere; variables of rank 1 are not cut (Zarr: where the dimension is
     * unlimited, every 1024). netCDF: of variables of rank > 1 only. A Zarr chunk has less than
     * 2 GiB. Of each variable the one that was written last is kept in memory: write whole chunks,
     * or one after the other, since each change compresses it again. */
    int64_t chunk[AR_WRITER_RANK_MAX];
    /* Zarr v3 alone; others take no notice. Length of a shard, a file of several chunks, along each
     * dimension: a multiple of the chunk's, or 0 for the same. A shard has less than 2 GiB before
     * compression, and is kept in memory instead of a chunk: all said of that is said of it. */
    int64_t shard[AR_WRITER_RANK_MAX];
    bool checksum; /* Zarr v3 alone: each chunk has its CRC-32C */
} ar_writer_variable;

/* Whether ar_writer_create would take this name, before long work; makes nothing. Errors as there.
 */
AR_USE_RESULT ar_status ar_writer_check_path(const char *path, ar_error *err);
/* Whether ar_writer_set_zarr_format would take this format of what will be `path`. */
AR_USE_RESULT ar_status ar_writer_check_zarr_format(const char *path, int64_t format,
                                                    ar_error *err);
/* Whether the name means a Zarr group. */
bool ar_writer_is_zarr(const char *path);
/* Begin what will be `path`. Another ending is an AR_ERROR_USAGE that names the right ones; so is a
 * ".zarr" that is a folder now but no Zarr group, which would not be replaced. */
AR_USE_RESULT ar_status ar_writer_create(ar_writer **writer, const char *path, ar_error *err);
/* Begin what will be `path`, a ".zarr", in the folder `unfinished` on the same file system, which
 * stays when the program is killed or ar_writer_abandon is called. Chunks that lie there already
 * are kept: to go on with them define the same again and write what is missing. */
AR_USE_RESULT ar_status ar_writer_open_unfinished(ar_writer **writer, const char *path,
                                                  const char *unfinished, ar_error *err);
/* Put all that was written so far onto the disk, with metadata by which it can be read, so that it
 * outlives a crash. Only of what ar_writer_open_unfinished began. */
AR_USE_RESULT ar_status ar_writer_flush(ar_writer *writer, ar_error *err);
/* Write Zarr of version `format`, 2 (as without this call) or 3, whose chunks lie under the keys
 * "c.0.1". Before anything is defined; 3 of a ".nc" is an error. 0: as without this call. */
AR_USE_RESULT ar_status ar_writer_set_zarr_format(ar_writer *writer, int64_t format, ar_error *err);
/* Length -1: unlimited, as long as what is written along it. */
AR_USE_RESULT ar_status ar_writer_add_dimension(ar_writer *writer, const char *name, int64_t length,
                                                ar_error *err);
/* What is never written of a variable is missing: NaN for floating ones (netCDF: of AR_WRITER_FLOAT
 * and rank > 1; of the others, netCDF's default fill values). Integers of Zarr have no missing
 * value, since xarray would turn them into floats: they are 0, unless put_number gives them a
 * _FillValue. Of an unfinished one with variables in another version of Zarr it is an error. */
AR_USE_RESULT ar_status ar_writer_add_variable(ar_writer *writer,
                                               const ar_writer_variable *variable, ar_error *err);
/* Attribute of `variable`, or of the whole when variable is NULL; one of the same name is replaced.
 * Zarr: bytes of `text` that are not UTF-8 become U+FFFD, since JSON cannot hold them. */
AR_USE_RESULT ar_status ar_writer_put_text(ar_writer *writer, const char *variable,
                                           const char *name, const char *text, ar_error *err);
/* _FillValue, missing_value, valid_min and valid_max get the type of their variable (CF-1.8,
 * 2.5.1), others are double. Zarr: _FillValue is the array's fill_value (v3: also an attribute,
 * as xarray has it) and comes before the variable's first value. */
AR_USE_RESULT ar_status ar_writer_put_number(ar_writer *writer, const char *variable,
                                             const char *name, double number, ar_error *err);
/* Write the hyperslab start[rank], count[rank] (both may be NULL for rank 0); `values` is a
 * row-major array of the variable's type. With the first call netCDF's definitions end. A full disk
 * is an error that names the file. */
AR_USE_RESULT ar_status ar_writer_write(ar_writer *writer, const char *variable,
                                        const int64_t *start, const int64_t *count,
                                        const void *values, ar_error *err);
/* How many bytes a chunk of elements of `element` bytes would become; nothing is written.
 * Thread-safe. */
AR_USE_RESULT ar_status ar_writer_encoded_size(ar_writer_codec codec, int level, size_t element,
                                               const void *chunk, size_t bytes, size_t *size,
                                               ar_error *err);
/* Finish, flush to the disk, rename; destroys the writer in any case and sets it NULL. */
AR_USE_RESULT ar_status ar_writer_commit(ar_writer **writer, ar_error *err);
/* Give up and remove what was written. NULL-safe, sets NULL. */
void ar_writer_abandon(ar_writer **writer);

#endif
