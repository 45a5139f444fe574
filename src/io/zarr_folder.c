/* A Zarr store that is a folder: keys are the names of files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_store.h"

typedef struct {
    ar_zarr_store base;
    const char *path;
} folder_store;

ar_status ar_zarr_range_find(ar_zarr_range range, uint64_t size, const char *where,
                             uint64_t *offset, size_t *bytes, ar_error *err)
{
    if (range.extent == AR_ZARR_WHOLE && size > range.bytes) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %llu bytes, at most %zu can be right", where,
                       (unsigned long long)size, range.bytes);
    }
    if (range.extent == AR_ZARR_END && size < range.bytes) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: has %llu bytes, its last %zu are wanted: it is truncated", where,
                       (unsigned long long)size, range.bytes);
    }
    if (range.extent == AR_ZARR_PART &&
        (range.offset > size || range.bytes > size - range.offset)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: has %llu bytes, %zu from byte %llu on are wanted: it is truncated or "
                       "its index is wrong",
                       where, (unsigned long long)size, range.bytes,
                       (unsigned long long)range.offset);
    }
    *bytes = range.extent == AR_ZARR_WHOLE ? (size_t)size : range.bytes;
    *offset = range.extent == AR_ZARR_PART  ? range.offset
              : range.extent == AR_ZARR_END ? size - range.bytes
                                            : 0;
    return AR_OK;
}

static ar_status read_bytes(int descriptor, const char *path, uint64_t offset, char *data,
                            size_t bytes, ar_error *err)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = pread(descriptor, data + done, bytes - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot read %zu bytes from byte %llu on: %s",
                           path, bytes, (unsigned long long)offset,
                           count < 0 ? strerror(errno) : "it ends before");
        }
        done += (size_t)count;
    }
    return AR_OK;
}

/* *descriptor stays −1 where there is no such file. */
static ar_status open_object(const char *path, int *descriptor, uint64_t *size, ar_error *err)
{
    struct stat information;
    *descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0) {
        return errno == ENOENT
                   ? AR_OK
                   : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot open: %s", path, strerror(errno));
    }
    if (fstat(*descriptor, &information) != 0 || !S_ISREG(information.st_mode)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: is not a regular file", path);
    }
    *size = (uint64_t)information.st_size;
    return AR_OK;
}

static ar_status read_to(ar_zarr_store *store, const char *key, size_t whole, size_t offset,
                         size_t bytes, void *data, bool *there, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL;
    uint64_t size = 0;
    int descriptor = -1;
    AR_TRY(ar_path_join(&path, ((folder_store *)store)->path, key, err));
    AR_TRY(open_object(path, &descriptor, &size, err));
    *there = descriptor >= 0;
    if (!*there) {
        goto cleanup;
    }
    if (size != whole) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: the chunk has %llu bytes, %zu are right: it is corrupt or belongs to "
                         "another array",
                         path, (unsigned long long)size, whole);
        goto cleanup;
    }
    AR_TRY(read_bytes(descriptor, path, offset, data, bytes, err));
cleanup:
    if (descriptor >= 0) {
        close(descriptor);
    }
    ar_free(path);
    return status;
}

static ar_status read_object(ar_zarr_store *store, const char *key, ar_zarr_range range,
                             char **data, size_t *bytes, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL;
    uint64_t offset, size = 0;
    int descriptor = -1;
    *data = NULL;
    *bytes = 0;
    AR_TRY(ar_path_join(&path, ((folder_store *)store)->path, key, err));
    AR_TRY(open_object(path, &descriptor, &size, err));
    if (descriptor < 0) {
        goto cleanup;
    }
    AR_TRY(ar_zarr_range_find(range, size, path, &offset, bytes, err));
    AR_TRY(ar_allocate(data, *bytes + 1, 1, path, err));
    AR_TRY(read_bytes(descriptor, path, offset, *data, *bytes, err));
cleanup:
    if (status != AR_OK) {
        ar_free(*data);
        *data = NULL;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    ar_free(path);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static ar_status list_folder(ar_zarr_store *store, const char *prefix, char ***names, size_t *count,
                             ar_error *err)
{
    ar_status status = AR_OK;
    size_t capacity = 0;
    char *path = NULL, *inner = NULL;
    DIR *folder = NULL;
    *names = NULL;
    *count = 0;
    AR_TRY(ar_path_join(&path, ((folder_store *)store)->path, prefix, err));
    folder = opendir(path);
    if (!folder) {
        status =
            ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot list this folder: %s", path, strerror(errno));
        goto cleanup;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        ar_free(inner);
        AR_TRY(ar_path_join(&inner, path, entry->d_name, err));
        if (!ar_path_is_folder(inner)) {
            continue;
        }
        AR_TRY(ar_grow(names, &capacity, *count + 1, sizeof **names, "names", err));
        AR_TRY(ar_copy_string(&(*names)[*count], entry->d_name, err));
        ++*count;
    }
    if (*count > 1) {
        qsort(*names, *count, sizeof **names, by_name);
    }
cleanup:
    if (folder) {
        closedir(folder);
    }
    ar_free(inner);
    ar_free(path);
    return status;
}

static void destroy(ar_zarr_store *store)
{
    ar_free(store);
}

ar_status ar_zarr_folder_create(ar_zarr_store **store, const char *path, ar_error *err)
{
    folder_store *created = NULL;
    ar_status status = ar_allocate(&created, 1, sizeof *created, "a Zarr store", err);
    if (status == AR_OK) {
        *created = (folder_store){.base = {.read = read_object,
                                           .read_to = read_to,
                                           .list = list_folder,
                                           .destroy = destroy},
                                  .path = path};
        *store = &created->base;
    }
    return status;
}
