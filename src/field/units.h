/* Units and their conversion, by udunits2. Thread-safe (one lock inside). */
#ifndef AR_FIELD_UNITS_H
#define AR_FIELD_UNITS_H

#include <stdint.h>

#include "atmorep/status.h"

/* to = scale · from + offset. Spellings of the field that udunits does not know ("degK", "mb",
 * "gpm", "m s**-1", "1") are understood. Units that cannot be converted are an error that names
 * both. */
AR_USE_RESULT ar_status ar_units_conversion(const char *from, const char *to, double *scale,
                                            double *offset, ar_error *err);
/* values[count] = scale · values + offset, in double precision; 1 and 0 leave them as they are. */
void ar_units_convert(float *values, int64_t count, double scale, double offset);

#endif
