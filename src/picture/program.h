/* Running a program that may be installed or not (GMT, rsvg-convert), without a shell: arguments
 * are an array, and no text of a file can become a command. */
#ifndef AR_PICTURE_PROGRAM_H
#define AR_PICTURE_PROGRAM_H

#include <stdbool.h>

#include "atmorep/status.h"

/* Whether an executable of this name is on the PATH. */
bool ar_program_installed(const char *name);

/* Run arguments[0], looked for on the PATH, with the others (NULL ended), in `folder`, and wait for
 * its end; it reads nothing, its output is dropped, its messages go to folder/messages.txt. A
 * failure is an error with the last line of these. */
AR_USE_RESULT ar_status ar_program_run(const char *const *arguments, const char *folder,
                                       char *const *environment, ar_error *err);

#endif
