#include "nature/semi_implicit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/spherical_harmonics.h"

/* Invert a [size][size] matrix in place by Gauss–Jordan elimination with row pivoting. The matrices
 * here are 1 plus a product of non-negative ones: well conditioned. `right` is scratch
 * [size][size]. */
static void invert(double *matrix, double *right, int64_t size)
{
    memset(right, 0, size * size * sizeof *right);
    for (int64_t i = 0; i < size; i++) {
        right[i * size + i] = 1;
    }
    for (int64_t c = 0; c < size; c++) {
        int64_t pivot = c;
        for (int64_t r = c + 1; r < size; r++) {
            pivot = fabs(matrix[r * size + c]) > fabs(matrix[pivot * size + c]) ? r : pivot;
        }
        for (int64_t j = 0; j < size; j++) {
            double keep = matrix[c * size + j], keep_right = right[c * size + j];
            matrix[c * size + j] = matrix[pivot * size + j];
            matrix[pivot * size + j] = keep;
            right[c * size + j] = right[pivot * size + j];
            right[pivot * size + j] = keep_right;
        }
        double scale = 1 / matrix[c * size + c];
        for (int64_t j = 0; j < size; j++) {
            matrix[c * size + j] *= scale;
            right[c * size + j] *= scale;
        }
        for (int64_t r = 0; r < size; r++) {
            double factor = matrix[r * size + c];
            for (int64_t j = 0; r != c && j < size; j++) {
                matrix[r * size + j] -= factor * matrix[c * size + j];
                right[r * size + j] -= factor * right[c * size + j];
            }
        }
    }
    memcpy(matrix, right, size * size * sizeof *matrix);
}

/* n(n + 1)/a² */
static double wavenumber_squared(const ar_semi_implicit *s, int64_t n)
{
    return (double)n * (n + 1) / (s->radius * s->radius);
}

/* inverse[n] = (1 + Δt² n(n + 1)/a² (G H + R T₀ 1 Δσᵀ))⁻¹ */
static void fill_inverse(ar_semi_implicit *s, double *scratch)
{
    int64_t L = s->nlev;
    for (int64_t n = 0; n <= s->truncation; n++) {
        double *matrix = s->inverse + n * L * L;
        double factor = s->half_step * s->half_step * wavenumber_squared(s, n);
        for (int64_t k = 0; k < L; k++) {
            for (int64_t j = 0; j < L; j++) {
                double sum = AR_GAS_CONSTANT_DRY * AR_REFERENCE_TEMPERATURE * s->thickness[j];
                for (int64_t i = 0; i < L; i++) {
                    sum += s->hydrostatic[k * L + i] * s->expansion[i * L + j];
                }
                matrix[k * L + j] = (k == j) + factor * sum;
            }
        }
        invert(matrix, scratch, L);
    }
}

ar_status ar_semi_implicit_init(ar_semi_implicit *scheme, const ar_sigma *sigma, int64_t truncation,
                                double radius, double half_step, const double *diffusion,
                                const double *friction, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "semi-implicit scheme";
    int64_t L = sigma->nlev;
    double *scratch = NULL;
    *scheme = (ar_semi_implicit){
        .truncation = truncation, .nlev = L, .half_step = half_step, .radius = radius};
    AR_TRY(ar_allocate(&scheme->hydrostatic, L * L, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scheme->expansion, L * L, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scheme->thickness, L, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scheme->inverse, (truncation + 1) * L * L, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scheme->diffusion, truncation + 1, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scheme->friction, L, sizeof(double), what, err));
    AR_TRY(ar_allocate(&scratch, L * L, sizeof(double), what, err));
    ar_sigma_hydrostatic_matrix(sigma, scheme->hydrostatic);
    ar_sigma_expansion_matrix(sigma, AR_REFERENCE_TEMPERATURE, scheme->expansion);
    memcpy(scheme->thickness, sigma->thickness, L * sizeof(double));
    memcpy(scheme->diffusion, diffusion, (truncation + 1) * sizeof(double));
    memcpy(scheme->friction, friction, L * sizeof(double));
    fill_inverse(scheme, scratch);
cleanup:
    ar_free(scratch);
    if (status != AR_OK) {
        ar_semi_implicit_release(scheme);
    }
    return status;
}

void ar_semi_implicit_release(ar_semi_implicit *scheme)
{
    ar_free(scheme->hydrostatic);
    ar_free(scheme->expansion);
    ar_free(scheme->thickness);
    ar_free(scheme->inverse);
    ar_free(scheme->diffusion);
    ar_free(scheme->friction);
    *scheme = (ar_semi_implicit){0};
}

static void multiply(const double *matrix, const double complex *vector, double complex *result,
                     int64_t size)
{
    for (int64_t k = 0; k < size; k++) {
        double complex sum = 0;
        for (int64_t j = 0; j < size; j++) {
            sum += matrix[k * size + j] * vector[j];
        }
        result[k] = sum;
    }
}

/* One coefficient `c` of total wavenumber n on all levels. Starred quantities are means of before
 * and after: D* solves the matrix equation, T* and ln ps* follow. */
static void step_coefficient(const ar_semi_implicit *s, int64_t n, int64_t c,
                             const ar_spectral_state *before, const ar_spectral_state *tendency,
                             ar_spectral_state *after)
{
    int64_t L = s->nlev, count = before->count;
    double dt = s->half_step, by = dt * wavenumber_squared(s, n);
    double complex t[AR_SIGMA_MOST_LEVELS], d[AR_SIGMA_MOST_LEVELS], x[AR_SIGMA_MOST_LEVELS];
    for (int64_t k = 0; k < L; k++) {
        t[k] = before->temperature[k * count + c] + dt * tendency->temperature[k * count + c];
    }
    double complex p = before->log_pressure[c] + dt * tendency->log_pressure[c];
    multiply(s->hydrostatic, t, x, L);
    for (int64_t k = 0; k < L; k++) {
        x[k] = before->divergence[k * count + c] + dt * tendency->divergence[k * count + c] +
               by * (x[k] + AR_GAS_CONSTANT_DRY * AR_REFERENCE_TEMPERATURE * p);
    }
    multiply(s->inverse + n * L * L, x, d, L);
    multiply(s->expansion, d, x, L);
    double damping = 2 * dt * s->diffusion[n];
    for (int64_t k = 0; k < L; k++) {
        int64_t i = k * count + c;
        double wind_damping = 1 + damping + 2 * dt * s->friction[k];
        p -= dt * s->thickness[k] * d[k];
        after->divergence[i] = (2 * d[k] - before->divergence[i]) / wind_damping;
        after->temperature[i] = (2 * (t[k] - dt * x[k]) - before->temperature[i]) / (1 + damping);
        after->vorticity[i] =
            (before->vorticity[i] + 2 * dt * tendency->vorticity[i]) / wind_damping;
        after->humidity[i] = (before->humidity[i] + 2 * dt * tendency->humidity[i]) / (1 + damping);
    }
    after->log_pressure[c] = 2 * p - before->log_pressure[c];
}

void ar_semi_implicit_step(const ar_semi_implicit *scheme, const ar_spectral_state *before,
                           const ar_spectral_state *tendency, ar_spectral_state *after)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t m = 0; m <= scheme->truncation; m++) {
        for (int64_t n = m; n <= scheme->truncation; n++) {
            step_coefficient(scheme, n, ar_spectrum_index(scheme->truncation, n, m), before,
                             tendency, after);
        }
    }
}
