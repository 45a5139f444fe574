#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { DESCRIPTORS = 16, NAMES_TRIED = 100 };

static void release(ar_atomic_folder *folder)
{
    ar_free(folder->path);
    ar_free(folder->temporary_path);
    *folder = (ar_atomic_folder){0};
}

/* Files of a process that was killed may still lie there under our number: take the next name. */
static ar_status make_temporary(ar_atomic_folder *folder, ar_error *err)
{
    size_t length = strlen(folder->path) + 64;
    ar_status status = ar_allocate(&folder->temporary_path, length, 1, "a path", err);
    if (status != AR_OK) {
        return status;
    }
    for (int i = 0; i < NAMES_TRIED; i++) {
        snprintf(folder->temporary_path, length, "%s.partial-%ld-%d", folder->path, (long)getpid(),
                 i);
        if (mkdir(folder->temporary_path, 0777) == 0) {
            return AR_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write here: %s", folder->path,
                   strerror(errno));
}

static ar_status take_path(ar_atomic_folder *folder, const char *path, ar_error *err)
{
    *folder = (ar_atomic_folder){0};
    ar_status status = ar_copy_string(&folder->path, path, err);
    if (status == AR_OK) {
        folder->path[ar_path_length(path)] = '\0';
    }
    return status;
}

ar_status ar_atomic_folder_create(ar_atomic_folder *folder, const char *path, ar_error *err)
{
    ar_status status = take_path(folder, path, err);
    if (status == AR_OK) {
        status = make_temporary(folder, err);
    }
    if (status != AR_OK) {
        release(folder);
    }
    return status;
}

ar_status ar_atomic_folder_open(ar_atomic_folder *folder, const char *path, const char *unfinished,
                                ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(take_path(folder, path, err));
    folder->kept = true;
    AR_TRY(ar_copy_string(&folder->temporary_path, unfinished, err));
    AR_TRY(ar_folder_make(unfinished, err));
cleanup:
    if (status != AR_OK) {
        release(folder);
    }
    return status;
}

/* ---- what is done to every file of a folder -------------------------------------------------- */

static int flush_one(const char *path, const struct stat *information, int type, struct FTW *place)
{
    (void)information;
    (void)type;
    (void)place;
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW);
    int failed = descriptor < 0 || fsync(descriptor) != 0 ? errno : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return failed;
}

static int remove_one(const char *path, const struct stat *information, int type, struct FTW *place)
{
    (void)information;
    (void)type;
    (void)place;
    return remove(path) == 0 ? 0 : errno;
}

ar_status ar_folder_lock(const char *path, int *descriptor, ar_error *err)
{
    *descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*descriptor < 0) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot open this folder: %s", path,
                       strerror(errno));
    }
    if (flock(*descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(*descriptor);
        *descriptor = -1;
        return ar_fail(err, AR_ERROR_USAGE, "%s: another run is at work in this folder", path);
    }
    return AR_OK;
}

ar_status ar_folder_make_temporary(char **path, const char *parent, const char *stem, ar_error *err)
{
    char name[64], *made = NULL;
    ar_status status = AR_OK;
    snprintf(name, sizeof name, "%s-XXXXXX", stem);
    AR_TRY(ar_path_join(&made, parent, name, err));
    if (!mkdtemp(made)) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make a temporary folder here: %s",
                         parent, strerror(errno));
        goto cleanup;
    }
    *path = made;
    made = NULL;
cleanup:
    ar_free(made);
    return status;
}

void ar_folder_remove(const char *path)
{
    nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- into place ------------------------------------------------------------------------------ */

/* Where two names cannot be exchanged at once. On failure the old one gets its name back. */
static bool replace_in_two_steps(const ar_atomic_folder *folder)
{
    char aside[4096];
    int length = snprintf(aside, sizeof aside, "%s.old", folder->temporary_path);
    if (length < 0 || (size_t)length >= sizeof aside) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (rename(folder->path, aside) != 0) {
        return false;
    }
    if (rename(folder->temporary_path, folder->path) != 0) {
        int reason = errno;
        rename(aside, folder->path);
        errno = reason;
        return false;
    }
    ar_folder_remove(aside);
    return true;
}

static bool put_in_place(const ar_atomic_folder *folder)
{
    struct stat information;
    if (lstat(folder->path, &information) != 0) {
        return errno == ENOENT && rename(folder->temporary_path, folder->path) == 0;
    }
    if (folder->kept) {
        return replace_in_two_steps(folder);
    }
    if (renameat2(AT_FDCWD, folder->temporary_path, AT_FDCWD, folder->path, RENAME_EXCHANGE) == 0) {
        ar_folder_remove(folder->temporary_path);
        return true;
    }
    return (errno == EINVAL || errno == ENOSYS) && replace_in_two_steps(folder);
}

ar_status ar_atomic_folder_commit(ar_atomic_folder *folder, ar_error *err)
{
    int above = -1;
    ar_status status = AR_OK;
    int failed = nftw(folder->temporary_path, flush_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    if (failed != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot flush to the disk: %s", folder->path,
                         strerror(failed > 0 ? failed : errno));
        goto cleanup;
    }
    AR_TRY(ar_folder_open_above(folder->path, &above, err));
    if (!put_in_place(folder)) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot put the finished folder in place: %s",
                         folder->path, strerror(errno));
        goto cleanup;
    }
    ar_free(folder->temporary_path);
    folder->temporary_path = NULL;
    if (fsync(above) != 0 && errno != EINVAL) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot flush the folder above: %s",
                         folder->path, strerror(errno));
    }
cleanup:
    if (above >= 0) {
        close(above);
    }
    ar_atomic_folder_abandon(folder);
    return status;
}

void ar_atomic_folder_abandon(ar_atomic_folder *folder)
{
    if (folder->temporary_path && !folder->kept) {
        ar_folder_remove(folder->temporary_path);
    }
    release(folder);
}
