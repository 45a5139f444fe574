#include "nature/sigma.h"

#include <math.h>

#include "base/memory.h"
#include "field/constants.h"

static ar_status check_interfaces(int64_t nlev, const double *half, ar_error *err)
{
    if (half[0] != 0 || half[nlev] != 1) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "sigma levels: the interfaces run from %g to %g; should be from 0 to 1",
                       half[0], half[nlev]);
    }
    for (int64_t k = 0; k < nlev; k++) {
        if (!(half[k] < half[k + 1])) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "sigma levels: interface %lld is %g and the next %g; should increase",
                           (long long)k, half[k], half[k + 1]);
        }
    }
    return AR_OK;
}

ar_status ar_sigma_init(ar_sigma *sigma, int64_t nlev, const double *half, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "sigma levels";
    *sigma = (ar_sigma){.nlev = nlev};
    if (nlev < 1 || nlev > AR_SIGMA_MOST_LEVELS) {
        return ar_fail(err, AR_ERROR_USAGE, "sigma levels: %lld; should be from 1 to %d",
                       (long long)nlev, AR_SIGMA_MOST_LEVELS);
    }
    AR_TRY(ar_allocate(&sigma->half, nlev + 1, sizeof(double), what, err));
    AR_TRY(ar_allocate(&sigma->full, nlev, sizeof(double), what, err));
    AR_TRY(ar_allocate(&sigma->log_full, nlev, sizeof(double), what, err));
    AR_TRY(ar_allocate(&sigma->thickness, nlev, sizeof(double), what, err));
    AR_TRY(ar_allocate(&sigma->log_ratio, nlev, sizeof(double), what, err));
    AR_TRY(ar_allocate(&sigma->alpha, nlev, sizeof(double), what, err));
    for (int64_t k = 0; k <= nlev; k++) {
        sigma->half[k] = half ? half[k] : (double)k / nlev;
    }
    AR_TRY(check_interfaces(nlev, sigma->half, err));
    for (int64_t k = 0; k < nlev; k++) {
        double above = sigma->half[k], below = sigma->half[k + 1];
        sigma->thickness[k] = below - above;
        sigma->log_ratio[k] = k == 0 ? 0 : log(below / above);
        sigma->alpha[k] = k == 0 ? log(2) : 1 - above / sigma->thickness[k] * sigma->log_ratio[k];
        /* Where the scheme puts the level's geopotential: ln σ_{k+1/2} − α_k. */
        sigma->log_full[k] = log(below) - sigma->alpha[k];
        sigma->full[k] = exp(sigma->log_full[k]);
    }
cleanup:
    if (status != AR_OK) {
        ar_sigma_release(sigma);
    }
    return status;
}

void ar_sigma_release(ar_sigma *sigma)
{
    ar_free(sigma->half);
    ar_free(sigma->full);
    ar_free(sigma->log_full);
    ar_free(sigma->thickness);
    ar_free(sigma->log_ratio);
    ar_free(sigma->alpha);
    *sigma = (ar_sigma){0};
}

void ar_sigma_hydrostatic_matrix(const ar_sigma *sigma, double *matrix)
{
    int64_t L = sigma->nlev;
    for (int64_t k = 0; k < L; k++) {
        for (int64_t j = 0; j < L; j++) {
            double by = j < k ? 0 : j == k ? sigma->alpha[k] : sigma->log_ratio[j];
            matrix[k * L + j] = AR_GAS_CONSTANT_DRY * by;
        }
    }
}

void ar_sigma_expansion_matrix(const ar_sigma *sigma, double temperature, double *matrix)
{
    int64_t L = sigma->nlev;
    for (int64_t k = 0; k < L; k++) {
        for (int64_t j = 0; j < L; j++) {
            double by = j < k ? sigma->log_ratio[k] : j == k ? sigma->alpha[k] : 0;
            matrix[k * L + j] =
                AR_KAPPA * temperature * by * sigma->thickness[j] / sigma->thickness[k];
        }
    }
}
