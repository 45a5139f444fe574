/* Bring fields of other grids to a regular latitude–longitude grid: by area, by linear
 * interpolation or by spherical harmonics. The source may be any grid of rows of constant latitude
 * (regular, Gaussian, reduced Gaussian) or spherical harmonics themselves.
 *
 * Values of a source lie row by row from north to south, in a row eastward; NaN is missing. Values
 * of the target are [nlat][nlon] in the order of grid.h. */
#ifndef AR_FIELD_REGRID_H
#define AR_FIELD_REGRID_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "field/grid.h"

typedef enum {
    AR_SOURCE_ROWS,     /* given latitudes, each row with the given longitudes */
    AR_SOURCE_GAUSSIAN, /* all Gaussian latitudes, each row around the globe from 0° */
    AR_SOURCE_SPECTRUM, /* coefficients of a triangular truncation */
} ar_source_kind;

/* The grid that values come from; what is pointed to has to live until ar_regrid_create is back. */
typedef struct {
    ar_source_kind kind;
    int64_t nlat, nlon; /* rows; points of a row */
    /* ROWS: [nlat] degrees north, decreasing, and [nlon] degrees east, increasing by less than 360
     * in all. At least 2 of each; steps may differ. */
    const double *latitude, *longitude;
    bool wraps;            /* ROWS: east of the last longitude comes the first */
    const int64_t *points; /* GAUSSIAN: [nlat] points of each row of a reduced grid; NULL: nlon */
    int64_t truncation;    /* SPECTRUM: N */
} ar_source_grid;

/* A regular grid as a source. It borrows the grid's coordinates. */
ar_source_grid ar_source_of_grid(const ar_grid *grid);

/* A target value is
 * AREA: the mean of the source's cells over the target's cell, each weighted by its exact share
 * in longitude × sin(latitude) (conservative of first order: Jones 1999, Mon. Wea. Rev. 127,
 * eq. 6, without gradients). Cells reach half-way to their neighbours, the outermost half a step
 * outward but not beyond a pole, as in ar_grid_area_weights; rows of a Gaussian grid reach over
 * their quadrature weights, so that sums are those of its quadrature. The area integral over the
 * globe stays.
 * BILINEAR: linear in longitude along the rows north and south of it, then in latitude. Beyond the
 * last row of a global grid linear to the mean of that row at the pole. Never extrapolated.
 * HARMONICS: the sum of the source's harmonics up to the truncation; exact for fields that have
 * none beyond it, elsewhere smooth, with ripples beside sharp fronts (and below zero for humidity
 * or rain). From all Gaussian and global regular grids, and the only one from spectra. */
typedef enum { AR_REGRID_AREA, AR_REGRID_BILINEAR, AR_REGRID_HARMONICS } ar_regrid_method;

typedef struct {
    ar_regrid_method method;
    /* HARMONICS: largest total wavenumber N; 0: the largest that both the source determines (see
     * ar_gaussian_truncation) and the target can hold (180 degrees over the step, less 1). */
    int64_t truncation;
    /* AREA and BILINEAR: a value is missing where present ones have less than this share of the
     * weights, the rest being missing or outside of the source; else it is their mean. In (0, 1],
     * 1: wherever one is missing; 0 stands for 0.5. */
    double minimum_share;
} ar_regrid_settings;

/* Made once for two grids, used for many fields. It has work space for one call, beside what
 * transforms take for themselves: one thread at a time. Same input, same bits. */
typedef struct ar_regrid ar_regrid;

/* AR_ERROR_USAGE tells what is wrong with a source, why a method does not do for it, and that a
 * build without harmonics has none. */
AR_USE_RESULT ar_status ar_regrid_create(ar_regrid **regrid, const ar_source_grid *source,
                                         const ar_grid *target, const ar_regrid_settings *settings,
                                         ar_error *err);
void ar_regrid_destroy(ar_regrid **regrid); /* NULL-safe, sets NULL */

/* Values of a source field; of a spectrum (N + 1)(N + 2) numbers, see ar_regrid_apply. */
int64_t ar_regrid_source_count(const ar_regrid *regrid);
/* N that is used; 0 for the methods that use none. */
int64_t ar_regrid_get_truncation(const ar_regrid *regrid);

/* Regrid a scalar. A spectrum is as GRIB has it from ECMWF: for m = 0 … N, for n = m … N, real and
 * imaginary part, of functions with ½∫P² dμ = 1 and without the phase (−1)^m: the first number is
 * the field's mean. With harmonics a value that is not finite is AR_ERROR_INPUT with its place. */
AR_USE_RESULT ar_status ar_regrid_apply(ar_regrid *regrid, const double *source, double *target,
                                        ar_error *err);
/* Regrid a wind, whose components are no scalars: they jump at the poles. With harmonics as a
 * vector; bilinear each component for itself, but with the mean vector of the last row at a pole
 * that the source does not reach; by area each for itself. Of spectra `first` and `second` are
 * vorticity and divergence in s⁻¹ (on a sphere of AR_EARTH_RADIUS), else the eastward and northward
 * wind; the results are always the wind. */
AR_USE_RESULT ar_status ar_regrid_apply_wind(ar_regrid *regrid, const double *first,
                                             const double *second, double *eastward,
                                             double *northward, ar_error *err);

/* The same for single precision; arithmetic is in double. */
AR_USE_RESULT ar_status ar_regrid_apply_float(ar_regrid *regrid, const float *source, float *target,
                                              ar_error *err);
AR_USE_RESULT ar_status ar_regrid_apply_wind_float(ar_regrid *regrid, const float *first,
                                                   const float *second, float *eastward,
                                                   float *northward, ar_error *err);

/* The truncation that fields on a Gaussian grid of `nlat` rows, the longest of `longest` points,
 * are taken to have: nlat − 1 on regular and classic reduced grids, whose rows have 2 nlat points
 * (linear), nlat/2 − 1 on octahedral ones, which have 2 nlat + 16 (cubic; Malardel et al. 2016,
 * ECMWF Newsletter 146). Pure. */
int64_t ar_gaussian_truncation(int64_t nlat, int64_t longest);

#endif
