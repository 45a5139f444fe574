/* What the options of a nature run may be, where no other part of it knows. */
#ifndef AR_NATURE_RUN_OPTIONS_H
#define AR_NATURE_RUN_OPTIONS_H

#include "atmorep/atmorep.h"

/* AR_ERROR_USAGE names the option that is wrong and what would be right. Makes nothing. */
AR_USE_RESULT ar_status ar_nature_run_check_options(const ar_nature_run_options *options,
                                                    ar_error *err);

#endif
