#include "verify/climate_scale.h"

#include <math.h>

#include "verify/band_sums.h"

typedef struct {
    const ar_score_area *area;
    const float *values;
    const double *climatology;
} anomaly_work;

static void add_row(const void *argument, int64_t row, double *numbers)
{
    const anomaly_work *work = argument;
    for (int64_t j = 0; j < work->area->nlon; j++) {
        int64_t at = row * work->area->nlon + j;
        double anomaly = work->values[at] - work->climatology[at];
        double weight = ar_score_area_weight(work->area, row, j);
        if (!isnan(anomaly)) {
            numbers[0] += weight;
            numbers[1] += weight * anomaly * anomaly;
        }
    }
}

ar_status ar_anomaly_sums_add(ar_anomaly_sums *sums, const ar_score_area *area, const float *values,
                              const double *climatology, ar_error *err)
{
    const anomaly_work work = {area, values, climatology};
    double numbers[] = {sums->weight, sums->squares};
    ar_status status = ar_band_sums_add(numbers, 2, area->nlat, add_row, &work, err);
    *sums = (ar_anomaly_sums){numbers[0], numbers[1]};
    return status;
}

/* Σ w (c − centre)^power over Σ w. */
static double mean_over_grid(const ar_score_area *area, const double *climatology, double centre,
                             int power)
{
    double sum = 0, weights = 0;
    for (int64_t i = 0; i < area->nlat; i++) {
        for (int64_t j = 0; j < area->nlon; j++) {
            double c = climatology[i * area->nlon + j] - centre;
            double weight = ar_score_area_weight(area, i, j);
            sum += isnan(c) ? 0 : weight * (power == 2 ? c * c : c);
            weights += isnan(c) ? 0 : weight;
        }
    }
    return sum / weights;
}

ar_climate_scale ar_climate_scale_read(const ar_anomaly_sums *sums, const ar_score_area *area,
                                       const double *climatology)
{
    double mean = mean_over_grid(area, climatology, 0, 1);
    double variance = sums->squares / sums->weight;
    return (ar_climate_scale){
        .mean = mean,
        .anomaly_deviation = sqrt(variance),
        .deviation = sqrt(variance + mean_over_grid(area, climatology, mean, 2)),
    };
}
