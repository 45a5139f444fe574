/* What an option's text has to be, and where its value goes. */
#ifndef AR_CLI_OPTION_VALUE_H
#define AR_CLI_OPTION_VALUE_H

#include "cli/cli.h"

/* Check `text` and store it in the option's destination; texts of a list are checked alone.
 * AR_ERROR_USAGE names the option. */
AR_USE_RESULT ar_status ar_option_store(const ar_option *option, const char *text, ar_error *err);

#endif
