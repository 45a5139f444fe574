/* The check of `tau:` and of how far apart the points of tokens lie; what both say for a cube
 * space. */
#include <stdio.h>

#include "model/configuration_check.h"

enum { HOURS_MOST = 24 * 366, POINTS_MOST = 1000 };

static ar_status check_stride(const char *key, int64_t stride, ar_configuration_fault *fault)
{
    for (int64_t doublings = 0; doublings <= AR_DOUBLINGS_MOST; doublings++) {
        if (stride == (int64_t)1 << doublings) {
            return AR_OK;
        }
    }
    return ar_configuration_refuse(fault, key, "is %lld; should be a power of 2 up to %d",
                                   (long long)stride, 1 << AR_DOUBLINGS_MOST);
}

ar_status ar_configuration_check_tau(const ar_configuration *configuration,
                                     ar_configuration_fault *fault)
{
    const ar_tau_configuration *tau = &configuration->tau;
    ar_status status = check_stride("data.token_stride", configuration->token_stride, fault);
    if (status == AR_OK) {
        status = ar_configuration_check_number(fault, "tau.share", tau->share, 0, 1);
    }
    if (status != AR_OK || tau->share == 0) {
        return status;
    }
    if (tau->hour_count == 0 || tau->stride_count == 0) {
        return ar_configuration_refuse(fault, tau->hour_count == 0 ? "tau.hours" : "tau.strides",
                                       "has no entries; should be a list such as %s",
                                       tau->hour_count == 0 ? "[-3, 0, 3]" : "[1, 2]");
    }
    status = ar_configuration_check_integer(fault, "tau.rows", tau->rows, 0, POINTS_MOST);
    if (status == AR_OK) {
        status = ar_configuration_check_integer(fault, "tau.columns", tau->columns, 0, POINTS_MOST);
    }
    for (int64_t i = 0; status == AR_OK && i < tau->hour_count; i++) {
        char key[64];
        snprintf(key, sizeof key, "tau.hours[%lld]", (long long)i);
        status = ar_configuration_check_integer(fault, key, tau->hours[i], -HOURS_MOST, HOURS_MOST);
    }
    for (int64_t i = 0; status == AR_OK && i < tau->stride_count; i++) {
        char key[64];
        snprintf(key, sizeof key, "tau.strides[%lld]", (long long)i);
        status = check_stride(key, tau->strides[i], fault);
    }
    return status;
}

int64_t ar_configuration_token_doublings(const ar_configuration *configuration)
{
    int64_t doublings = 0;
    while ((int64_t)1 << doublings < configuration->token_stride) {
        doublings++;
    }
    return doublings;
}

ar_tau ar_configuration_tau(const ar_configuration *configuration)
{
    const ar_tau_configuration *from = &configuration->tau;
    return (ar_tau){.share = from->share,
                    .hours = from->hours,
                    .hour_count = from->hour_count,
                    .rows = from->rows,
                    .columns = from->columns,
                    .strides = from->strides,
                    .stride_count = from->stride_count};
}
