/* The metadata of one Zarr v2 array, as the specification of Zarr storage version 2 says
 * (https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html). Private to the io room. */
#ifndef AR_IO_ZARR_METADATA_H
#define AR_IO_ZARR_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "atmorep/status.h"
#include "io/number.h"
#include "io/source.h"

enum { AR_ZARR_FILTERS_MAX = 4 };

typedef enum {
    AR_ZARR_UNCOMPRESSED,
    AR_ZARR_BLOSC,
    AR_ZARR_ZLIB,
    AR_ZARR_GZIP,
    AR_ZARR_ZSTD,
} ar_zarr_compressor;

typedef struct {
    int rank;
    int64_t shape[AR_RANK_MAX];
    int64_t chunk[AR_RANK_MAX]; /* at least 1 each */
    char type_name[8];          /* as numpy writes it */
    bool is_number;             /* else `type` and what follows mean nothing */
    ar_number_type type;
    size_t chunk_bytes; /* of a decoded chunk */
    ar_zarr_compressor compressor;
    int filter_count;
    int64_t shuffle_size[AR_ZARR_FILTERS_MAX]; /* element size of each shuffle, in writing order */
    char separator;                            /* between the chunk numbers of a chunk's name */
    bool has_fill;
    double fill;       /* stored value of a missing chunk */
    char problem[256]; /* why its chunks cannot be read (order F, a codec …), "" if they can */
} ar_zarr_array;

/* Take an array from its parsed .zarray. What is not version 2 metadata is an error that starts
 * with `where`; what is valid but not read by us becomes array->problem. */
AR_USE_RESULT ar_status ar_zarr_array_parse(ar_zarr_array *array, const cJSON *metadata,
                                            const char *where, ar_error *err);

#endif
