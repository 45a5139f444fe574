#include "field/meridian.h"

#include <math.h>
#include <string.h>

#include "field/constants.h"

void ar_meridian_kernel(int64_t intervals, double *kernel)
{
    for (int64_t k = 0; k < 2 * intervals; k++) {
        double half_distance = (0.5 - k) * AR_PI / (2 * intervals);
        kernel[k] = (k % 2 == 0 ? 1 : -1) / (2.0 * intervals * tan(half_distance));
    }
}

/* Add factor × row to target, the row turned by half the earth where `opposite`. */
static void add_row(double *target, const double *row, int64_t nlon, double factor, bool opposite)
{
    int64_t half = opposite ? nlon / 2 : 0;
    for (int64_t j = 0; j < nlon - half; j++) {
        target[j] += factor * row[j + half];
    }
    for (int64_t j = nlon - half; j < nlon; j++) {
        target[j] += factor * row[j + half - nlon];
    }
}

void ar_meridian_refine(int64_t nlat, int64_t nlon, const double *kernel, const double *field,
                        double sign_beyond_pole, bool between_poles, double *fine)
{
    /* Places of the circle: from pole to pole the polar rows are places 0 and `intervals`; between
     * the poles row 0 is place 0, and beside the last row lies its mirror. */
    const int64_t offset = between_poles ? 1 : 0, intervals = nlat - 1 + offset;
    for (int64_t i = 0; i < nlat; i++) {
        memcpy(fine + (2 * i + offset) * nlon, field + i * nlon, nlon * sizeof(double));
    }
    for (int64_t f = 1 - offset; f <= 2 * intervals; f += 2) {
        double *target = fine + f * nlon;
        int64_t before = (f - 1 - offset) / 2 + 2 * intervals;
        memset(target, 0, nlon * sizeof *target);
        for (int64_t k = 0; k < 2 * intervals; k++) {
            int64_t place = (before + k) % (2 * intervals);
            int64_t row = place < nlat ? place : 2 * intervals - offset - place;
            const double *values = field + row * nlon;
            /* A polar row is seen from both sides: the mean of both is free of what no smooth field
             * has there, such as a zonal mean of the northward wind. */
            bool pole = !between_poles && (row == 0 || row == intervals);
            double factor = kernel[k] * (pole ? 0.5 : 1);
            if (place < nlat) {
                add_row(target, values, nlon, factor, false);
            }
            if (place >= nlat || pole) {
                add_row(target, values, nlon, factor * sign_beyond_pole, true);
            }
        }
    }
}
