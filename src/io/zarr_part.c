#include "io/zarr_part.h"

#include <inttypes.h>
#include <stdio.h>

void ar_zarr_part_find(ar_zarr_part *part, const ar_zarr_array *array, const int64_t *start,
                       const int64_t *count)
{
    for (int d = 0; d < array->rank; d++) {
        int64_t begin = part->chunk[d] * array->chunk[d];
        int64_t low = begin > start[d] ? begin : start[d];
        int64_t end = start[d] + count[d];
        int64_t high = end - begin < array->chunk[d] ? end : begin + array->chunk[d];
        part->first[d] = low - begin;
        part->length[d] = high - low;
        part->target[d] = low - start[d];
    }
}

bool ar_zarr_advance(int64_t *place, const int64_t *lengths, int rank)
{
    for (int d = rank - 1; d >= 0; d--) {
        if (++place[d] < lengths[d]) {
            return true;
        }
        place[d] = 0;
    }
    return false;
}

void ar_zarr_chunk_name(char name[AR_ZARR_CHUNK_NAME], const ar_zarr_array *array,
                        const int64_t *chunk)
{
    size_t used = 0;
    snprintf(name, AR_ZARR_CHUNK_NAME, "0");
    for (int d = 0; d < array->rank; d++) {
        if (d > 0) {
            name[used++] = array->separator;
        }
        used += (size_t)snprintf(name + used, AR_ZARR_CHUNK_NAME - used, "%" PRId64, chunk[d]);
    }
}
