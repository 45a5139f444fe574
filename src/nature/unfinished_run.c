#include "nature/unfinished_run.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/memory.h"

/* Remove what runs leave here, and nothing else. The description goes first: without it the rest is
 * worth nothing, whenever this ends. */
static void clear(const ar_unfinished_run *run)
{
    static const char *const ours[] = {"run.yaml", "data.zarr", "last_good"};
    unlink(run->folder.description);
    DIR *folder = opendir(run->folder.path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
            char *path = NULL;
            if (strncmp(entry->d_name, ours[i], strlen(ours[i])) == 0 &&
                ar_path_join(&path, run->folder.path, entry->d_name, NULL) == AR_OK) {
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
    *run = (ar_unfinished_run){.folder.lock = -1, .members = members};
    *progress = AR_RUN_BEGINS;
    AR_TRY(ar_unfinished_folder_open(&run->folder, out, "run.yaml", err));
    AR_TRY(ar_path_join(&run->store, run->folder.path, "data.zarr", err));
    bool described = ar_path_exists(run->folder.description), stored = ar_path_exists(run->store);
    if (described && stored && !resume) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: holds an unfinished run; the same command with --resume goes on with "
                         "it; to begin anew remove this folder",
                         run->folder.path);
    } else if (described && resume) {
        AR_TRY(ar_unfinished_folder_compare(&run->folder, description, err));
        *progress = stored ? AR_RUN_GOES_ON : AR_RUN_IS_COMPLETE;
    }
    if (status == AR_OK && *progress != AR_RUN_GOES_ON) {
        clear(run);
    }
cleanup:
    if (status != AR_OK) {
        ar_unfinished_folder_release(&run->folder); /* the folder is not ours */
    }
    return status;
}

ar_status ar_unfinished_run_begin(const ar_unfinished_run *run, const char *description,
                                  ar_error *err)
{
    return ar_file_write_whole(run->folder.description, description, strlen(description), err);
}

ar_status ar_unfinished_run_state(const ar_unfinished_run *run, int64_t member, char **path,
                                  ar_error *err)
{
    char name[64] = "last_good.state";
    if (run->members > 0) {
        snprintf(name, sizeof name, "last_good_%lld.state", (long long)member);
    }
    return ar_path_join(path, run->folder.path, name, err);
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
    if (run->folder.lock >= 0) {
        clear(run);
        rmdir(run->folder.path);
    }
}

void ar_unfinished_run_release(ar_unfinished_run *run)
{
    ar_unfinished_folder_release(&run->folder);
    ar_free(run->store);
    *run = (ar_unfinished_run){.folder.lock = -1};
}
