/* The metadata of one Zarr array, as the specifications of Zarr storage version 2
 * (https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html) and version 3
 * (https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, and its codecs) say. Private to
 * the io room. */
#ifndef AR_IO_ZARR_METADATA_H
#define AR_IO_ZARR_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "atmorep/status.h"
#include "io/number.h"
#include "io/source.h"

enum { AR_ZARR_CODECS_MAX = 8 };

/* What turns the bytes of a chunk into others. */
typedef enum {
    AR_ZARR_SHUFFLE,
    AR_ZARR_BLOSC,
    AR_ZARR_ZLIB,
    AR_ZARR_GZIP,
    AR_ZARR_ZSTD,
    AR_ZARR_CRC32C,
} ar_zarr_codec_kind;

typedef struct {
    ar_zarr_codec_kind kind;
    int64_t element; /* bytes of an element, of a shuffle */
} ar_zarr_codec;

typedef struct {
    int rank;
    int64_t shape[AR_RANK_MAX];
    int64_t chunk[AR_RANK_MAX]; /* what is decoded at once; at least 1 each */
    /* What lies under one key: a chunk, or a shard, which is whole chunks and an index of them. */
    int64_t object[AR_RANK_MAX];
    bool sharded;
    bool index_at_start, index_has_checksum, index_is_big_endian; /* of a shard */
    char type_name[8];                                            /* as numpy writes it */
    bool is_number; /* else `type` and what follows mean nothing */
    ar_number_type type;
    size_t chunk_bytes; /* of a decoded chunk */
    bool transposed;    /* dimension d of a stored chunk is dimension order[d] of the array */
    int order[AR_RANK_MAX];
    int codec_count;
    ar_zarr_codec codecs[AR_ZARR_CODECS_MAX]; /* in the order of writing; one compressor at most */
    char separator;                           /* between the chunk numbers of a chunk's key */
    bool key_has_prefix;                      /* a chunk's key begins with "c" */
    bool has_fill;
    double fill;       /* stored value of a missing chunk */
    char problem[256]; /* why its chunks cannot be read (a codec …), "" if they can */
} ar_zarr_array;

/* Take an array from its parsed .zarray. What is not version 2 metadata is an error that starts
 * with `where`; what is valid but not read by us becomes array->problem. */
AR_USE_RESULT ar_status ar_zarr_array_parse_v2(ar_zarr_array *array, const cJSON *metadata,
                                               const char *where, ar_error *err);
/* The same from the parsed zarr.json of an array. */
AR_USE_RESULT ar_status ar_zarr_array_parse_v3(ar_zarr_array *array, const cJSON *metadata,
                                               const char *where, ar_error *err);

/* ---- what both versions share --------------------------------------------------------------- */

/* Note why the chunks cannot be read; the first reason is kept. */
void ar_zarr_set_problem(ar_zarr_array *array, const char *format, ...) AR_PRINTF(2, 3);
/* Set rank, shape, and object and chunk the same; `chunks` is called `chunks_name` in errors. */
AR_USE_RESULT ar_status ar_zarr_parse_grid(ar_zarr_array *array, const cJSON *shape,
                                           const cJSON *chunks, const char *chunks_name,
                                           const char *where, ar_error *err);
/* Set chunk_bytes, of a type that is a number, and check that chunks can be counted. */
AR_USE_RESULT ar_status ar_zarr_check_sizes(ar_zarr_array *array, const char *where, ar_error *err);
/* Add a codec to those of the array; what is too much becomes a problem. */
void ar_zarr_add_codec(ar_zarr_array *array, ar_zarr_codec codec);
/* "NaN", "Infinity" or "-Infinity"; false for anything else. */
bool ar_zarr_parse_word(const cJSON *item, double *number);
/* Take the codecs of version 3, which set the chunk's type, order and, in shards, shape too. */
AR_USE_RESULT ar_status ar_zarr_parse_codecs_v3(ar_zarr_array *array, const cJSON *codecs,
                                                const char *where, ar_error *err);
/* The name of an extension point of version 3, a text or an object with a "name"; NULL if it is
 * neither. *configuration is NULL where there is none. */
const char *ar_zarr_parse_extension(const cJSON *item, const cJSON **configuration);

#endif
