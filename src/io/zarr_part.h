/* How a hyperslab of a Zarr array falls into chunks; what reading and writing share. Private to the
 * io room. */
#ifndef AR_IO_ZARR_PART_H
#define AR_IO_ZARR_PART_H

#include "io/zarr_metadata.h"

/* The part of one chunk that a hyperslab covers, per dimension. */
typedef struct {
    int64_t chunk[AR_RANK_MAX];  /* place in the grid of chunks */
    int64_t first[AR_RANK_MAX];  /* first element covered, within the chunk */
    int64_t length[AR_RANK_MAX]; /* how many are covered */
    int64_t target[AR_RANK_MAX]; /* where the first lies within the hyperslab */
} ar_zarr_part;

/* Set first, length and target of part->chunk for the hyperslab start[rank], count[rank], which
 * touches that chunk. */
void ar_zarr_part_find(ar_zarr_part *part, const ar_zarr_array *array, const int64_t *start,
                       const int64_t *count);

/* Advance a row-major place within `lengths` over the first `rank` dimensions; false at the end. */
bool ar_zarr_advance(int64_t *place, const int64_t *lengths, int rank);

/* "1.0.2"; the one chunk of an array without dimensions is named "0". */
enum { AR_ZARR_CHUNK_NAME = AR_RANK_MAX * 21 + 1 };
void ar_zarr_chunk_name(char name[AR_ZARR_CHUNK_NAME], const ar_zarr_array *array,
                        const int64_t *chunk);

#endif
