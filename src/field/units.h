/* Units and their conversion, by udunits2. Thread-safe (one lock inside). */
#ifndef AR_FIELD_UNITS_H
#define AR_FIELD_UNITS_H

#include "atmorep/status.h"

/* to = scale · from + offset. Spellings of the field that udunits does not know ("degK", "mb",
 * "gpm", "m s**-1", "1") are understood. Units that cannot be converted are an error that names
 * both. */
AR_USE_RESULT ar_status ar_units_conversion(const char *from, const char *to, double *scale,
                                            double *offset, ar_error *err);

#endif
