#include "task/perturbation.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"
#include "task/blend.h"

/* Of the variance that members state, what a draw may have: states that were drawn have a spread
 * that is too small for what their mean loses, by a factor below this. */
static const double MOST_OF_VARIANCE = 2;

void ar_perturbation_lost(int64_t wavenumbers, const double *analysis, double most, double *power)
{
    double left = most;
    for (int64_t n = wavenumbers - 1; n >= 0; n--) {
        power[n] = fmin(fmax(0, analysis[n] - power[n]), left);
        left -= power[n];
    }
}

ar_status ar_perturbation_draw(const ar_harmonics *harmonics, const double *power,
                               ar_random *stream, double complex *spectrum, double *g,
                               ar_error *err)
{
    const int64_t truncation = ar_harmonics_get_settings(harmonics)->truncation;
    spectrum[ar_spectrum_index(truncation, 0, 0)] = 0;
    for (int64_t n = 1; n <= truncation; n++) {
        /* 4π S_n is shared by 2n + 1 real numbers, of which those of m > 0 count twice. */
        const double deviation = sqrt(4 * AR_PI * power[n] / (double)(2 * n + 1));
        for (int64_t m = 0; m <= n; m++) {
            const double real = ar_random_normal(stream), imaginary = ar_random_normal(stream);
            spectrum[ar_spectrum_index(truncation, n, m)] =
                m == 0 ? deviation * real : deviation * M_SQRT1_2 * (real + I * imaginary);
        }
    }
    return ar_harmonics_synthesise(harmonics, spectrum, g, err);
}

ar_status ar_perturbation_init(ar_perturbation *it, const ar_grid *grid, ar_error *err)
{
    const size_t points = (size_t)(grid->nlat * grid->nlon);
    int64_t truncation;
    ar_status status = AR_OK;
    *it = (ar_perturbation){.grid = grid};
    if (!ar_spectra_exist(grid, &truncation)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--feed-draws: states are drawn on global grids whose rows are equally far "
                       "apart or Gaussian; this one is %lld x %lld; --feed-members would be right",
                       (long long)grid->nlat, (long long)grid->nlon);
    }
    it->wavenumbers = truncation + 1;
    AR_TRY(ar_spectra_prepare(&it->harmonics, grid, err));
    AR_TRY(ar_allocate(&it->spectrum, (size_t)ar_spectrum_count(truncation), sizeof *it->spectrum,
                       "a random spectrum", err));
    AR_TRY(ar_allocate(&it->power, (size_t)it->wavenumbers, sizeof(double), "a spectrum", err));
    AR_TRY(ar_allocate(&it->draw, points, sizeof(double), "a draw", err));
    AR_TRY(ar_allocate(&it->spread, points, sizeof(double), "a spread", err));
    AR_TRY(ar_allocate(&it->area, (size_t)grid->nlat, sizeof(double), "areas of rows", err));
    ar_grid_area_weights(grid, it->area);
cleanup:
    return status;
}

void ar_perturbation_release(ar_perturbation *it)
{
    ar_harmonics_destroy(&it->harmonics);
    ar_free(it->spectrum);
    ar_free(it->power);
    ar_free(it->draw);
    ar_free(it->spread);
    ar_free(it->area);
    *it = (ar_perturbation){0};
}

ar_status ar_perturbation_measure(ar_perturbation *it, const float *fields, int64_t count,
                                  int64_t stride, double *power, ar_error *err)
{
    ar_status status = AR_OK;
    memset(power, 0, (size_t)it->wavenumbers * sizeof *power);
    for (int64_t t = 0; t < count; t++) {
        AR_TRY(ar_spectra_power(it->harmonics, fields + t * stride, it->power, err));
        for (int64_t n = 0; n < it->wavenumbers; n++) {
            power[n] += it->power[n] / (double)count;
        }
    }
cleanup:
    return status;
}

/* The spread of the members at each point over its root mean square; returns the mean square, 0
 * where there is none. */
static double scale_spread(ar_perturbation *it, const float *members, int64_t count)
{
    const int64_t points = it->grid->nlat * it->grid->nlon;
    double sum = 0;
    for (int64_t i = 0; i < points; i++) {
        double mean;
        const double square = ar_members_sum_of_squares(members + i, count, points, &mean) /
                              (double)(count > 1 ? count - 1 : 1);
        it->spread[i] = sqrt(square);
        sum += it->area[i / it->grid->nlon] * square / (double)points;
    }
    for (int64_t i = 0; sum > 0 && i < points; i++) {
        it->spread[i] /= sqrt(sum);
    }
    return sum;
}

ar_status ar_perturbation_add(ar_perturbation *it, const double *analysis, const float *members,
                              int64_t count, ar_random *stream, float *level, ar_error *err)
{
    const double variance = scale_spread(it, members, count);
    ar_status status = AR_OK;
    AR_TRY(ar_spectra_power(it->harmonics, level, it->power, err));
    ar_perturbation_lost(it->wavenumbers, analysis, MOST_OF_VARIANCE * variance, it->power);
    AR_TRY(ar_perturbation_draw(it->harmonics, it->power, stream, it->spectrum, it->draw, err));
    for (int64_t i = 0; i < it->grid->nlat * it->grid->nlon; i++) {
        level[i] += (float)(it->spread[i] * it->draw[i]);
    }
cleanup:
    return status;
}
