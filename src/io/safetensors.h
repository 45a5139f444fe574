/* safetensors files (Hugging Face, format of 2022): an 8-byte little-endian header length, a JSON
 * header name → {dtype, shape, data_offsets} with "__metadata__" of strings, then the raw
 * little-endian data. Every offset and length is checked against the file's size. */
#ifndef AR_IO_SAFETENSORS_H
#define AR_IO_SAFETENSORS_H

#include <stdint.h>

#include "atmorep/status.h"

enum { AR_SAFETENSORS_RANK_MAX = 8 };

typedef enum {
    AR_DTYPE_F32,
    AR_DTYPE_F64,
    AR_DTYPE_I32,
    AR_DTYPE_I64,
    AR_DTYPE_U8,
    AR_DTYPE_BF16, /* listed; read as float */
    AR_DTYPE_F16,  /* listed; read as float */
} ar_dtype;

typedef struct {
    char *name;
    ar_dtype dtype;
    int rank;
    int64_t shape[AR_SAFETENSORS_RANK_MAX];
    int64_t count;          /* product of the shape */
    const void *data;       /* when writing, and of files in memory: the caller's values */
    uint64_t offset, bytes; /* when reading: place in the file's data part */
} ar_safetensor;

typedef struct {
    const char *key, *value;
} ar_metadata;

typedef struct ar_safetensors ar_safetensors; /* an open file */

AR_USE_RESULT ar_status ar_safetensors_open(ar_safetensors **file, const char *path, ar_error *err);
/* The same of tensors in memory (name, dtype, rank, shape, count and data are used), as if they had
 * been read from `path`: their data is borrowed until the file is closed. It has no metadata. */
AR_USE_RESULT ar_status ar_safetensors_of_memory(ar_safetensors **file, const char *path,
                                                 const ar_safetensor *tensors, int64_t tensor_count,
                                                 ar_error *err);
void ar_safetensors_close(ar_safetensors **file); /* NULL-safe, sets NULL */
const char *ar_safetensors_path(const ar_safetensors *file);
int64_t ar_safetensors_count(const ar_safetensors *file);
const ar_safetensor *ar_safetensors_get(const ar_safetensors *file, int64_t index); /* borrowed */
const ar_safetensor *ar_safetensors_find(const ar_safetensors *file,
                                         const char *name); /* or NULL */
/* A string of "__metadata__", borrowed, or NULL. */
const char *ar_safetensors_metadata(const ar_safetensors *file, const char *key);

/* Read a whole tensor, converted to float, double or int64. `values` holds tensor->count elements.
 * Reading a float type as int64 is an error. */
AR_USE_RESULT ar_status ar_safetensors_read_float(ar_safetensors *file, const ar_safetensor *tensor,
                                                  float *values, ar_error *err);
AR_USE_RESULT ar_status ar_safetensors_read_double(ar_safetensors *file,
                                                   const ar_safetensor *tensor, double *values,
                                                   ar_error *err);
AR_USE_RESULT ar_status ar_safetensors_read_int64(ar_safetensors *file, const ar_safetensor *tensor,
                                                  int64_t *values, ar_error *err);

/* Write tensors (F32, F64, I32, I64, U8; name, dtype, rank, shape and data are used) and metadata
 * atomically to `path`. Duplicate names are an error. The same input gives the same bytes. */
AR_USE_RESULT ar_status ar_safetensors_write(const char *path, const ar_safetensor *tensors,
                                             int64_t tensor_count, const ar_metadata *metadata,
                                             int64_t metadata_count, ar_error *err);

#endif
