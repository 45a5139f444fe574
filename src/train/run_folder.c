#include "train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

enum { NAME_SIZE = 64 };

static void name_of_step(int64_t step, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "checkpoint-%08lld.safetensors", (long long)step);
}

/* The step in "checkpoint-00000123.safetensors", or −1 for another name. */
static int64_t step_of_name(const char *name)
{
    long long step;
    char again[NAME_SIZE];
    if (sscanf(name, "checkpoint-%18lld.", &step) != 1 || step < 0) {
        return -1;
    }
    name_of_step(step, again);
    return strcmp(name, again) == 0 ? step : -1;
}

static int descending(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* Steps of the checkpoints in a folder, newest first. */
static ar_status list_steps(const char *run, int64_t **steps, size_t *count, ar_error *err)
{
    size_t capacity = 0;
    ar_status status = AR_OK;
    *steps = NULL;
    *count = 0;
    DIR *folder = opendir(run);
    if (!folder) {
        return errno == ENOENT ? AR_OK
                               : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot list this folder: %s",
                                         run, strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        int64_t step = step_of_name(entry->d_name);
        if (step >= 0) {
            AR_TRY(ar_grow(steps, &capacity, *count + 1, sizeof **steps, "checkpoints", err));
            (*steps)[(*count)++] = step;
        }
    }
    if (*count) {
        qsort(*steps, *count, sizeof **steps, descending);
    }
cleanup:
    closedir(folder);
    return status;
}

ar_status ar_run_checkpoint_path(const char *run, int64_t step, char **path, ar_error *err)
{
    char name[NAME_SIZE];
    name_of_step(step, name);
    return ar_path_join(path, run, name, err);
}

ar_status ar_checkpoint_find(const char *run, char **path, ar_error *err)
{
    int64_t *steps = NULL;
    size_t count = 0;
    *path = NULL;
    ar_status status = list_steps(run, &steps, &count, err);
    if (status == AR_OK && count > 0) {
        status = ar_run_checkpoint_path(run, steps[0], path, err);
    }
    ar_free(steps);
    return status;
}

static ar_status remove_old(const char *run, ar_error *err)
{
    int64_t *steps = NULL;
    size_t count = 0;
    ar_status status = list_steps(run, &steps, &count, err);
    for (size_t i = AR_CHECKPOINTS_KEPT; status == AR_OK && i < count; i++) {
        char *path = NULL;
        status = ar_run_checkpoint_path(run, steps[i], &path, err);
        if (status == AR_OK && unlink(path) != 0) {
            ar_log(AR_LOG_WARNING, "%s: cannot remove this old checkpoint: %s", path,
                   strerror(errno));
        }
        ar_free(path);
    }
    ar_free(steps);
    return status;
}

/* Is this the name of a file that a run writes? */
static bool is_of_run(const char *name)
{
    return step_of_name(name) >= 0 || strcmp(name, "configuration.yaml") == 0 ||
           strcmp(name, "metrics.jsonl") == 0 || strcmp(name, "report.html") == 0;
}

/* Remove what a run that was killed while it wrote a file has left: partial files under temporary
 * names, which nothing else cleans up. */
static void remove_unfinished(const char *run)
{
    DIR *folder = opendir(run);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *partial = strstr(entry->d_name, ".partial-");
        char name[NAME_SIZE];
        size_t length = partial ? (size_t)(partial - entry->d_name) : sizeof name;
        if (length < sizeof name) {
            memcpy(name, entry->d_name, length);
            name[length] = '\0';
            if (is_of_run(name)) {
                unlinkat(dirfd(folder), entry->d_name, 0);
            }
        }
    }
    if (folder) {
        closedir(folder);
    }
}

ar_status ar_run_clean(const char *run, ar_error *err)
{
    remove_unfinished(run);
    return remove_old(run, err);
}
