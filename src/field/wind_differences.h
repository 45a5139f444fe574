/* Vorticity and divergence by finite differences; private to this room, for wind.h. */
#ifndef AR_FIELD_WIND_DIFFERENCES_H
#define AR_FIELD_WIND_DIFFERENCES_H

#include "field/grid.h"

/* As ar_wind_vorticity_divergence says; at least 3 x 3 points, results not the arrays that are
 * read, each may be NULL. Pure, thread-safe. */
void ar_wind_differences(const ar_grid *grid, const double *eastward, const double *northward,
                         float *vorticity, float *divergence);

#endif
