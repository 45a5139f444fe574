/* How a hyperslab of a Zarr array falls into chunks or shards; what reading and writing share.
 * Private to the io room. */
#ifndef AR_IO_ZARR_PART_H
#define AR_IO_ZARR_PART_H

#include "io/zarr_metadata.h"

/* The part of one piece of a grid (a chunk, a shard) that a hyperslab covers, per dimension. */
typedef struct {
    int64_t piece[AR_RANK_MAX];  /* place in the grid */
    int64_t first[AR_RANK_MAX];  /* first element covered, within the piece */
    int64_t length[AR_RANK_MAX]; /* how many are covered */
    int64_t target[AR_RANK_MAX]; /* where the first lies within the hyperslab */
} ar_zarr_part;

/* Set first, length and target of part->piece, of lengths size[rank], for the hyperslab
 * start[rank], count[rank], which touches that piece. */
void ar_zarr_part_find(ar_zarr_part *part, int rank, const int64_t *size, const int64_t *start,
                       const int64_t *count);

/* Advance a row-major place within `lengths` over the first `rank` dimensions; false at the end. */
bool ar_zarr_advance(int64_t *place, const int64_t *lengths, int rank);

/* Where a box lies in a row-major array of elements. */
typedef struct {
    char *data;
    const int64_t *shape; /* [rank] of the array */
    const int64_t *first; /* [rank] of the box, NULL: zeros */
} ar_zarr_box;

/* Copy a box of length[rank] elements of `bytes` bytes from one array into another. */
void ar_zarr_box_copy(ar_zarr_box to, ar_zarr_box from, const int64_t *length, int rank,
                      size_t bytes);

/* "1.0.2", "c/1/0/2"; the one piece of an array without dimensions is named "0" or "c". */
enum { AR_ZARR_CHUNK_NAME = AR_RANK_MAX * 21 + 3 };
void ar_zarr_chunk_name(char name[AR_ZARR_CHUNK_NAME], const ar_zarr_array *array,
                        const int64_t *object);

#endif
