#include "base/unfinished.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/memory.h"

enum { LARGEST_DESCRIPTION = 1 << 30 };

static ar_status set_paths(ar_unfinished_folder *folder, const char *out, const char *name,
                           ar_error *err)
{
    ar_status status = AR_OK;
    const size_t length = ar_path_length(out), size = length + sizeof ".part";
    AR_TRY(ar_allocate(&folder->path, size, 1, "a path", err));
    snprintf(folder->path, size, "%.*s.part", (int)length, out);
    AR_TRY(ar_path_join(&folder->description, folder->path, name, err));
cleanup:
    return status;
}

ar_status ar_unfinished_folder_open(ar_unfinished_folder *folder, const char *out, const char *name,
                                    ar_error *err)
{
    *folder = (ar_unfinished_folder){.lock = -1};
    ar_status status = set_paths(folder, out, name, err);
    if (status != AR_OK) {
        return status;
    }
    if (mkdir(folder->path, 0777) != 0 && errno != EEXIST) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make this folder: %s", folder->path,
                       strerror(errno));
    }
    return ar_folder_lock(folder->path, &folder->lock, err);
}

ar_status ar_description_compare(const char *where, const char *found, const char *description,
                                 ar_error *err)
{
    const char *a = found, *b = description;
    while (*a || *b) {
        int of_a = (int)strcspn(a, "\n"), of_b = (int)strcspn(b, "\n");
        if (of_a != of_b || memcmp(a, b, (size_t)of_a) != 0) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: was begun with '%.*s', not with '%.*s'; only the same command goes "
                           "on with it; to begin anew remove it",
                           where, of_a, a, of_b, b);
        }
        a += of_a + (a[of_a] != '\0');
        b += of_b + (b[of_b] != '\0');
    }
    return AR_OK;
}

ar_status ar_unfinished_folder_compare(const ar_unfinished_folder *folder, const char *description,
                                       ar_error *err)
{
    char *found = NULL;
    size_t bytes;
    ar_status status =
        ar_file_read_whole(folder->description, LARGEST_DESCRIPTION, &found, &bytes, err);
    if (status == AR_OK) {
        status = ar_description_compare(folder->path, found, description, err);
    }
    ar_free(found);
    return status;
}

void ar_unfinished_folder_release(ar_unfinished_folder *folder)
{
    if (folder->lock >= 0) {
        close(folder->lock);
    }
    ar_free(folder->path);
    ar_free(folder->description);
    *folder = (ar_unfinished_folder){.lock = -1};
}
