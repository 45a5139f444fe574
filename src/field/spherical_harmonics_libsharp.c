/* The transforms by libsharp (Reinecke & Seljebotn 2013, A&A 554, A112). */
#include <limits.h>

#include <libsharp/sharp.h>
#include <libsharp/sharp_almhelpers.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/spherical_harmonics_transform.h"

struct ar_transform {
    sharp_geom_info *rings;
    sharp_alm_info *coefficients;
};

/* What libsharp wants to know of every ring of the grid. */
typedef struct {
    int *points, *stride;
    ptrdiff_t *offset;
    double *longitude, *weight;
} ring_table;

static void ring_table_release(ring_table *table)
{
    ar_free(table->points);
    ar_free(table->stride);
    ar_free(table->offset);
    ar_free(table->longitude);
    ar_free(table->weight);
}

static ar_status ring_table_init(ring_table *table, const ar_transform_rows *rows, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "rings of a grid";
    const int64_t nlat = rows->count;
    ptrdiff_t offset = 0;
    *table = (ring_table){0};
    AR_TRY(ar_allocate(&table->points, nlat, sizeof *table->points, what, err));
    AR_TRY(ar_allocate(&table->stride, nlat, sizeof *table->stride, what, err));
    AR_TRY(ar_allocate(&table->offset, nlat, sizeof *table->offset, what, err));
    AR_TRY(ar_allocate(&table->longitude, nlat, sizeof *table->longitude, what, err));
    AR_TRY(ar_allocate(&table->weight, nlat, sizeof *table->weight, what, err));
    for (int64_t i = 0; i < nlat; i++) {
        int64_t points = rows->points ? rows->points[i] : rows->nlon;
        table->points[i] = (int)points;
        table->stride[i] = 1;
        table->offset[i] = offset;
        table->longitude[i] = rows->first_longitude;
        /* libsharp's weights are areas of points on the unit sphere. */
        table->weight[i] = rows->weight ? rows->weight[i] * 2 * AR_PI / points : 0;
        offset += points;
    }
cleanup:
    return status;
}

ar_status ar_transform_create(ar_transform **transform, int64_t truncation,
                              const ar_transform_rows *rows, ar_error *err)
{
    ar_status status = AR_OK;
    ring_table table = {0};
    ar_transform *t = NULL;
    *transform = NULL;
    if (truncation >= SHRT_MAX || rows->count >= INT_MAX / 2 || rows->nlon >= INT_MAX / 2) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: truncation %lld on %lld x %lld points is beyond what "
                       "the library can count; the largest truncation is %d",
                       (long long)truncation, (long long)rows->count, (long long)rows->nlon,
                       SHRT_MAX - 1);
    }
    AR_TRY(ar_allocate(&t, 1, sizeof *t, "spherical harmonic transform", err));
    AR_TRY(ring_table_init(&table, rows, err));
    sharp_make_geom_info((int)rows->count, table.points, table.offset, table.stride,
                         table.longitude, rows->colatitude, table.weight, &t->rings);
    sharp_make_triangular_alm_info((int)truncation, (int)truncation, 1, &t->coefficients);
    *transform = t;
    t = NULL;
cleanup:
    ring_table_release(&table);
    ar_transform_destroy(&t);
    return status;
}

void ar_transform_destroy(ar_transform **transform)
{
    if (!*transform) {
        return;
    }
    if ((*transform)->rings) {
        sharp_destroy_geom_info((*transform)->rings);
    }
    if ((*transform)->coefficients) {
        sharp_destroy_alm_info((*transform)->coefficients);
    }
    ar_free(*transform);
    *transform = NULL;
}

/* libsharp takes what it only reads without const too. On one thread: whoever transforms many
 * fields gives each thread whole ones, which is faster than sharing one. */
static void execute(const ar_transform *transform, sharp_jobtype job, int spin,
                    const double complex *const spectra[], const double *const fields[])
{
    sharp_execute(job, spin, (void *)spectra, (void *)fields, transform->rings,
                  transform->coefficients, SHARP_DP | SHARP_NO_OPENMP, NULL, NULL);
}

void ar_transform_analyse(const ar_transform *transform, const double *field,
                          double complex *spectrum)
{
    execute(transform, SHARP_MAP2ALM, 0, (const double complex *[]){spectrum},
            (const double *[]){field});
}

void ar_transform_synthesise(const ar_transform *transform, const double complex *spectrum,
                             double *field)
{
    execute(transform, SHARP_ALM2MAP, 0, (const double complex *[]){spectrum},
            (const double *[]){field});
}

void ar_transform_analyse_vector(const ar_transform *transform, const double *southward,
                                 const double *eastward, double complex *gradient,
                                 double complex *curl)
{
    execute(transform, SHARP_MAP2ALM, 1, (const double complex *[]){gradient, curl},
            (const double *[]){southward, eastward});
}

void ar_transform_synthesise_vector(const ar_transform *transform, const double complex *gradient,
                                    const double complex *curl, double *southward, double *eastward)
{
    execute(transform, SHARP_ALM2MAP, 1, (const double complex *[]){gradient, curl},
            (const double *[]){southward, eastward});
}

void ar_transform_synthesise_gradient(const ar_transform *transform, const double complex *spectrum,
                                      double *southward, double *eastward)
{
    execute(transform, SHARP_ALM2MAP_DERIV1, 1, (const double complex *[]){spectrum},
            (const double *[]){southward, eastward});
}
