/* Folders that appear whole or not at all: everything is written into a temporary folder beside the
 * target; at the end each file and folder in it is flushed to the disk and the folder is renamed.
 */
#ifndef AR_BASE_FOLDER_H
#define AR_BASE_FOLDER_H

#include <stdbool.h>

#include "atmorep/status.h"

typedef struct {
    char *path;           /* final name, without slashes at its end */
    char *temporary_path; /* the folder while it is being filled */
    bool kept;            /* it stays when it is given up */
} ar_atomic_folder;

/* Make an empty temporary folder beside `path`. */
AR_USE_RESULT ar_status ar_atomic_folder_create(ar_atomic_folder *folder, const char *path,
                                                ar_error *err);
/* Fill the folder `unfinished`, made if it is not there, on the file system of `path`. It is never
 * removed: who is killed, or gives up, finds it again. What has the name `path` at the end is moved
 * to `unfinished`.old first, so that `unfinished` is there until its content has the name `path`,
 * and never again. */
AR_USE_RESULT ar_status ar_atomic_folder_open(ar_atomic_folder *folder, const char *path,
                                              const char *unfinished, ar_error *err);
/* Flush all that is in it, rename it to the final name, flush the folder above. What had that name
 * before, a file or a folder with all that is in it, is removed once the new one is in its place
 * (by one exchange of names where the file system can do that; else the old one is moved aside
 * first, so that for a moment there is none). Releases `folder` in any case; on failure the
 * temporary folder is removed and the old one untouched (but for the flush of the folder above,
 * which comes last). */
AR_USE_RESULT ar_status ar_atomic_folder_commit(ar_atomic_folder *folder, ar_error *err);
/* Give up: remove the temporary folder. Safe on a zeroed or already committed one. */
void ar_atomic_folder_abandon(ar_atomic_folder *folder);

/* Lock an existing folder for this process: until *descriptor is closed, or the process ends
 * however it ends. AR_ERROR_USAGE: another one has it. File systems without locks do without. */
AR_USE_RESULT ar_status ar_folder_lock(const char *path, int *descriptor, ar_error *err);
/* Make an empty folder in `parent` whose name begins with `stem`, for what is removed again by
 * ar_folder_remove. *path is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_folder_make_temporary(char **path, const char *parent, const char *stem,
                                                 ar_error *err);
/* Remove a folder with all that is in it, as far as that is possible; symbolic links are removed,
 * never followed. */
void ar_folder_remove(const char *path);

#endif
