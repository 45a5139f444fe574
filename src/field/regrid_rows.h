/* Regridding from grid point to grid point, by area or linear, for regrid.h; private to this room.
 * The source is any grid of rows; rows alike share their weights of columns. */
#ifndef AR_FIELD_REGRID_ROWS_H
#define AR_FIELD_REGRID_ROWS_H

#include "field/regrid.h"

typedef struct ar_row_regrid ar_row_regrid;

/* A checked source that is no spectrum; `method` is AREA or BILINEAR, minimum_share in (0, 1]. */
AR_USE_RESULT ar_status ar_row_regrid_create(ar_row_regrid **regrid, const ar_source_grid *source,
                                             const ar_grid *target, ar_regrid_method method,
                                             double minimum_share, ar_error *err);
void ar_row_regrid_destroy(ar_row_regrid **regrid); /* NULL-safe, sets NULL */

/* `regrid` has the work space: one thread at a time. */
void ar_row_regrid_scalar(ar_row_regrid *regrid, const double *source, double *target);
void ar_row_regrid_wind(ar_row_regrid *regrid, const double *source_eastward,
                        const double *source_northward, double *eastward, double *northward);

#endif
