#include "cli/place.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

ar_status ar_place_parse(const char *text, double *latitude, double *longitude, ar_error *err)
{
    char *comma = NULL, *end = NULL;
    *latitude = strtod(text, &comma);
    bool valid = comma != text && *comma == ',';
    if (valid) {
        *longitude = strtod(comma + 1, &end);
        valid =
            end != comma + 1 && *end == '\0' && fabs(*latitude) <= 90 && fabs(*longitude) <= 360;
    }
    return valid ? AR_OK
                 : ar_fail(err, AR_ERROR_USAGE,
                           "--at %s: should be LAT,LON in degrees north and east, such as "
                           "52.5,13.4",
                           text);
}
