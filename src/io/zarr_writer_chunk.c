/* Writing hyperslabs into chunks. One chunk of each variable is in memory: the one written to last.
 * It becomes a file when another is written to, and is read again should it be written to again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_codec.h"
#include "io/zarr_part.h"
#include "io/zarr_writer_private.h"

/* ---- files ----------------------------------------------------------------------------------- */

/* No buffering by the C library: a chunk is one piece. */
static bool write_file(const char *path, const char *data, size_t bytes)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        return false;
    }
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = write(descriptor, data + done, bytes - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        done += (size_t)count;
    }
    int reason = done < bytes ? errno : 0;
    /* a full disk may show only here, on a network */
    if (close(descriptor) != 0 && reason == 0) {
        reason = errno;
    }
    errno = reason;
    return reason == 0;
}

static ar_status note_unflushed(ar_zarr_writer *writer, const char *path, ar_error *err)
{
    ar_status status =
        ar_grow(&writer->unflushed, &writer->unflushed_capacity, writer->unflushed_count + 1,
                sizeof *writer->unflushed, "names of files", err);
    if (status == AR_OK) {
        status = ar_copy_string(&writer->unflushed[writer->unflushed_count], path, err);
        writer->unflushed_count += status == AR_OK;
    }
    return status;
}

static bool flush_path(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    bool flushed = descriptor >= 0 && (fsync(descriptor) == 0 || errno == EINVAL);
    if (descriptor >= 0) {
        close(descriptor);
    }
    return flushed;
}

ar_status ar_zarr_writer_flush_files(ar_zarr_writer *writer, ar_error *err)
{
    bool flushed = flush_path(writer->folder.temporary_path);
    for (size_t v = 0; v < writer->variable_count && flushed; v++) {
        flushed = flush_path(writer->variables[v].folder);
    }
    for (; writer->unflushed_count > 0 && flushed; writer->unflushed_count--) {
        flushed = flush_path(writer->unflushed[writer->unflushed_count - 1]);
        ar_free(writer->unflushed[writer->unflushed_count - 1]);
    }
    return flushed ? AR_OK
                   : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot flush to the disk: %s",
                             writer->base.path, strerror(errno));
}

ar_status ar_zarr_writer_store(ar_zarr_writer *writer, const ar_zarr_written *variable,
                               const char *name, const void *data, size_t bytes, ar_error *err)
{
    const char *folder = variable ? variable->folder : writer->folder.temporary_path;
    char *path = NULL;
    ar_status status = ar_path_join(&path, folder, name, err);
    if (status == AR_OK && !write_file(path, data, bytes)) {
        status =
            ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write %s%s%s: %s", writer->base.path,
                    variable ? variable->name : "", variable ? "/" : "", name, strerror(errno));
    }
    if (status == AR_OK && writer->folder.kept) {
        status = note_unflushed(writer, path, err);
    }
    ar_free(path);
    return status;
}

static ar_status has_file(const ar_zarr_written *variable, const int64_t *place, char **path,
                          bool *found, ar_error *err)
{
    char name[AR_ZARR_CHUNK_NAME];
    ar_zarr_chunk_name(name, &variable->array, place);
    ar_status status = ar_path_join(path, variable->folder, name, err);
    *found = status == AR_OK && ar_path_exists(*path);
    return status;
}

/* ---- the chunk in memory --------------------------------------------------------------------- */

static ar_status store_chunk(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    const void *data = variable->chunk;
    size_t bytes = array->chunk_bytes;
    char name[AR_ZARR_CHUNK_NAME];
    ar_status status = AR_OK;
    if (!variable->holding || !variable->changed) {
        return AR_OK;
    }
    if (variable->level > 0) {
        size_t bound = ar_zarr_encoded_bound(array->chunk_bytes);
        AR_TRY(ar_grow(&writer->encoded, &writer->encoded_capacity, bound, 1, "an encoded chunk",
                       err));
        AR_TRY(ar_zarr_encode(variable->codec, variable->level, (size_t)array->type.bytes,
                              variable->chunk, array->chunk_bytes, writer->encoded, bound, &bytes,
                              writer->base.path, err));
        data = writer->encoded;
    }
    ar_zarr_chunk_name(name, array, variable->place);
    AR_TRY(ar_zarr_writer_store(writer, variable, name, data, bytes, err));
    variable->changed = false;
cleanup:
    return status;
}

/* Fill the chunk in memory with the fill value, 0 where there is none. */
static void fill_chunk(const ar_zarr_written *variable)
{
    const ar_zarr_array *array = &variable->array;
    size_t size = (size_t)array->type.bytes, count = array->chunk_bytes / size;
    double fill = array->has_fill ? array->fill : 0;
    union {
        float f4;
        double f8;
        int64_t i8;
        int32_t i4;
        int16_t i2;
    } value;
    switch (variable->type) {
    case AR_WRITER_FLOAT:
        value.f4 = (float)fill;
        break;
    case AR_WRITER_DOUBLE:
        value.f8 = fill;
        break;
    case AR_WRITER_INT64:
        value.i8 = (int64_t)fill;
        break;
    case AR_WRITER_INT32:
        value.i4 = (int32_t)fill;
        break;
    case AR_WRITER_INT16:
        value.i2 = (int16_t)fill;
        break;
    }
    char *chunk = variable->chunk;
    memcpy(chunk, &value, size);
    for (size_t done = 1; done < count; done *= 2) {
        size_t more = done < count - done ? done : count - done;
        memcpy(chunk + done * size, chunk, more * size);
    }
}

static ar_status load_chunk(const ar_zarr_written *variable, const char *path, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    char *encoded = NULL;
    size_t bytes;
    ar_status status =
        ar_file_read_whole(path, ar_zarr_largest_encoded(array), &encoded, &bytes, err);
    if (status == AR_OK) {
        status = ar_zarr_decode(array, encoded, bytes, variable->chunk, path, err);
    }
    ar_free(encoded);
    return status;
}

/* Make `place` the chunk in memory; `whole` says that all of it that lies in the array is about to
 * be written: what a kill left of it is not looked at. */
static ar_status hold_chunk(ar_zarr_writer *writer, ar_zarr_written *variable, const int64_t *place,
                            bool whole, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    size_t place_bytes = (size_t)array->rank * sizeof *place;
    char *path = NULL;
    bool found;
    ar_status status = AR_OK;
    if (variable->holding && memcmp(variable->place, place, place_bytes) == 0) {
        return AR_OK;
    }
    AR_TRY(store_chunk(writer, variable, err));
    if (!variable->chunk) {
        AR_TRY(ar_allocate(&variable->chunk, array->chunk_bytes, 1, "a chunk", err));
    }
    variable->holding = false;
    AR_TRY(has_file(variable, place, &path, &found, err));
    if (found && !whole) {
        AR_TRY(load_chunk(variable, path, err));
    } else {
        fill_chunk(variable); /* also what lies beyond the array's end */
    }
    memcpy(variable->place, place, place_bytes);
    variable->holding = true;
    variable->changed = false;
cleanup:
    ar_free(path);
    return status;
}

/* ---- hyperslabs ------------------------------------------------------------------------------ */

/* Copy the part of the hyperslab row by row; a row runs along the last dimension. */
static void copy_part(const ar_zarr_written *variable, const ar_zarr_part *part,
                      const int64_t *count, const char *values)
{
    const ar_zarr_array *array = &variable->array;
    const int64_t size = array->type.bytes;
    int last = array->rank - 1;
    int64_t row = array->rank > 0 ? part->length[last] : 1;
    int64_t place[AR_RANK_MAX] = {0};
    do {
        int64_t from = 0, to = 0;
        for (int d = 0; d < array->rank; d++) {
            from = from * count[d] + part->target[d] + place[d];
            to = to * array->chunk[d] + part->first[d] + place[d];
        }
        memcpy((char *)variable->chunk + to * size, values + from * size, (size_t)(row * size));
    } while (ar_zarr_advance(place, part->length, last));
}

static bool covers_chunk(const ar_zarr_writer *writer, const ar_zarr_written *variable,
                         const ar_zarr_part *part, const int64_t *start)
{
    for (int d = 0; d < variable->array.rank; d++) {
        const ar_zarr_dimension *dimension = &writer->dimensions[variable->dimension[d]];
        const int64_t end = start[d] + part->target[d] + part->length[d];
        const bool to_the_end =
            part->first[d] == 0 && !dimension->unlimited && end == dimension->length;
        if (part->length[d] < variable->array.chunk[d] && !to_the_end) {
            return false;
        }
    }
    return true;
}

static void grow_dimensions(ar_zarr_writer *writer, const ar_zarr_written *variable,
                            const int64_t *start, const int64_t *count)
{
    for (int d = 0; d < variable->array.rank; d++) {
        ar_zarr_dimension *dimension = &writer->dimensions[variable->dimension[d]];
        if (dimension->unlimited && start[d] + count[d] > dimension->length) {
            dimension->length = start[d] + count[d];
        }
    }
}

ar_status ar_zarr_writer_put(ar_zarr_writer *writer, ar_zarr_written *variable,
                             const int64_t *start, const int64_t *count, const void *values,
                             ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    int64_t first[AR_RANK_MAX], chunks[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        first[d] = start[d] / array->chunk[d];
        chunks[d] = (start[d] + count[d] - 1) / array->chunk[d] - first[d] + 1;
    }
    do {
        ar_zarr_part part = {0};
        for (int d = 0; d < array->rank; d++) {
            part.piece[d] = first[d] + place[d];
        }
        ar_zarr_part_find(&part, array->rank, array->chunk, start, count);
        ar_status status = hold_chunk(writer, variable, part.piece,
                                      covers_chunk(writer, variable, &part, start), err);
        if (status != AR_OK) {
            return status;
        }
        copy_part(variable, &part, count, values);
        variable->changed = true;
    } while (ar_zarr_advance(place, chunks, array->rank));
    grow_dimensions(writer, variable, start, count);
    return AR_OK;
}

/* Without a fill value a missing chunk has no meaning, and readers show what was in memory. */
static ar_status store_missing(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    int64_t chunks[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        chunks[d] = (array->shape[d] + array->chunk[d] - 1) / array->chunk[d];
        if (chunks[d] == 0) {
            return AR_OK;
        }
    }
    do {
        char *path = NULL;
        bool found;
        ar_status status = has_file(variable, place, &path, &found, err);
        ar_free(path);
        if (status == AR_OK && !found) {
            status = hold_chunk(writer, variable, place, false, err);
            variable->changed = true;
        }
        if (status == AR_OK) {
            status = store_chunk(writer, variable, err);
        }
        if (status != AR_OK) {
            return status;
        }
    } while (ar_zarr_advance(place, chunks, array->rank));
    return AR_OK;
}

ar_status ar_zarr_writer_finish(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    ar_status status = store_chunk(writer, variable, err);
    return status == AR_OK && !variable->array.has_fill ? store_missing(writer, variable, err)
                                                        : status;
}
