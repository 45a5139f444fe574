#include "task/perturbation.h"

#include <math.h>

#include "field/constants.h"

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
