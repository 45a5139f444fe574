/* Reading hyperslabs of Zarr arrays: which chunks, in which files, and what of them goes where. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_codec.h"
#include "io/zarr_part.h"
#include "io/zarr_private.h"

/* "folder/variable/1.0.2" */
static ar_status chunk_path(const ar_source *source, int64_t index, const int64_t *chunk,
                            char **path, ar_error *err)
{
    const ar_zarr_array *array = &((ar_zarr_group *)source->state)->arrays[index];
    char name[AR_ZARR_CHUNK_NAME];
    ar_zarr_chunk_name(name, array, chunk);
    char *folder = NULL;
    ar_status status = ar_path_join(&folder, source->path, source->variables[index].name, err);
    if (status == AR_OK) {
        status = ar_path_join(path, folder, name, err);
    }
    ar_free(folder);
    return status;
}

/* Decode the chunk at `path` into new memory; *data is NULL when there is no such file, which means
 * that all of the chunk is the fill value. */
static ar_status load_chunk(const ar_zarr_array *array, const char *path, void **data,
                            ar_error *err)
{
    ar_status status = AR_OK;
    char *encoded = NULL;
    size_t bytes;
    struct stat information;
    *data = NULL;
    if (stat(path, &information) != 0) {
        return errno == ENOENT ? AR_OK
                               : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot look at this chunk: %s",
                                         path, strerror(errno));
    }
    AR_TRY(ar_file_read_whole(path, ar_zarr_largest_encoded(array), &encoded, &bytes, err));
    AR_TRY(ar_allocate(data, array->chunk_bytes, 1, path, err));
    AR_TRY(ar_zarr_decode(array, encoded, bytes, *data, path, err));
cleanup:
    if (status != AR_OK) {
        ar_free(*data);
        *data = NULL;
    }
    ar_free(encoded);
    return status;
}

static void drop(ar_zarr_group *group, ar_zarr_cached *cached)
{
    if (cached->data) {
        group->cached_bytes -= cached->bytes;
    }
    ar_free(cached->data);
    *cached = (ar_zarr_cached){0};
}

void ar_zarr_cache_release(ar_zarr_group *group)
{
    for (int i = 0; i < AR_ZARR_CACHE_CHUNKS; i++) {
        drop(group, &group->cache[i]);
    }
}

static ar_zarr_cached *oldest(ar_zarr_group *group, bool used)
{
    ar_zarr_cached *found = NULL;
    for (int i = 0; i < AR_ZARR_CACHE_CHUNKS; i++) {
        ar_zarr_cached *cached = &group->cache[i];
        if (used && !cached->data) {
            continue;
        }
        if (!found || cached->last_use < found->last_use) {
            found = cached;
        }
    }
    return found;
}

/* Free places were never used, or are cleared: their last_use of 0 makes them the oldest. */
static void keep_in_cache(ar_zarr_group *group, int64_t array, int64_t chunk, void *data,
                          size_t bytes)
{
    while (group->cached_bytes > 0 && (group->cached_bytes > ar_zarr_cache_bytes ||
                                       bytes > ar_zarr_cache_bytes - group->cached_bytes)) {
        drop(group, oldest(group, true));
    }
    ar_zarr_cached *place = oldest(group, false);
    drop(group, place);
    *place = (ar_zarr_cached){
        .array = array, .chunk = chunk, .last_use = ++group->uses, .data = data, .bytes = bytes};
    group->cached_bytes += bytes;
}

/* Get a chunk by its place in the grid of chunks, borrowed from the cache; NULL for a missing one.
 */
static ar_status get_chunk(ar_source *source, int64_t index, const int64_t *chunk, int64_t number,
                           const void **data, ar_error *err)
{
    ar_zarr_group *group = source->state;
    for (int i = 0; i < AR_ZARR_CACHE_CHUNKS; i++) {
        ar_zarr_cached *cached = &group->cache[i];
        if (cached->data && cached->array == index && cached->chunk == number) {
            cached->last_use = ++group->uses;
            *data = cached->data;
            return AR_OK;
        }
    }
    char *path = NULL;
    void *loaded = NULL;
    ar_status status = chunk_path(source, index, chunk, &path, err);
    if (status == AR_OK) {
        status = load_chunk(&group->arrays[index], path, &loaded, err);
    }
    if (loaded) {
        keep_in_cache(group, index, number, loaded, group->arrays[index].chunk_bytes);
    }
    ar_free(path);
    *data = loaded;
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

ar_status ar_zarr_read(ar_source *source, int64_t index, const int64_t *start, const int64_t *count,
                       ar_values values, ar_error *err)
{
    const ar_zarr_array *array = &((ar_zarr_group *)source->state)->arrays[index];
    const ar_packing *packing = &source->storages[index].packing;
    int64_t first[AR_RANK_MAX], chunks[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        first[d] = start[d] / array->chunk[d];
        chunks[d] = (start[d] + count[d] - 1) / array->chunk[d] - first[d] + 1;
    }
    do {
        ar_zarr_part part = {0};
        int64_t number = 0;
        for (int d = 0; d < array->rank; d++) {
            part.chunk[d] = first[d] + place[d];
            number = number * ((array->shape[d] - 1) / array->chunk[d] + 1) + part.chunk[d];
        }
        ar_zarr_part_find(&part, array, start, count);
        const void *data;
        ar_status status = get_chunk(source, index, part.chunk, number, &data, err);
        if (status != AR_OK) {
            return status;
        }
        copy_part(array, packing, &part, count, data, values);
    } while (ar_zarr_advance(place, chunks, array->rank));
    return AR_OK;
}
