#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

ar_status ar_path_join(char **out, const char *folder, const char *name, ar_error *err)
{
    size_t length = strlen(folder) + strlen(name) + 2;
    ar_status status = ar_allocate(out, length, 1, "a path", err);
    if (status == AR_OK) {
        snprintf(*out, length, "%s%s%s", folder,
                 folder[0] && folder[strlen(folder) - 1] != '/' ? "/" : "", name);
    }
    return status;
}

bool ar_path_exists(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0;
}

bool ar_path_is_folder(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 && S_ISDIR(information.st_mode);
}

size_t ar_path_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return length;
}

const char *ar_path_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

ar_status ar_path_folder(char **folder, const char *path, ar_error *err)
{
    const char *slash = memrchr(path, '/', ar_path_length(path));
    ar_status status = ar_copy_string(folder, slash ? path : ".", err);
    if (status == AR_OK && slash) {
        (*folder)[slash == path ? 1 : slash - path] = '\0'; /* the root's name is its slash */
    }
    return status;
}

ar_status ar_folder_make(const char *path, ar_error *err)
{
    char *partial = NULL;
    ar_status status = ar_copy_string(&partial, path, err);
    if (status != AR_OK) {
        return status;
    }
    for (char *at = partial + 1; status == AR_OK; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        char kept = *at;
        *at = '\0';
        if (mkdir(partial, 0777) != 0 && !(errno == EEXIST && ar_path_is_folder(partial))) {
            status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make this folder: %s", partial,
                             strerror(errno));
        }
        *at = kept;
        if (kept == '\0') {
            break;
        }
    }
    ar_free(partial);
    return status;
}

ar_status ar_folder_open_above(const char *path, int *descriptor, ar_error *err)
{
    char *folder = NULL;
    ar_status status = ar_path_folder(&folder, path, err);
    if (status != AR_OK) {
        return status;
    }
    *descriptor = open(folder, O_RDONLY | O_DIRECTORY);
    if (*descriptor < 0) {
        status =
            ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot open its folder: %s", path, strerror(errno));
    }
    ar_free(folder);
    return status;
}

ar_status ar_atomic_file_reserve(ar_atomic_file *file, const char *path, ar_error *err)
{
    *file = (ar_atomic_file){0};
    ar_status status = ar_copy_string(&file->path, path, err);
    if (status == AR_OK) {
        size_t length = strlen(path) + 32;
        status = ar_allocate(&file->temporary_path, length, 1, "a path", err);
        if (status == AR_OK) {
            snprintf(file->temporary_path, length, "%s.partial-%ld", path, (long)getpid());
        }
    }
    if (status != AR_OK) {
        ar_atomic_file_abandon(file);
    }
    return status;
}

ar_status ar_atomic_file_open(ar_atomic_file *file, const char *path, ar_error *err)
{
    ar_status status = ar_atomic_file_reserve(file, path, err);
    if (status != AR_OK) {
        return status;
    }
    file->stream = fopen(file->temporary_path, "wb");
    if (!file->stream) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write here: %s", path, strerror(errno));
        ar_atomic_file_abandon(file);
    }
    return status;
}

ar_status ar_atomic_file_write(ar_atomic_file *file, const void *data, size_t bytes, ar_error *err)
{
    if (bytes && fwrite(data, 1, bytes, file->stream) != bytes) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write: %s", file->path, strerror(errno));
    }
    return AR_OK;
}

static void release(ar_atomic_file *file)
{
    if (file->stream) {
        fclose(file->stream);
    }
    ar_free(file->path);
    ar_free(file->temporary_path);
    *file = (ar_atomic_file){0};
}

static ar_status flush_to_disk(ar_atomic_file *file, ar_error *err)
{
    int failed;
    if (file->stream) {
        failed = fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0;
        int flush_errno = errno;
        failed |= fclose(file->stream) != 0;
        file->stream = NULL;
        errno = flush_errno;
    } else {
        int descriptor = open(file->temporary_path, O_RDONLY);
        failed = descriptor < 0 || fsync(descriptor) != 0;
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    if (failed) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot flush to the disk: %s", file->path,
                       strerror(errno));
    }
    return AR_OK;
}

ar_status ar_atomic_file_commit(ar_atomic_file *file, ar_error *err)
{
    int folder = -1;
    ar_status status = AR_OK;
    /* everything that can fail comes before the rename, but for the last flush */
    AR_TRY(flush_to_disk(file, err));
    AR_TRY(ar_folder_open_above(file->path, &folder, err));
    if (rename(file->temporary_path, file->path) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot put the finished file in place: %s",
                         file->path, strerror(errno));
        goto cleanup;
    }
    if (fsync(folder) != 0 && errno != EINVAL) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot flush the folder: %s", file->path,
                         strerror(errno));
    }
cleanup:
    if (folder >= 0) {
        close(folder);
    }
    ar_atomic_file_abandon(file); /* after the rename there is nothing left to remove */
    return status;
}

void ar_atomic_file_abandon(ar_atomic_file *file)
{
    if (file->temporary_path) {
        unlink(file->temporary_path);
    }
    release(file);
}

ar_status ar_file_write_whole(const char *path, const void *data, size_t bytes, ar_error *err)
{
    ar_atomic_file file;
    ar_status status = ar_atomic_file_open(&file, path, err);
    if (status != AR_OK) {
        return status;
    }
    status = ar_atomic_file_write(&file, data, bytes, err);
    if (status != AR_OK) {
        ar_atomic_file_abandon(&file);
        return status;
    }
    return ar_atomic_file_commit(&file, err);
}

ar_status ar_file_read_whole(const char *path, size_t largest, char **data, size_t *bytes,
                             ar_error *err)
{
    ar_status status = AR_OK;
    *data = NULL;
    *bytes = 0;
    FILE *stream = fopen(path, "rb");
    if (!stream) {
        return ar_fail(err, errno == ENOENT ? AR_ERROR_INPUT : AR_ERROR_SYSTEM,
                       "%s: cannot open: %s", path, strerror(errno));
    }
    struct stat information;
    if (fstat(fileno(stream), &information) != 0 || !S_ISREG(information.st_mode)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: is not a regular file", path);
        goto cleanup;
    }
    if ((uint64_t)information.st_size > largest) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: has %lld bytes, at most %zu can be right", path,
                         (long long)information.st_size, largest);
        goto cleanup;
    }
    AR_TRY(ar_allocate(data, (size_t)information.st_size + 1, 1, path, err));
    *bytes = fread(*data, 1, (size_t)information.st_size, stream);
    if (*bytes != (size_t)information.st_size) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot read all of its %lld bytes", path,
                         (long long)information.st_size);
        ar_free(*data);
        *data = NULL;
        *bytes = 0;
    }
cleanup:
    fclose(stream);
    return status;
}
