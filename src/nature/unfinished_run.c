#include "nature/unfinished_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/memory.h"

enum { LARGEST_DESCRIPTION = 1 << 20 };

static ar_status set_paths(ar_unfinished_run *run, const char *out, ar_error *err)
{
    ar_status status = AR_OK;
    size_t length = strlen(out), size = length + sizeof ".part";
    while (length > 1 && out[length - 1] == '/') {
        length--;
    }
    AR_TRY(ar_allocate(&run->folder, size, 1, "a path", err));
    snprintf(run->folder, size, "%.*s.part", (int)length, out);
    AR_TRY(ar_path_join(&run->description, run->folder, "run.yaml", err));
    AR_TRY(ar_path_join(&run->store, run->folder, "data.zarr", err));
cleanup:
    return status;
}

static void unlock(ar_unfinished_run *run)
{
    if (run->lock >= 0) {
        close(run->lock);
    }
    run->lock = -1;
}

/* The lock ends with the process, however that ends. File systems without locks do without. */
static ar_status lock(ar_unfinished_run *run, ar_error *err)
{
    if (mkdir(run->folder, 0777) == 0 || errno == EEXIST) {
        run->lock = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (run->lock < 0) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make this folder: %s", run->folder,
                       strerror(errno));
    }
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        unlock(run);
        return ar_fail(err, AR_ERROR_USAGE, "%s: another run is at work in this folder",
                       run->folder);
    }
    return AR_OK;
}

/* Name the first line in which the run in the folder is another one. */
static ar_status compare(const ar_unfinished_run *run, const char *description, ar_error *err)
{
    char *found = NULL;
    size_t bytes;
    ar_status status =
        ar_file_read_whole(run->description, LARGEST_DESCRIPTION, &found, &bytes, err);
    if (status != AR_OK) {
        return status;
    }
    const char *a = found, *b = description;
    while (*a || *b) {
        int of_a = (int)strcspn(a, "\n"), of_b = (int)strcspn(b, "\n");
        if (of_a != of_b || memcmp(a, b, (size_t)of_a) != 0) {
            status = ar_fail(err, AR_ERROR_USAGE,
                             "%s: was begun with '%.*s', not with '%.*s'; --resume goes on with "
                             "the same command only",
                             run->folder, of_a, a, of_b, b);
            break;
        }
        a += of_a + (a[of_a] != '\0');
        b += of_b + (b[of_b] != '\0');
    }
    ar_free(found);
    return status;
}

/* Remove what runs leave here, and nothing else. The description goes first: without it the rest is
 * worth nothing, whenever this ends. */
static void clear(const ar_unfinished_run *run)
{
    static const char *const ours[] = {"run.yaml", "data.zarr", "last_good"};
    unlink(run->description);
    DIR *folder = opendir(run->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
            char *path = NULL;
            if (strncmp(entry->d_name, ours[i], strlen(ours[i])) == 0 &&
                ar_path_join(&path, run->folder, entry->d_name, NULL) == AR_OK) {
                ar_folder_remove(path);
            }
            ar_free(path);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

ar_status ar_unfinished_run_open(ar_unfinished_run *run, const char *out, const char *description,
                                 int64_t members, bool resume, ar_run_progress *progress,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    *run = (ar_unfinished_run){.lock = -1, .members = members};
    *progress = AR_RUN_BEGINS;
    AR_TRY(set_paths(run, out, err));
    AR_TRY(lock(run, err));
    bool described = ar_path_exists(run->description), stored = ar_path_exists(run->store);
    if (described && stored && !resume) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: holds an unfinished run; the same command with --resume goes on with "
                         "it; to begin anew remove this folder",
                         run->folder);
    } else if (described && resume) {
        AR_TRY(compare(run, description, err));
        *progress = stored ? AR_RUN_GOES_ON : AR_RUN_IS_COMPLETE;
    }
    if (status == AR_OK && *progress != AR_RUN_GOES_ON) {
        clear(run);
    }
cleanup:
    if (status != AR_OK) {
        unlock(run); /* the folder is not ours */
    }
    return status;
}

ar_status ar_unfinished_run_begin(const ar_unfinished_run *run, const char *description,
                                  ar_error *err)
{
    return ar_file_write_whole(run->description, description, strlen(description), err);
}

ar_status ar_unfinished_run_state(const ar_unfinished_run *run, int64_t member, char **path,
                                  ar_error *err)
{
    char name[64] = "last_good.state";
    if (run->members > 0) {
        snprintf(name, sizeof name, "last_good_%lld.state", (long long)member);
    }
    return ar_path_join(path, run->folder, name, err);
}

ar_status ar_unfinished_run_find(const ar_unfinished_run *run, int64_t *member, ar_error *err)
{
    ar_status status = AR_OK;
    bool found = false;
    *member = run->members > 0 ? run->members : 1;
    while (status == AR_OK && !found && --*member >= 0) {
        char *path = NULL;
        status = ar_unfinished_run_state(run, *member, &path, err);
        found = status == AR_OK && ar_path_exists(path);
        ar_free(path);
    }
    return status;
}

void ar_unfinished_run_remove(const ar_unfinished_run *run)
{
    if (run->lock >= 0) {
        clear(run);
        rmdir(run->folder);
    }
}

void ar_unfinished_run_release(ar_unfinished_run *run)
{
    unlock(run);
    ar_free(run->folder);
    ar_free(run->description);
    ar_free(run->store);
    *run = (ar_unfinished_run){.lock = -1};
}
