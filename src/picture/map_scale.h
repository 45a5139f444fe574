/* What a map's colours mean: the unit that makes numbers readable, and round limits and steps. */
#ifndef AR_PICTURE_MAP_SCALE_H
#define AR_PICTURE_MAP_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Numbers shown are factor · values. `text` is the unit in GMT's notation ("10@+-5@+ s@+-1@+"). */
typedef struct {
    double factor;
    char text[96];
} ar_map_unit;

/* Choose the unit for values in `units` of which the largest that matter are about `magnitude`:
 * pressures of the whole atmosphere in hPa, and a power of ten where numbers would be below 0.01 or
 * above 10⁵. Only letters, digits and a few signs of `units` reach the text, so that none of it is
 * a command. */
void ar_map_unit_choose(ar_map_unit *unit, const char *units, double magnitude);

/* The same unit in UTF-8, "10⁻⁵ s⁻¹", into text[128]. */
void ar_map_unit_plain(const ar_map_unit *unit, char text[128]);

/* Colours from low to high in steps; low and high are multiples of the step. */
typedef struct {
    double low, high, step;
    bool diverging; /* low = −high, zero is white */
} ar_map_scale;

/* The scale for values between two limits: diverging when they lie on both sides of zero and not
 * much further on one than on the other. Equal or not finite limits give a scale around them all
 * the same. */
ar_map_scale ar_map_scale_field(double low, double high);
ar_map_scale ar_map_scale_symmetric(double limit); /* −limit to limit */
ar_map_scale ar_map_scale_from_zero(double limit); /* 0 to limit */

/* The q-quantile (0 ≤ q ≤ 1, nearest rank) of values[count] without missing ones; NaN when all are
 * missing. `absolute`: of their absolute values. */
AR_USE_RESULT ar_status ar_map_quantile(double *quantile, const float *values, int64_t count,
                                        double q, bool absolute, ar_error *err);

#endif
