/* Calls of ecCodes: one at a time, silent, and with its failed assertions caught. Private to the io
 * room. */
#ifndef AR_IO_GRIB_LIBRARY_H
#define AR_IO_GRIB_LIBRARY_H

#include <stddef.h>

#include <eccodes.h>

#include "atmorep/status.h"

/* What to do with a message; it returns ecCodes' code and takes no resources that have to be given
 * back, because a failed assertion leaves it by longjmp. */
typedef int (*ar_grib_work)(codes_handle *handle, void *argument);

/* Run `work` on a message in memory, which has to stay until this returns. A code other than
 * CODES_SUCCESS is an error (AR_ERROR_INPUT, AR_ERROR_MEMORY) with what ecCodes said. handle is
 * NULL for bytes == NULL. */
AR_USE_RESULT ar_status ar_grib_library_run(const unsigned char *bytes, size_t length,
                                            ar_grib_work work, void *argument, ar_error *err);

#endif
