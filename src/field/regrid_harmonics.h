/* Regridding through spherical harmonics, for regrid.h; private to this room. */
#ifndef AR_FIELD_REGRID_HARMONICS_H
#define AR_FIELD_REGRID_HARMONICS_H

#include "field/regrid.h"

typedef struct ar_harmonic_regrid ar_harmonic_regrid;

/* A checked source; truncation 0 for the default, as ar_regrid_settings says. */
AR_USE_RESULT ar_status ar_harmonic_regrid_create(ar_harmonic_regrid **regrid,
                                                  const ar_source_grid *source,
                                                  const ar_grid *target, int64_t truncation,
                                                  ar_error *err);
void ar_harmonic_regrid_destroy(ar_harmonic_regrid **regrid); /* NULL-safe, sets NULL */

int64_t ar_harmonic_regrid_get_truncation(const ar_harmonic_regrid *regrid);

/* `regrid` has the work space: one thread at a time. */
AR_USE_RESULT ar_status ar_harmonic_regrid_scalar(ar_harmonic_regrid *regrid, const double *source,
                                                  double *target, ar_error *err);
AR_USE_RESULT ar_status ar_harmonic_regrid_wind(ar_harmonic_regrid *regrid, const double *first,
                                                const double *second, double *eastward,
                                                double *northward, ar_error *err);

#endif
