/* Reading hyperslabs of Zarr arrays: which chunks, under which keys, and what of them goes where.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_codec.h"
#include "io/zarr_part.h"
#include "io/zarr_private.h"
#include "io/zarr_shard.h"

/* A chunk that is being looked for. */
typedef struct {
    ar_zarr_group *group;
    const ar_zarr_array *array;
    ar_zarr_cache_key cache_key;
    char *key;               /* of the object that it is, or lies in */
    char *where;             /* how errors call that object */
    int64_t shard;           /* number of the shard, row-major */
    int64_t number_in_shard; /* of the chunk */
} wanted_chunk;

static int64_t pieces_along(int64_t length, int64_t piece)
{
    return (length - 1) / piece + 1;
}

static ar_status find_object(wanted_chunk *wanted, const ar_source *source, int64_t index,
                             const int64_t *chunk, ar_error *err)
{
    const ar_zarr_array *array = wanted->array;
    int64_t object[AR_RANK_MAX];
    char name[AR_ZARR_CHUNK_NAME];
    ar_status status = AR_OK;
    for (int d = 0; d < array->rank; d++) {
        int64_t along = array->object[d] / array->chunk[d];
        object[d] = chunk[d] / along;
        wanted->shard = wanted->shard * pieces_along(array->shape[d], array->object[d]) + object[d];
        wanted->number_in_shard = wanted->number_in_shard * along + chunk[d] % along;
    }
    ar_zarr_chunk_name(name, array, object);
    AR_TRY(ar_path_join(&wanted->key, source->variables[index].name, name, err));
    AR_TRY(ar_path_join(&wanted->where, source->path, wanted->key, err));
cleanup:
    return status;
}

/* Read some bytes of the object; *data is NULL when there is none. */
static ar_status read_object(const wanted_chunk *wanted, ar_zarr_range range, char **data,
                             size_t *bytes, ar_error *err)
{
    ar_zarr_store *store = wanted->group->store;
    return store->read(store, wanted->key, range, data, bytes, err);
}

/* Get the shard's index, borrowed from the cache; NULL when there is no such shard. */
static ar_status get_index(const wanted_chunk *wanted, const ar_zarr_shard_entry **index,
                           ar_error *err)
{
    const ar_zarr_array *array = wanted->array;
    ar_zarr_cache *cache = &wanted->group->cache;
    const ar_zarr_cache_key key = {wanted->cache_key.array, true, wanted->shard};
    ar_status status = AR_OK;
    char *stored = NULL;
    ar_zarr_shard_entry *entries = NULL;
    size_t bytes;
    int64_t along[AR_RANK_MAX];
    *index = ar_zarr_cache_find(cache, key);
    if (*index) {
        return AR_OK;
    }
    const ar_zarr_range range = {array->index_at_start ? AR_ZARR_PART : AR_ZARR_END, 0,
                                 ar_zarr_shard_index_bytes(array)};
    AR_TRY(read_object(wanted, range, &stored, &bytes, err));
    if (!stored) {
        goto cleanup;
    }
    size_t chunks = ar_zarr_shard_chunks(array, along);
    AR_TRY(ar_allocate(&entries, chunks, sizeof *entries, "a shard's index", err));
    status = ar_zarr_shard_index_decode(array, stored, entries, wanted->where, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "the shard's index");
        goto cleanup;
    }
    ar_zarr_cache_take(cache, key, entries, chunks * sizeof *entries);
    *index = entries;
    entries = NULL;
cleanup:
    ar_free(stored);
    ar_free(entries);
    return status;
}

/* Where the bytes of the chunk lie; *there is false when it is missing. */
static ar_status find_range(const wanted_chunk *wanted, ar_zarr_range *range, bool *there,
                            ar_error *err)
{
    const size_t largest = ar_zarr_largest_encoded(wanted->array);
    *range = (ar_zarr_range){AR_ZARR_WHOLE, 0, largest};
    *there = true;
    if (!wanted->array->sharded) {
        return AR_OK;
    }
    const ar_zarr_shard_entry *index;
    ar_status status = get_index(wanted, &index, err);
    if (status != AR_OK || !index) {
        *there = false;
        return status;
    }
    ar_zarr_shard_entry entry = index[wanted->number_in_shard];
    *there = entry.offset != AR_ZARR_NO_CHUNK || entry.bytes != AR_ZARR_NO_CHUNK;
    *range = (ar_zarr_range){AR_ZARR_PART, entry.offset, (size_t)entry.bytes};
    if (*there && entry.bytes > largest) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: has %llu bytes by the shard's index, at most %zu can be right",
                       wanted->where, (unsigned long long)entry.bytes, largest);
    }
    return AR_OK;
}

/* Decode the chunk into new memory; *data is NULL when there is none, which means that all of it is
 * the fill value. */
static ar_status load_chunk(const wanted_chunk *wanted, void **data, ar_error *err)
{
    const ar_zarr_array *array = wanted->array;
    ar_status status = AR_OK;
    char *encoded = NULL;
    size_t bytes;
    ar_zarr_range range;
    bool there;
    *data = NULL;
    AR_TRY(find_range(wanted, &range, &there, err));
    if (there) {
        AR_TRY(read_object(wanted, range, &encoded, &bytes, err));
    }
    if (encoded && array->codec_count == 0 && !array->transposed && bytes == array->chunk_bytes) {
        *data = encoded; /* as it is */
        encoded = NULL;
    }
    if (encoded) {
        *data = ar_zarr_cache_recycle(&wanted->group->cache, array->chunk_bytes);
        AR_TRY(*data ? AR_OK : ar_allocate(data, array->chunk_bytes, 1, wanted->where, err));
        AR_TRY(ar_zarr_decode(array, encoded, bytes, *data, wanted->where, err));
    }
cleanup:
    if (status != AR_OK) {
        ar_free(*data);
        *data = NULL;
        if (array->sharded) {
            status = ar_fail_within(err, status, "chunk %lld of a shard",
                                    (long long)wanted->number_in_shard);
        }
    }
    ar_free(encoded);
    return status;
}

/* Get a chunk by its place in the grid of chunks, borrowed from the cache; NULL for a missing one.
 */
static ar_status get_chunk(ar_source *source, int64_t index, const int64_t *chunk, int64_t number,
                           const void **data, ar_error *err)
{
    ar_zarr_group *group = source->state;
    wanted_chunk wanted = {.group = group,
                           .array = &group->arrays[index],
                           .cache_key = {.array = index, .number = number}};
    ar_status status = AR_OK;
    void *loaded = NULL;
    *data = ar_zarr_cache_find(&group->cache, wanted.cache_key);
    if (*data) {
        return AR_OK;
    }
    AR_TRY(find_object(&wanted, source, index, chunk, err));
    AR_TRY(load_chunk(&wanted, &loaded, err));
    if (loaded) {
        ar_zarr_cache_take(&group->cache, wanted.cache_key, loaded, wanted.array->chunk_bytes);
    }
    *data = loaded;
cleanup:
    ar_free(wanted.key);
    ar_free(wanted.where);
    return status;
}

static void fill_values(ar_values values, int64_t at, int64_t count, double value)
{
    for (int64_t i = 0; i < count; i++) {
        if (values.floats) {
            values.floats[at + i] = (float)value;
        } else {
            values.doubles[at + i] = value;
        }
    }
}

/* Unpack the wanted part of one chunk row by row; a row runs along the last dimension. */
static void copy_part(const ar_zarr_array *array, const ar_packing *packing,
                      const ar_zarr_part *part, const int64_t *count, const char *data,
                      ar_values values)
{
    int last = array->rank - 1;
    int64_t row = array->rank > 0 ? part->length[last] : 1;
    int64_t place[AR_RANK_MAX] = {0};
    double fill = ar_number_round(packing->type, array->fill);
    double missing = array->has_fill ? ar_unpack_number(packing, fill) : NAN;
    do {
        int64_t from = 0, to = 0;
        for (int d = 0; d < array->rank; d++) {
            from = from * array->chunk[d] + part->first[d] + place[d];
            to = to * count[d] + part->target[d] + place[d];
        }
        if (data) {
            ar_unpack(packing, data + from * array->type.bytes, row, values, to);
        } else {
            fill_values(values, to, row, missing);
        }
    } while (ar_zarr_advance(place, part->length, last));
}

/* Shorter pieces are better read with the chunk that they are of. */
enum { LEAST_IN_PLACE = 4096 };

/* Of the elements of a part those that follow each other in the chunk and in the target: all of the
 * dimensions from *inner on. */
static int64_t contiguous_length(const ar_zarr_array *array, const ar_zarr_part *part,
                                 const int64_t *count, int *inner)
{
    int d = array->rank - 1;
    int64_t length = part->length[d];
    while (d > 0 && part->length[d] == array->chunk[d] && part->length[d] == count[d]) {
        length *= part->length[--d];
    }
    *inner = d;
    return length;
}

/* Do chunks lie in the store as values are wanted? */
static bool is_stored_as_wanted(const ar_zarr_group *group, const ar_zarr_array *array,
                                const ar_packing *packing, ar_values values)
{
    return group->store->read_to && values.floats && ar_packing_is_plain(packing) &&
           array->rank > 0 && array->codec_count == 0 && !array->sharded && !array->transposed;
}

/* Read the wanted part of such a chunk right to its place; *there: false where there is no chunk.
 */
static ar_status read_in_place(ar_source *source, int64_t index, const ar_zarr_part *part,
                               const int64_t *count, float *values, bool *there, ar_error *err)
{
    ar_zarr_group *group = source->state;
    const ar_zarr_array *array = &group->arrays[index];
    wanted_chunk wanted = {.group = group, .array = array};
    int64_t place[AR_RANK_MAX] = {0};
    int inner;
    const int64_t length = contiguous_length(array, part, count, &inner);
    ar_status status;
    AR_TRY(find_object(&wanted, source, index, part->piece, err));
    do {
        int64_t from = 0, to = 0;
        for (int d = 0; d < array->rank; d++) {
            from = from * array->chunk[d] + part->first[d] + place[d];
            to = to * count[d] + part->target[d] + place[d];
        }
        AR_TRY(group->store->read_to(group->store, wanted.key, array->chunk_bytes,
                                     (size_t)from * sizeof *values, (size_t)length * sizeof *values,
                                     values + to, there, err));
        if (*there) {
            ar_unpack_in_place(&source->storages[index].packing, values + to, length);
        }
    } while (*there && ar_zarr_advance(place, part->length, inner));
cleanup:
    ar_free(wanted.key);
    ar_free(wanted.where);
    return status;
}

/* Read the wanted part of a chunk, right to its place where that can be and is worth it. */
static ar_status read_part(ar_source *source, int64_t index, const ar_zarr_part *part,
                           int64_t number, const int64_t *count, ar_values values, ar_error *err)
{
    ar_zarr_group *group = source->state;
    const ar_zarr_array *array = &group->arrays[index];
    const ar_packing *packing = &source->storages[index].packing;
    const void *data = NULL;
    ar_status status = AR_OK;
    int inner;
    if (is_stored_as_wanted(group, array, packing, values) &&
        contiguous_length(array, part, count, &inner) * (int64_t)sizeof(float) >= LEAST_IN_PLACE) {
        bool there = false;
        status = read_in_place(source, index, part, count, values.floats, &there, err);
        if (status != AR_OK || there) {
            return status;
        }
    } else {
        status = get_chunk(source, index, part->piece, number, &data, err);
    }
    if (status == AR_OK) {
        copy_part(array, packing, part, count, data, values);
    }
    return status;
}

ar_status ar_zarr_read(ar_source *source, int64_t index, const int64_t *start, const int64_t *count,
                       ar_values values, ar_error *err)
{
    const ar_zarr_array *array = &((ar_zarr_group *)source->state)->arrays[index];
    int64_t first[AR_RANK_MAX], chunks[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        first[d] = start[d] / array->chunk[d];
        chunks[d] = (start[d] + count[d] - 1) / array->chunk[d] - first[d] + 1;
    }
    do {
        ar_zarr_part part = {0};
        int64_t number = 0;
        for (int d = 0; d < array->rank; d++) {
            part.piece[d] = first[d] + place[d];
            number = number * pieces_along(array->shape[d], array->chunk[d]) + part.piece[d];
        }
        ar_zarr_part_find(&part, array->rank, array->chunk, start, count);
        ar_status status = read_part(source, index, &part, number, count, values, err);
        if (status != AR_OK) {
            return status;
        }
    } while (ar_zarr_advance(place, chunks, array->rank));
    return AR_OK;
}
