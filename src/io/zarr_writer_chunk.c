/* Writing hyperslabs into objects, which are chunks or shards. One of each variable is in memory:
 * the one written to last. It becomes a file when another is written to, and is read again should
 * it be written to again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
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

/* In a folder that is kept a kill must leave no file cut: a file takes its name when it is whole.
 * One that was there may have been flushed, so that the new one has to be on the disk before that.
 */
static bool put_file(const char *path, const char *temporary, const char *data, size_t bytes)
{
    return write_file(temporary, data, bytes) && (!ar_path_exists(path) || flush_path(temporary)) &&
           rename(temporary, path) == 0;
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
    ar_status status = AR_OK;
    ar_growing_text temporary = {.err = err};
    char *path = NULL;
    AR_TRY(ar_path_join(&path, folder, name, err));
    if (writer->folder.kept) {
        ar_text_add(&temporary, "%s.partial", path);
        AR_TRY(temporary.status);
    }
    if (writer->folder.kept ? !put_file(path, temporary.text, data, bytes)
                            : !write_file(path, data, bytes)) {
        status =
            ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write %s%s%s: %s", writer->base.path,
                    variable ? variable->name : "", variable ? "/" : "", name, strerror(errno));
        goto cleanup;
    }
    if (writer->folder.kept) {
        AR_TRY(note_unflushed(writer, path, err));
    }
cleanup:
    ar_free(temporary.text);
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

/* ---- the object in memory -------------------------------------------------------------------- */

static ar_status store_object(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    const void *data;
    size_t bytes;
    char name[AR_ZARR_CHUNK_NAME];
    ar_status status = AR_OK;
    if (!variable->holding || !variable->changed) {
        return AR_OK;
    }
    AR_TRY(ar_zarr_written_encode(writer, variable, &data, &bytes, err));
    ar_zarr_chunk_name(name, &variable->array, variable->place);
    AR_TRY(ar_zarr_writer_store(writer, variable, name, data, bytes, err));
    variable->changed = false;
cleanup:
    return status;
}

static ar_status load_object(const ar_zarr_written *variable, const char *path, ar_error *err)
{
    char *encoded = NULL;
    size_t bytes;
    ar_status status =
        ar_file_read_whole(path, ar_zarr_written_largest(variable), &encoded, &bytes, err);
    if (status == AR_OK) {
        status = ar_zarr_written_decode(variable, encoded, bytes, path, err);
    }
    ar_free(encoded);
    return status;
}

/* Make `place` the object in memory; `whole` says that all of it that lies in the array is about to
 * be written: what a kill left of it is not looked at. */
static ar_status hold_object(ar_zarr_writer *writer, ar_zarr_written *variable,
                             const int64_t *place, bool whole, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    size_t place_bytes = (size_t)array->rank * sizeof *place;
    char *path = NULL;
    bool found;
    ar_status status = AR_OK;
    if (variable->holding && memcmp(variable->place, place, place_bytes) == 0) {
        return AR_OK;
    }
    AR_TRY(store_object(writer, variable, err));
    if (!variable->object) {
        AR_TRY(ar_allocate(&variable->object, variable->object_bytes, 1, "a chunk", err));
    }
    variable->holding = false;
    AR_TRY(has_file(variable, place, &path, &found, err));
    if (found && !whole) {
        AR_TRY(load_object(variable, path, err));
    } else {
        ar_zarr_written_fill(variable); /* also what lies beyond the array's end */
    }
    memcpy(variable->place, place, place_bytes);
    variable->holding = true;
    variable->changed = false;
cleanup:
    ar_free(path);
    return status;
}

/* ---- hyperslabs ------------------------------------------------------------------------------ */

static bool covers_object(const ar_zarr_writer *writer, const ar_zarr_written *variable,
                          const ar_zarr_part *part, const int64_t *start)
{
    for (int d = 0; d < variable->array.rank; d++) {
        const ar_zarr_dimension *dimension = &writer->dimensions[variable->dimension[d]];
        const int64_t end = start[d] + part->target[d] + part->length[d];
        const bool to_the_end =
            part->first[d] == 0 && !dimension->unlimited && end == dimension->length;
        if (part->length[d] < variable->array.object[d] && !to_the_end) {
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
    int64_t first[AR_RANK_MAX], objects[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        first[d] = start[d] / array->object[d];
        objects[d] = (start[d] + count[d] - 1) / array->object[d] - first[d] + 1;
    }
    do {
        ar_zarr_part part = {0};
        for (int d = 0; d < array->rank; d++) {
            part.piece[d] = first[d] + place[d];
        }
        ar_zarr_part_find(&part, array->rank, array->object, start, count);
        ar_status status = hold_object(writer, variable, part.piece,
                                       covers_object(writer, variable, &part, start), err);
        if (status != AR_OK) {
            return status;
        }
        ar_zarr_box_copy((ar_zarr_box){variable->object, array->object, part.first},
                         (ar_zarr_box){(char *)values, count, part.target}, part.length,
                         array->rank, (size_t)array->type.bytes);
        variable->changed = true;
    } while (ar_zarr_advance(place, objects, array->rank));
    grow_dimensions(writer, variable, start, count);
    return AR_OK;
}

/* Without a fill value a missing chunk has no meaning, and readers show what was in memory. */
static ar_status store_missing(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    int64_t objects[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    for (int d = 0; d < array->rank; d++) {
        objects[d] = (array->shape[d] + array->object[d] - 1) / array->object[d];
        if (objects[d] == 0) {
            return AR_OK;
        }
    }
    do {
        char *path = NULL;
        bool found;
        ar_status status = has_file(variable, place, &path, &found, err);
        ar_free(path);
        if (status == AR_OK && !found) {
            status = hold_object(writer, variable, place, false, err);
            variable->changed = true;
        }
        if (status == AR_OK) {
            status = store_object(writer, variable, err);
        }
        if (status != AR_OK) {
            return status;
        }
    } while (ar_zarr_advance(place, objects, array->rank));
    return AR_OK;
}

ar_status ar_zarr_writer_finish(ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    ar_status status = store_object(writer, variable, err);
    return status == AR_OK && !variable->array.has_fill ? store_missing(writer, variable, err)
                                                        : status;
}
