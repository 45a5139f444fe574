#include "task/perturbation.h"

#include <math.h>

#include "base/memory.h"
#include "field/constants.h"

/* Settings of the finest transforms that a grid allows; truncation 0 or less: none. */
static ar_harmonics_settings settings_of(const ar_grid *grid)
{
    ar_harmonics_settings settings = {.nlat = grid->nlat,
                                      .nlon = grid->nlon,
                                      .radius = AR_EARTH_RADIUS,
                                      .first_longitude = grid->longitude[0]};
    if (grid->wraps && ar_harmonics_recognise_rows(grid->nlat, grid->latitude, &settings.rows)) {
        settings.truncation =
            ar_harmonics_largest_truncation(settings.rows, grid->nlat, grid->nlon);
    }
    return settings;
}

bool ar_perturbation_exists(const ar_grid *grid)
{
    return settings_of(grid).truncation > 0;
}

ar_status ar_perturbation_init(ar_perturbation *perturbation, const ar_grid *grid, ar_error *err)
{
    const ar_harmonics_settings settings = settings_of(grid);
    ar_status status = AR_OK;
    *perturbation = (ar_perturbation){.points = grid->nlat * grid->nlon};
    AR_TRY(ar_harmonics_create(&perturbation->harmonics, &settings, err));
    AR_TRY(ar_allocate(&perturbation->field, (size_t)perturbation->points, sizeof(double),
                       "a random field", err));
    AR_TRY(ar_allocate(&perturbation->spectrum, (size_t)ar_spectrum_count(settings.truncation),
                       sizeof(double complex), "a random spectrum", err));
cleanup:
    if (status != AR_OK) {
        ar_perturbation_release(perturbation);
    }
    return status;
}

void ar_perturbation_release(ar_perturbation *perturbation)
{
    ar_harmonics_destroy(&perturbation->harmonics);
    ar_free(perturbation->field);
    ar_free(perturbation->spectrum);
    *perturbation = (ar_perturbation){0};
}

static int64_t truncation_of(const ar_perturbation *perturbation)
{
    return ar_harmonics_get_settings(perturbation->harmonics)->truncation;
}

int64_t ar_perturbation_wavenumbers(const ar_perturbation *perturbation)
{
    return truncation_of(perturbation) + 1;
}

ar_status ar_perturbation_add_power(ar_perturbation *perturbation, const float *field,
                                    double *power, ar_error *err)
{
    const int64_t truncation = truncation_of(perturbation);
    for (int64_t i = 0; i < perturbation->points; i++) {
        perturbation->field[i] = (double)field[i];
    }
    ar_status status = ar_harmonics_analyse(perturbation->harmonics, perturbation->field,
                                            perturbation->spectrum, err);
    for (int64_t m = 0; status == AR_OK && m <= truncation; m++) {
        for (int64_t n = m; n <= truncation; n++) {
            const double complex f = perturbation->spectrum[ar_spectrum_index(truncation, n, m)];
            power[n] += (m > 0 ? 2 : 1) * (creal(f) * creal(f) + cimag(f) * cimag(f)) / (4 * M_PI);
        }
    }
    return status;
}

void ar_perturbation_lost(int64_t wavenumbers, const double *analysis, double most, double *power)
{
    double left = most;
    for (int64_t n = wavenumbers - 1; n >= 0; n--) {
        power[n] = fmin(fmax(0, analysis[n] - power[n]), left);
        left -= power[n];
    }
}

ar_status ar_perturbation_draw(ar_perturbation *perturbation, const double *power,
                               ar_random *stream, double *g, ar_error *err)
{
    const int64_t truncation = truncation_of(perturbation);
    double complex *spectrum = perturbation->spectrum;
    spectrum[ar_spectrum_index(truncation, 0, 0)] = 0;
    for (int64_t n = 1; n <= truncation; n++) {
        /* 4π S_n is shared by 2n + 1 real numbers, of which those of m > 0 count twice. */
        const double deviation = sqrt(4 * M_PI * power[n] / (double)(2 * n + 1));
        for (int64_t m = 0; m <= n; m++) {
            const double real = ar_random_normal(stream), imaginary = ar_random_normal(stream);
            spectrum[ar_spectrum_index(truncation, n, m)] =
                m == 0 ? deviation * real : deviation * M_SQRT1_2 * (real + I * imaginary);
        }
    }
    return ar_harmonics_synthesise(perturbation->harmonics, spectrum, g, err);
}
