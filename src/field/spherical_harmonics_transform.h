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

/* colatitude[nlat] in radians, weight[nlat] with sum 2; both are copied. */
AR_USE_RESULT ar_status ar_transform_create(ar_transform **transform, int64_t truncation,
                                            int64_t nlat, int64_t nlon, const double *colatitude,
                                            const double *weight, ar_error *err);
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
