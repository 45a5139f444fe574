/* Running GMT (Wessel et al. 2019, doi:10.1029/2019GC008515), version 6, in modern mode: each step
 * is a program `gmt MODULE …` started without a shell, in a folder of its own that is removed
 * afterwards. Nothing of GMT's state reaches the user's home or other GMT sessions. */
#ifndef AR_PICTURE_GMT_H
#define AR_PICTURE_GMT_H

#include <stdbool.h>

#include "atmorep/status.h"

typedef struct {
    char *folder;       /* where GMT runs; files it needs go here */
    char **environment; /* NULL ended */
    char variables[3][512];
} ar_gmt;

/* Whether a program `gmt` is on the PATH. */
bool ar_gmt_installed(void);

/* Make the folder inside `beside`. Close with ar_gmt_close. */
AR_USE_RESULT ar_status ar_gmt_open(ar_gmt *gmt, const char *beside, ar_error *err);
/* Remove the folder with all in it. Safe on a zeroed one. */
void ar_gmt_close(ar_gmt *gmt);

/* Run `gmt` with arguments (NULL ended, arguments[0] is the module) and wait for its end. A failure
 * is an error that holds the module and the last line GMT wrote. */
AR_USE_RESULT ar_status ar_gmt_run(ar_gmt *gmt, const char *const *arguments, ar_error *err);

#endif
