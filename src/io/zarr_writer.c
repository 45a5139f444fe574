/* Writing a Zarr group: what is defined, and what may be written. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_writer_private.h"

enum { NAME_MAX_BYTES = 200 };

/* JSON's readers have whole numbers exact up to here. */
static const int64_t largest_length = (int64_t)1 << 53;

/* ---- names ----------------------------------------------------------------------------------- */

/* A variable's name is a folder's name and a key of JSON. */
static bool is_good_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strchr(name, '/') &&
           strlen(name) <= NAME_MAX_BYTES && ar_zarr_json_is_utf8(name);
}

static ar_status check_name(const ar_zarr_writer *writer, const char *what, const char *name,
                            bool known, ar_error *err)
{
    if (!is_good_name(name)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: cannot name a %s \"%s\": 1 to %d bytes of UTF-8 without \"/\" that do "
                       "not begin with \".\" are right",
                       writer->base.path, what, name, NAME_MAX_BYTES);
    }
    if (known) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: there is a %s %s already", writer->base.path, what,
                       name);
    }
    return AR_OK;
}

int64_t ar_zarr_writer_find_dimension(const ar_zarr_writer *writer, const char *name)
{
    for (size_t i = 0; i < writer->dimension_count; i++) {
        if (strcmp(writer->dimensions[i].name, name) == 0) {
            return (int64_t)i;
        }
    }
    return -1;
}

ar_zarr_written *ar_zarr_writer_find(const ar_zarr_writer *writer, const char *name)
{
    for (size_t i = 0; i < writer->variable_count; i++) {
        if (strcmp(writer->variables[i].name, name) == 0) {
            return &writer->variables[i];
        }
    }
    return NULL;
}

/* ---- definitions ----------------------------------------------------------------------------- */

static ar_status add_dimension(ar_writer *base, const char *name, int64_t length, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    ar_status status = AR_OK;
    AR_TRY(check_name(writer, "dimension", name, ar_zarr_writer_find_dimension(writer, name) >= 0,
                      err));
    if (length > largest_length) {
        status = ar_fail(err, AR_ERROR_USAGE, "%s: dimension %s: length %lld is beyond 2^53",
                         base->path, name, (long long)length);
        goto cleanup;
    }
    AR_TRY(ar_grow(&writer->dimensions, &writer->dimension_capacity, writer->dimension_count + 1,
                   sizeof *writer->dimensions, "dimensions", err));
    ar_zarr_dimension *dimension = &writer->dimensions[writer->dimension_count];
    *dimension = (ar_zarr_dimension){.length = length < 0 ? 0 : length, .unlimited = length < 0};
    AR_TRY(ar_copy_string(&dimension->name, name, err));
    writer->dimension_count++;
cleanup:
    return status;
}

/* What was written before in another version would lie under keys that nobody reads. */
static ar_status check_version(const ar_zarr_writer *writer, const ar_zarr_written *written,
                               ar_error *err)
{
    int other = 5 - writer->version;
    char *path = NULL;
    ar_status status =
        ar_path_join(&path, written->folder, other == 3 ? "zarr.json" : ".zarray", err);
    if (status == AR_OK && ar_path_exists(path)) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: variable %s was begun as Zarr v%d; go on with that, or remove it",
                         writer->folder.temporary_path, written->name, other);
    }
    ar_free(path);
    return status;
}

static void release_variable(ar_zarr_written *variable)
{
    cJSON_Delete(variable->attributes);
    ar_free(variable->name);
    ar_free(variable->folder);
    ar_free(variable->object);
    *variable = (ar_zarr_written){0};
}

static ar_status add_variable(ar_writer *base, const ar_writer_variable *variable, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    ar_zarr_written written = {
        .type = variable->type, .codec = variable->codec, .level = variable->compress};
    ar_status status = AR_OK;
    AR_TRY(check_name(writer, "variable", variable->name,
                      ar_zarr_writer_find(writer, variable->name) != NULL, err));
    AR_TRY(ar_zarr_writer_set_array(writer, &written, variable, err));
    AR_TRY(ar_grow(&writer->variables, &writer->variable_capacity, writer->variable_count + 1,
                   sizeof *writer->variables, "variables", err));
    AR_TRY(ar_copy_string(&written.name, variable->name, err));
    AR_TRY(ar_path_join(&written.folder, writer->folder.temporary_path, written.name, err));
    written.attributes = cJSON_CreateObject();
    if (!written.attributes) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for variable %s", written.name);
        goto cleanup;
    }
    AR_TRY(check_version(writer, &written, err));
    bool there = writer->folder.kept && ar_path_is_folder(written.folder);
    if (!there && mkdir(written.folder, 0777) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make the folder of variable %s: %s",
                         base->path, written.name, strerror(errno));
        goto cleanup;
    }
    writer->variables[writer->variable_count++] = written;
    written = (ar_zarr_written){0};
cleanup:
    release_variable(&written);
    return status;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* *empty says that there is nothing to write. */
static ar_status check_bounds(const ar_zarr_writer *writer, const ar_zarr_written *variable,
                              const int64_t *start, const int64_t *count, bool *empty,
                              ar_error *err)
{
    size_t bytes = (size_t)variable->array.type.bytes;
    *empty = false;
    for (int d = 0; d < variable->array.rank; d++) {
        const ar_zarr_dimension *dimension = &writer->dimensions[variable->dimension[d]];
        int64_t length = dimension->unlimited ? largest_length : dimension->length;
        if (start[d] < 0 || count[d] < 0 || start[d] > length || count[d] > length - start[d]) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: cannot write variable %s: start %lld and count %lld along %s, "
                           "whose length is %lld",
                           writer->base.path, variable->name, (long long)start[d],
                           (long long)count[d], dimension->name, (long long)length);
        }
        *empty |= count[d] == 0;
        if (!ar_size_product(bytes, (size_t)count[d], &bytes) || bytes > INT64_MAX) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: cannot write variable %s: more than 2^63 bytes", writer->base.path,
                           variable->name);
        }
    }
    return AR_OK;
}

static ar_status write_values(ar_writer *base, const char *variable, const int64_t *start,
                              const int64_t *count, const void *values, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    ar_zarr_written *found = ar_zarr_writer_find(writer, variable);
    bool empty = false;
    if (!found) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: there is no variable %s to write", base->path,
                       variable);
    }
    ar_status status = check_bounds(writer, found, start, count, &empty, err);
    return status == AR_OK && !empty ? ar_zarr_writer_put(writer, found, start, count, values, err)
                                     : status;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* A folder of something else must not vanish because its name was given by mistake. */
ar_status ar_zarr_writer_check_path(const char *path, ar_error *err)
{
    static const char *const marks[] = {".zgroup", ".zmetadata", ".zarray", "zarr.json"};
    bool replaceable = !ar_path_is_folder(path);
    for (size_t i = 0; i < sizeof marks / sizeof *marks && !replaceable; i++) {
        char *mark = NULL;
        ar_status status = ar_path_join(&mark, path, marks[i], err);
        if (status != AR_OK) {
            return status;
        }
        replaceable = ar_path_exists(mark);
        ar_free(mark);
    }
    DIR *folder = replaceable ? NULL : opendir(path);
    if (folder) {
        int entries = 0;
        while (entries < 3 && readdir(folder)) {
            entries++;
        }
        closedir(folder);
        replaceable = entries < 3; /* only "." and ".." */
    }
    return replaceable ? AR_OK
                       : ar_fail(err, AR_ERROR_USAGE,
                                 "%s: is a folder that is no Zarr group: it is not replaced", path);
}

/* Only now are all lengths known. Each chunk or shard is a file: more of them than a file system
 * takes come from a wrong start. */
static ar_status set_shape(const ar_zarr_writer *writer, ar_zarr_written *variable, ar_error *err)
{
    ar_zarr_array *array = &variable->array;
    size_t chunks = 1;
    for (int d = 0; d < array->rank; d++) {
        array->shape[d] = writer->dimensions[variable->dimension[d]].length;
        size_t along = (size_t)((array->shape[d] + array->object[d] - 1) / array->object[d]);
        if (!ar_size_product(chunks, along, &chunks) || chunks > UINT32_MAX) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s has a length of %lld along %s, which makes more than "
                           "2^32 files; give it larger chunks",
                           writer->base.path, variable->name, (long long)array->shape[d],
                           writer->dimensions[variable->dimension[d]].name);
        }
    }
    return AR_OK;
}

/* Make files of all that is only in memory. */
static ar_status finish(ar_zarr_writer *writer, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t v = 0; v < writer->variable_count; v++) {
        ar_zarr_written *variable = &writer->variables[v];
        AR_TRY(set_shape(writer, variable, err));
        AR_TRY(ar_zarr_writer_finish(writer, variable, err));
    }
    AR_TRY(writer->version == 3 ? ar_zarr_writer_describe_v3(writer, err)
                                : ar_zarr_writer_describe_v2(writer, err));
cleanup:
    return status;
}

static ar_status flush(ar_writer *base, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    if (!writer->folder.kept) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: was not begun to be written in several goes",
                       base->path);
    }
    ar_status status = finish(writer, err);
    return status == AR_OK ? ar_zarr_writer_flush_files(writer, err) : status;
}

static ar_status set_zarr_format(ar_writer *base, int version, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    if (writer->dimension_count > 0 || writer->variable_count > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: its Zarr format must come before what is defined in it", base->path);
    }
    writer->version = version;
    return AR_OK;
}

static ar_status commit(ar_writer *base, ar_error *err)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    ar_status status = AR_OK;
    AR_TRY(finish(writer, err));
    AR_TRY(ar_zarr_writer_check_path(writer->folder.path, err));
    AR_TRY(ar_atomic_folder_commit(&writer->folder, err));
cleanup:
    return status;
}

static void destroy(ar_writer *base)
{
    ar_zarr_writer *writer = (ar_zarr_writer *)base;
    for (size_t v = 0; v < writer->variable_count; v++) {
        release_variable(&writer->variables[v]);
    }
    for (size_t d = 0; d < writer->dimension_count; d++) {
        ar_free(writer->dimensions[d].name);
    }
    for (size_t i = 0; i < writer->unflushed_count; i++) {
        ar_free(writer->unflushed[i]);
    }
    ar_free(writer->unflushed);
    ar_free(writer->encoded);
    ar_free(writer->variables);
    ar_free(writer->dimensions);
    cJSON_Delete(writer->attributes);
    ar_atomic_folder_abandon(&writer->folder);
    ar_free(writer);
}

static const ar_writer_format format = {.add_dimension = add_dimension,
                                        .add_variable = add_variable,
                                        .put_text = ar_zarr_writer_put_text,
                                        .put_number = ar_zarr_writer_put_number,
                                        .write = write_values,
                                        .flush = flush,
                                        .set_zarr_format = set_zarr_format,
                                        .commit = commit,
                                        .destroy = destroy};

ar_status ar_zarr_writer_create(ar_writer **writer, const char *path, const char *unfinished,
                                ar_error *err)
{
    ar_zarr_writer *created = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&created, 1, sizeof *created, "a Zarr writer", err));
    AR_TRY(unfinished ? ar_atomic_folder_open(&created->folder, path, unfinished, err)
                      : ar_atomic_folder_create(&created->folder, path, err));
    created->base = (ar_writer){.format = &format, .path = created->folder.path};
    created->version = 2;
    created->attributes = cJSON_CreateObject();
    if (!created->attributes) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s", path);
        goto cleanup;
    }
    *writer = &created->base;
    created = NULL;
cleanup:
    if (created) {
        destroy(&created->base);
    }
    return status;
}
