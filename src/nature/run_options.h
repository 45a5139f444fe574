/* What the options of a nature run may be, where no other part of it knows, and what they are for
 * the model. */
#ifndef AR_NATURE_RUN_OPTIONS_H
#define AR_NATURE_RUN_OPTIONS_H

#include "atmorep/atmorep.h"
#include "nature/nature.h"

/* AR_ERROR_USAGE names the option that is wrong and what would be right. Makes nothing. */
AR_USE_RESULT ar_status ar_nature_run_check_options(const ar_nature_run_options *options,
                                                    ar_error *err);
/* start_seconds: since 1970, of hour 0 of the model. Borrows the σ interfaces. Pure. */
ar_nature_settings ar_nature_run_settings(const ar_nature_model_options *model,
                                          int64_t start_seconds);

#endif
