/* Long work that outlives a kill: until it is complete it lies in the folder OUT.part, with a file
 * that describes what is being made, so that nothing else goes on with it. While somebody is at
 * work the folder is locked. */
#ifndef AR_BASE_UNFINISHED_H
#define AR_BASE_UNFINISHED_H

#include "atmorep/status.h"

typedef struct {
    char *path;        /* OUT.part */
    char *description; /* the file in it */
    int lock;          /* descriptor of the folder; −1: it is not open */
} ar_unfinished_folder;

/* Make or open the folder of `out` and lock it; `name` is that of the description. AR_ERROR_USAGE:
 * somebody else is at work in it. File systems without locks do without. Release in any case. */
AR_USE_RESULT ar_status ar_unfinished_folder_open(ar_unfinished_folder *folder, const char *out,
                                                  const char *name, ar_error *err);
/* AR_ERROR_USAGE: the folder was begun with another description; the first line that differs is
 * named. */
AR_USE_RESULT ar_status ar_unfinished_folder_compare(const ar_unfinished_folder *folder,
                                                     const char *description, ar_error *err);
/* The same of a text that was found at `where`. */
AR_USE_RESULT ar_status ar_description_compare(const char *where, const char *found,
                                               const char *description, ar_error *err);
/* Unlock. */
void ar_unfinished_folder_release(ar_unfinished_folder *folder);

#endif
