/* What `forecast`, `hindcast` and `interpolate` have in common: they differ in which times are
 * known. */
#ifndef AR_CLI_FORECAST_OPTIONS_H
#define AR_CLI_FORECAST_OPTIONS_H

#include "atmorep/atmorep.h"
#include "cli/cli.h"

typedef struct {
    const char *command, *description, *example;
    const ar_option *own; /* the command's own options, ended by one without a name */
} ar_forecast_command;

/* Parse the common options and the command's own ones, whose destinations lie in *options, and run.
 * Returns the exit code. */
int ar_forecast_command_run(const ar_forecast_command *command, ar_forecast_options *options,
                            int argc, char **argv);

#endif
