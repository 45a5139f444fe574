/* The options of a nature run as YAML (docs/nature-run.md). */
#ifndef AR_NATURE_RUN_CONFIGURATION_H
#define AR_NATURE_RUN_CONFIGURATION_H

#include "atmorep/atmorep.h"

/* Everything that the bits of the result depend on, as the text of a configuration; the caller's to
 * ar_free. */
AR_USE_RESULT ar_status ar_nature_run_describe(const ar_nature_run_options *options, char **text,
                                               ar_error *err);

#endif
