/* A build without a library of spherical harmonics: no transform can be created, so that the
 * others, which need one, are never reached. */
#include <stdlib.h>

#include "field/spherical_harmonics_transform.h"

ar_status ar_transform_create(ar_transform **transform, int64_t truncation,
                              const ar_transform_rows *rows, ar_error *err)
{
    (void)truncation, (void)rows;
    *transform = NULL;
    return ar_fail(err, AR_ERROR_USAGE,
                   "spherical harmonics: this program was built without them; build it with "
                   "-DATMOREP_SPECTRAL=ON and libsharp");
}

void ar_transform_destroy(ar_transform **transform)
{
    *transform = NULL;
}

void ar_transform_analyse(const ar_transform *transform, const double *field,
                          double complex *spectrum)
{
    (void)transform, (void)field, (void)spectrum;
    abort();
}

void ar_transform_synthesise(const ar_transform *transform, const double complex *spectrum,
                             double *field)
{
    (void)transform, (void)field, (void)spectrum;
    abort();
}

void ar_transform_analyse_vector(const ar_transform *transform, const double *southward,
                                 const double *eastward, double complex *gradient,
                                 double complex *curl)
{
    (void)transform, (void)southward, (void)eastward, (void)gradient, (void)curl;
    abort();
}

void ar_transform_synthesise_vector(const ar_transform *transform, const double complex *gradient,
                                    const double complex *curl, double *southward, double *eastward)
{
    (void)transform, (void)southward, (void)eastward, (void)gradient, (void)curl;
    abort();
}

void ar_transform_synthesise_gradient(const ar_transform *transform, const double complex *spectrum,
                                      double *southward, double *eastward)
{
    (void)transform, (void)spectrum, (void)southward, (void)eastward;
    abort();
}
