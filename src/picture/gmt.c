#include "picture/gmt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/memory.h"
#include "picture/program.h"

enum { ARGUMENTS_MOST = 32 };

bool ar_gmt_installed(void)
{
    return ar_program_installed("gmt");
}

/* Our variables, then those of the program that are not GMT's own. */
static ar_status make_environment(ar_gmt *gmt, ar_error *err)
{
    size_t count = 0, kept = 0;
    while (environ[count]) {
        count++;
    }
    /* A name of its own keeps the session apart from any other of the same parent process. */
    snprintf(gmt->variables[0], sizeof gmt->variables[0], "GMT_SESSION_NAME=atmorep-%ld",
             (long)getpid());
    snprintf(gmt->variables[1], sizeof gmt->variables[1], "GMT_USERDIR=.");
    snprintf(gmt->variables[2], sizeof gmt->variables[2], "GMT_END_SHOW=off");
    ar_status status = ar_allocate(&gmt->environment, count + 4, sizeof *gmt->environment,
                                   "the environment of GMT", err);
    if (status != AR_OK) {
        return status;
    }
    for (int i = 0; i < 3; i++) {
        gmt->environment[kept++] = gmt->variables[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "GMT_", 4) != 0) {
            gmt->environment[kept++] = environ[i];
        }
    }
    return AR_OK;
}

ar_status ar_gmt_open(ar_gmt *gmt, const char *beside, ar_error *err)
{
    *gmt = (ar_gmt){0};
    ar_status status = AR_OK;
    AR_TRY(ar_folder_make_temporary(&gmt->folder, beside, ".map", err));
    AR_TRY(make_environment(gmt, err));
cleanup:
    if (status != AR_OK) {
        ar_gmt_close(gmt);
    }
    return status;
}

void ar_gmt_close(ar_gmt *gmt)
{
    if (gmt->folder) {
        ar_folder_remove(gmt->folder);
    }
    ar_free(gmt->folder);
    ar_free(gmt->environment);
    *gmt = (ar_gmt){0};
}

ar_status ar_gmt_run(ar_gmt *gmt, const char *const *arguments, ar_error *err)
{
    const char *all[ARGUMENTS_MOST + 2] = {"gmt"};
    for (int i = 0; arguments[i]; i++) {
        if (i == ARGUMENTS_MOST) {
            return ar_fail(err, AR_ERROR_USAGE, "gmt %s: too many arguments", arguments[0]);
        }
        all[i + 1] = arguments[i];
    }
    return ar_program_run(all, gmt->folder, gmt->environment, err);
}
