/* What brings fields of another source to the grid and the unit of a forecast. */
#ifndef AR_VERIFY_ALIGNMENT_H
#define AR_VERIFY_ALIGNMENT_H

#include "field/regrid.h"
#include "verify/forecast_file.h"

typedef struct {
    ar_regrid *regrid;    /* NULL: the grid is that of the forecast */
    int64_t own_points;   /* of the source's grid */
    int64_t points;       /* of the forecast's */
    double scale, offset; /* from the source's unit */
} ar_alignment;

/* Another grid without a method, one that does not cover the forecast's, and a unit that does not
 * convert are errors that name both. Units that one of them does not tell are taken to be the same.
 * Release with ar_alignment_release. */
AR_USE_RESULT ar_status ar_alignment_init(ar_alignment *alignment, const ar_grid *grid,
                                          const char *units, const ar_forecast_file *forecast,
                                          const ar_forecast_field *field,
                                          const ar_regrid_method *method, ar_error *err);
void ar_alignment_release(ar_alignment *alignment); /* safe on a zeroed one */

/* `count` horizontal fields, [own_points] each, to [points] each. Where regrid is NULL source and
 * target may be the same. One thread at a time. */
AR_USE_RESULT ar_status ar_alignment_apply(const ar_alignment *alignment, int64_t count,
                                           const float *source, float *target, ar_error *err);

#endif
