#include "io/zarr_part.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void ar_zarr_part_find(ar_zarr_part *part, int rank, const int64_t *size, const int64_t *start,
                       const int64_t *count)
{
    for (int d = 0; d < rank; d++) {
        int64_t begin = part->piece[d] * size[d];
        int64_t low = begin > start[d] ? begin : start[d];
        int64_t end = start[d] + count[d];
        int64_t high = end - begin < size[d] ? end : begin + size[d];
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

/* The number of the element `place` of a box within its array. */
static int64_t find_element(ar_zarr_box box, const int64_t *place, int rank)
{
    int64_t at = 0;
    for (int d = 0; d < rank; d++) {
        at = at * box.shape[d] + (box.first ? box.first[d] : 0) + place[d];
    }
    return at;
}

/* Row by row; a row runs along the last dimension. */
void ar_zarr_box_copy(ar_zarr_box to, ar_zarr_box from, const int64_t *length, int rank,
                      size_t bytes)
{
    size_t row = rank > 0 ? (size_t)length[rank - 1] : 1;
    int64_t place[AR_RANK_MAX] = {0};
    do {
        memcpy(to.data + (size_t)find_element(to, place, rank) * bytes,
               from.data + (size_t)find_element(from, place, rank) * bytes, row * bytes);
    } while (ar_zarr_advance(place, length, rank - 1));
}

void ar_zarr_chunk_name(char name[AR_ZARR_CHUNK_NAME], const ar_zarr_array *array,
                        const int64_t *object)
{
    size_t used = 0;
    snprintf(name, AR_ZARR_CHUNK_NAME, "%s", array->key_has_prefix ? "c" : "0");
    used += array->key_has_prefix;
    for (int d = 0; d < array->rank; d++) {
        if (d > 0 || array->key_has_prefix) {
            name[used++] = array->separator;
        }
        used += (size_t)snprintf(name + used, AR_ZARR_CHUNK_NAME - used, "%" PRId64, object[d]);
    }
}
