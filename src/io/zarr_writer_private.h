/* A Zarr group of version 2 or 3 that is being written. Private to the files zarr_writer*.c. */
#ifndef AR_IO_ZARR_WRITER_PRIVATE_H
#define AR_IO_ZARR_WRITER_PRIVATE_H

#include <cjson/cJSON.h>

#include "base/folder.h"
#include "io/writer_private.h"
#include "io/zarr_metadata.h"

typedef struct {
    char *name;
    int64_t length; /* so far, where it is unlimited */
    bool unlimited;
} ar_zarr_dimension;

typedef struct {
    char *name;
    char *folder; /* where its chunks are written */
    ar_writer_type type;
    int64_t dimension[AR_WRITER_RANK_MAX]; /* numbers of its dimensions */
    ar_zarr_array array;                   /* its shape is set at the end */
    ar_writer_codec codec;
    int level; /* of compression; 0: none */
    bool checksum;
    cJSON *attributes; /* without _ARRAY_DIMENSIONS */
    /* The object (chunk or shard) that was written to last, for it may be written to again. */
    size_t object_bytes;
    void *object;                      /* [object_bytes]; NULL before the first write */
    int64_t place[AR_WRITER_RANK_MAX]; /* which one it is */
    bool holding, changed;             /* there is one; it is newer than its file */
} ar_zarr_written;

typedef struct {
    ar_writer base;
    int version;
    ar_atomic_folder folder;
    ar_zarr_dimension *dimensions;
    size_t dimension_count, dimension_capacity;
    ar_zarr_written *variables;
    size_t variable_count, variable_capacity;
    cJSON *attributes;
    char *encoded; /* where chunks and shards are encoded */
    size_t encoded_capacity;
    char **unflushed; /* files written since the last flush, where the folder is kept */
    size_t unflushed_count, unflushed_capacity;
} ar_zarr_writer;

/* NULL when there is no such variable. Borrowed until the next variable is added. */
ar_zarr_written *ar_zarr_writer_find(const ar_zarr_writer *writer, const char *name);
/* The dimension's number; −1 when there is none. */
int64_t ar_zarr_writer_find_dimension(const ar_zarr_writer *writer, const char *name);
/* Set of `written` what depends on the variable's definition, but for names and attributes. */
AR_USE_RESULT ar_status ar_zarr_writer_set_array(const ar_zarr_writer *writer,
                                                 ar_zarr_written *written,
                                                 const ar_writer_variable *variable, ar_error *err);
/* ar_writer_put_text and ar_writer_put_number of this format. */
AR_USE_RESULT ar_status ar_zarr_writer_put_text(ar_writer *base, const char *variable,
                                                const char *name, const char *text, ar_error *err);
AR_USE_RESULT ar_status ar_zarr_writer_put_number(ar_writer *base, const char *variable,
                                                  const char *name, double number, ar_error *err);
/* Write the hyperslab, which is checked, into chunks of `variable`; unlimited dimensions grow. */
AR_USE_RESULT ar_status ar_zarr_writer_put(ar_zarr_writer *writer, ar_zarr_written *variable,
                                           const int64_t *start, const int64_t *count,
                                           const void *values, ar_error *err);
/* Write what is only in memory, and the chunks that were never written and have no fill value. The
 * array's shape must be set. */
AR_USE_RESULT ar_status ar_zarr_writer_finish(ar_zarr_writer *writer, ar_zarr_written *variable,
                                              ar_error *err);
/* Flush the files that were written since the last call, and their folders. */
AR_USE_RESULT ar_status ar_zarr_writer_flush_files(ar_zarr_writer *writer, ar_error *err);
/* Write a whole file into the group; `name` is of the variable or NULL, for the group's own. */
AR_USE_RESULT ar_status ar_zarr_writer_store(ar_zarr_writer *writer,
                                             const ar_zarr_written *variable, const char *name,
                                             const void *data, size_t bytes, ar_error *err);

/* ---- metadata -------------------------------------------------------------------------------- */

/* Write all metadata, also consolidated, as each version has it. */
AR_USE_RESULT ar_status ar_zarr_writer_describe_v2(ar_zarr_writer *writer, ar_error *err);
AR_USE_RESULT ar_status ar_zarr_writer_describe_v3(ar_zarr_writer *writer, ar_error *err);
/* Write a JSON file; `variable` and `name` as of ar_zarr_writer_store. */
AR_USE_RESULT ar_status ar_zarr_writer_store_json(ar_zarr_writer *writer,
                                                  const ar_zarr_written *variable, const char *name,
                                                  const cJSON *json, ar_error *err);
/* Add to an object, taking `item` (NULL: memory was short) in any case; false when memory is short.
 */
bool ar_zarr_json_add(cJSON *object, const char *name, cJSON *item);
bool ar_zarr_json_add_lengths(cJSON *object, const char *name, const int64_t *lengths, int rank);
/* The member "fill_value". NaN and the infinities are texts. */
bool ar_zarr_json_add_fill(cJSON *object, const ar_zarr_array *array);

/* A JSON number that reads back as `number` (NaN and ±Infinity bare, as Python writes them), with a
 * decimal point unless `integer`; NULL when memory is short. */
cJSON *ar_zarr_json_number(double number, bool integer);
/* Whether all of the text is UTF-8. */
bool ar_zarr_json_is_utf8(const char *text);
/* JSON in ASCII alone, which is all that zarr-python 2 reads: other letters as \uXXXX (beyond
 * U+FFFF two of them, RFC 8259). What is not UTF-8 becomes U+FFFD. ascii[6 · strlen(json) + 1];
 * returns its length. */
size_t ar_zarr_json_to_ascii(const char *json, char *ascii);

/* ---- chunks and shards ----------------------------------------------------------------------- */

/* Fill the object in memory with the fill value, 0 where there is none. */
void ar_zarr_written_fill(const ar_zarr_written *variable);
/* Encode the object in memory; *data, of *bytes bytes, is borrowed until the next call. */
AR_USE_RESULT ar_status ar_zarr_written_encode(ar_zarr_writer *writer,
                                               const ar_zarr_written *variable, const void **data,
                                               size_t *bytes, ar_error *err);
/* Decode what ar_zarr_written_encode made, a file called `where`, into memory. */
AR_USE_RESULT ar_status ar_zarr_written_decode(const ar_zarr_written *variable, const char *encoded,
                                               size_t bytes, const char *where, ar_error *err);
/* The most bytes that such a file can have. */
size_t ar_zarr_written_largest(const ar_zarr_written *variable);

/* Compress `bytes` bytes of elements of `element` bytes into encoded[capacity]; *size is what is
 * used of it. Thread-safe. */
AR_USE_RESULT ar_status ar_zarr_encode(ar_writer_codec codec, int level, size_t element,
                                       const void *chunk, size_t bytes, void *encoded,
                                       size_t capacity, size_t *size, const char *where,
                                       ar_error *err);
/* A capacity that is always enough; 0 for more than a chunk can have. */
size_t ar_zarr_encoded_bound(size_t bytes);
/* The codec's name in Zarr's metadata, or the inner one of Blosc. */
const char *ar_zarr_codec_name(ar_writer_codec codec);

#endif
