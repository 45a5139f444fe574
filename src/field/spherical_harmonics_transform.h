/* The four transforms that a library of spherical harmonics has to offer; private to this room.
 * spherical_harmonics_libsharp.c is the one there is, spherical_harmonics_absent.c stands for none.
 * Unit sphere, spectra and grids as in spherical_harmonics.h; rows at any colatitudes. Nothing here
 * fails once a transform exists; any number of threads may use one. */
#ifndef AR_FIELD_SPHERICAL_HARMONICS_TRANSFORM_H
#define AR_FIELD_SPHERICAL_HARMONICS_TRANSFORM_H

#include <complex.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct ar_transform ar_transform;

/* The rows of a grid, one after another in a field. */
typedef struct {
    int64_t count;
    const double *colatitude; /* [count] radians */
    const double *weight;     /* [count] with sum 2; NULL: for synthesis alone */
    const int64_t *points;    /* [count] points of each row; NULL: nlon in all of them */
    int64_t nlon;
    double first_longitude; /* radians, of the first point of each row */
} ar_transform_rows;

/* The rows are copied. */
AR_USE_RESULT ar_status ar_transform_create(ar_transform **transform, int64_t truncation,
                                            const ar_transform_rows *rows, ar_error *err);
void ar_transform_destroy(ar_transform **transform);

void ar_transform_analyse(const ar_transform *transform, const double *field,
                          double complex *spectrum);
void ar_transform_synthesise(const ar_transform *transform, const double complex *spectrum,
                             double *field);
/* Vectors (southward, eastward) = ∇χ + k × ∇ψ with χ = Σ gradient_n^m Y_n^m/√(n(n+1)) and ψ the
 * same with `curl`. */
void ar_transform_analyse_vector(const ar_transform *transform, const double *southward,
                                 const double *eastward, double complex *gradient,
                                 double complex *curl);
void ar_transform_synthesise_vector(const ar_transform *transform, const double complex *gradient,
                                    const double complex *curl, double *southward,
                                    double *eastward);
/* ∂f/∂θ (southward) and (1/sin θ) ∂f/∂λ (eastward). */
void ar_transform_synthesise_gradient(const ar_transform *transform, const double complex *spectrum,
                                      double *southward, double *eastward);

#endif
