#include "data/displacement.h"

#include <math.h>

ar_displacement ar_tau_draw(const ar_tau *tau, int64_t token_doublings, ar_random *stream)
{
    ar_displacement wanted = {0};
    if (!tau || ar_random_uniform(stream) >= tau->share) {
        return wanted;
    }
    wanted.seconds = 3600 * tau->hours[ar_random_below(stream, tau->hour_count)];
    wanted.rows = ar_random_below(stream, 2 * tau->rows + 1) - tau->rows;
    wanted.columns = ar_random_below(stream, 2 * tau->columns + 1) - tau->columns;
    const int64_t stride = tau->strides[ar_random_below(stream, tau->stride_count)];
    const int64_t own = (int64_t)1 << token_doublings;
    if (stride < own) {
        wanted.rows += stride * ar_random_below(stream, own / stride);
        wanted.columns += stride * ar_random_below(stream, own / stride);
    }
    while (own << wanted.doublings < stride) {
        wanted.doublings++;
    }
    return wanted;
}

void ar_tau_reach(const ar_tau *tau, int64_t *before, int64_t *after)
{
    *before = *after = 0;
    for (int64_t i = 0; tau && i < tau->hour_count; i++) {
        const int64_t seconds = 3600 * tau->hours[i];
        *before = -seconds > *before ? -seconds : *before;
        *after = seconds > *after ? seconds : *after;
    }
}

void ar_displacement_describe(const ar_displacement *wanted, const int64_t token_extent[3],
                              float features[AR_DISPLACEMENT_SIZE])
{
    const double tokens[3] = {(double)wanted->seconds / (double)token_extent[0],
                              (double)wanted->rows / (double)token_extent[1],
                              (double)wanted->columns / (double)token_extent[2]};
    for (int i = 0; i < 3; i++) {
        features[3 * i] = (float)tokens[i];
        features[3 * i + 1] = (float)sin(M_PI * tokens[i]);
        features[3 * i + 2] = (float)(1 - cos(M_PI * tokens[i]));
    }
    features[9] = (float)wanted->doublings;
}
