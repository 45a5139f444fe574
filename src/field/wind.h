/* What is derived of a horizontal wind on a regular grid, and the wind of it: vorticity,
 * divergence, streamfunction, velocity potential, speed.
 *
 * On a global grid by spherical harmonics of the vector (spherical_harmonics.h): exact for what the
 * truncation holds, the poles included; on any other by finite differences, which give vorticity
 * and divergence only. The sphere has the radius AR_EARTH_RADIUS.
 *
 * Fields are float [nlat][nlon] in the grid's order (grid.h), winds eastward and northward in m/s,
 * vorticity and divergence in s⁻¹, streamfunction and velocity potential in m² s⁻¹. Arithmetic is
 * in double. Results may be the very arrays that are read. */
#ifndef AR_FIELD_WIND_H
#define AR_FIELD_WIND_H

#include <stdint.h>

#include "atmorep/status.h"
#include "field/grid.h"

typedef enum {
    AR_WIND_AUTOMATIC, /* harmonics on global grids, differences on others */
    AR_WIND_HARMONICS, /* global grids with an even number of longitudes, rows from pole to pole or
                          from half a step beside one to half a step beside the other */
    AR_WIND_DIFFERENCES, /* any grid of at least 3 x 3 points */
} ar_wind_method;

/* Made once for a grid, used for many fields. It has work space for one call, beside what
 * transforms take for themselves: one thread at a time. Same input, same bits. */
typedef struct ar_wind ar_wind;

/* `truncation`: largest total wavenumber N of harmonics, 0 for the largest that the grid
 * determines. AR_ERROR_USAGE tells why a grid does not do, and that a build without harmonics has
 * none. */
AR_USE_RESULT ar_status ar_wind_create(ar_wind **wind, const ar_grid *grid, ar_wind_method method,
                                       int64_t truncation, ar_error *err);
void ar_wind_destroy(ar_wind **wind); /* NULL-safe, sets NULL */

/* What was chosen: never AR_WIND_AUTOMATIC. */
ar_wind_method ar_wind_get_method(const ar_wind *wind);
/* N of harmonics, 0 for differences. */
int64_t ar_wind_get_truncation(const ar_wind *wind);

/* ζ = (∂v/∂λ − ∂(u cos φ)/∂φ)/(a cos φ) and δ = (∂u/∂λ + ∂(v cos φ)/∂φ)/(a cos φ) (Holton 2004,
 * app. C). Either result may be NULL.
 *
 * Harmonics: the results have no area mean. A value that is not finite is AR_ERROR_INPUT with its
 * place: one would spoil the whole field.
 * Differences: centred and of second order, one-sided of second order where a region ends; at a
 * pole of a grid that goes around, circulation and outflow of the cap within the next row over its
 * area; at a pole of one that does not NaN. Where a value or a neighbour that is used is NaN so is
 * the result. */
AR_USE_RESULT ar_status ar_wind_vorticity_divergence(ar_wind *wind, const float *eastward,
                                                     const float *northward, float *vorticity,
                                                     float *divergence, ar_error *err);

/* ψ and χ with (u, v) = k × ∇ψ + ∇χ, both of zero area mean. Either result may be NULL. The three
 * functions from here on are for harmonics; with differences they are AR_ERROR_USAGE. Values that
 * are not finite are AR_ERROR_INPUT. */
AR_USE_RESULT ar_status ar_wind_potentials(ar_wind *wind, const float *eastward,
                                           const float *northward, float *streamfunction,
                                           float *velocity_potential, ar_error *err);

/* The wind of a vorticity and a divergence; NULL stands for none: without divergence the
 * rotational, without vorticity the divergent wind. Their area means, which no wind has, are
 * ignored. */
AR_USE_RESULT ar_status ar_wind_of_vorticity_divergence(ar_wind *wind, const float *vorticity,
                                                        const float *divergence, float *eastward,
                                                        float *northward, ar_error *err);
/* The wind of ψ and χ, NULL standing for none; their means have no effect. */
AR_USE_RESULT ar_status ar_wind_of_potentials(ar_wind *wind, const float *streamfunction,
                                              const float *velocity_potential, float *eastward,
                                              float *northward, ar_error *err);

/* √(u² + v²) of `count` values in m/s; NaN where one is. Pure, thread-safe. */
void ar_wind_speed(int64_t count, const float *eastward, const float *northward, float *speed);

#endif
