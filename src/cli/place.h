/* `--at LAT,LON` of commands that look at one place. */
#ifndef AR_CLI_PLACE_H
#define AR_CLI_PLACE_H

#include "atmorep/status.h"

/* "52.5,13.4" in degrees north and east; anything else is AR_ERROR_USAGE. */
AR_USE_RESULT ar_status ar_place_parse(const char *text, double *latitude, double *longitude,
                                       ar_error *err);

#endif
