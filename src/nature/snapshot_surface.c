/* What a snapshot has of the ground and of the rain, which the model has on its own grid only. */
#include <math.h>

#include "base/memory.h"
#include "field/constants.h"
#include "nature/snapshot.h"
#include "nature/surface.h"

ar_status ar_snapshot_set_ground(ar_snapshot *s, const ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(s->grid);
    const ar_harmonics_settings *own = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    const double *colatitude = ar_harmonics_get_colatitude(s->grid);
    float *altitude = s->values[AR_NATURE_SURFACE_ALTITUDE];
    float *land = s->values[AR_NATURE_LAND_AREA_FRACTION];
    AR_TRY(ar_harmonics_synthesise(s->grid, ar_nature_get_surface_geopotential(nature), s->ground,
                                   err));
    for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
        double latitude = AR_PI / 2 - colatitude[p / grid->nlon];
        double longitude = 2 * AR_PI * (p % grid->nlon) / grid->nlon;
        if (altitude) {
            altitude[p] = (float)(s->ground[p] / AR_GRAVITY);
        }
        if (land) {
            land[p] = (float)ar_surface_land_share(latitude, longitude);
        }
    }
    if (s->values[AR_NATURE_PRECIPITATION_FLUX]) {
        AR_TRY(ar_allocate(&s->rain, own->nlat * own->nlon, sizeof *s->rain, "precipitation", err));
    }
cleanup:
    return status;
}

/* Linear between the two values around `longitude` (in steps of the row) on a row of the model's.
 */
static double along_row(const double *row, int64_t nlon, double longitude)
{
    double left = floor(longitude), share = longitude - left;
    int64_t j = (int64_t)left % nlon;
    return (1 - share) * row[j] + share * row[(j + 1) % nlon];
}

static double row_mean(const double *row, int64_t nlon)
{
    double sum = 0;
    for (int64_t j = 0; j < nlon; j++) {
        sum += row[j];
    }
    return sum / nlon;
}

/* One row of the regular grid, between the rows above and below it of the model's, or a pole. */
static void interpolate_row(const ar_snapshot *s, const ar_harmonics *own, int64_t i)
{
    const ar_harmonics_settings *from = ar_harmonics_get_settings(own);
    const ar_harmonics_settings *to = ar_harmonics_get_settings(s->grid);
    const double *rows = ar_harmonics_get_colatitude(own);
    double colatitude = ar_harmonics_get_colatitude(s->grid)[i];
    int64_t below = 0; /* the first row of the model's that is farther south */
    while (below < from->nlat && rows[below] < colatitude) {
        below++;
    }
    bool north = below == 0, south = below == from->nlat;
    const double *lower = s->rain + (south ? below - 1 : below) * from->nlon;
    const double *upper = s->rain + (north ? below : below - 1) * from->nlon;
    double upper_at = north ? 0 : rows[below - 1], lower_at = south ? AR_PI : rows[below];
    double share = (colatitude - upper_at) / (lower_at - upper_at);
    for (int64_t j = 0; j < to->nlon; j++) {
        double longitude = (double)j * from->nlon / to->nlon;
        double a = north ? row_mean(upper, from->nlon) : along_row(upper, from->nlon, longitude);
        double b = south ? row_mean(lower, from->nlon) : along_row(lower, from->nlon, longitude);
        s->values[AR_NATURE_PRECIPITATION_FLUX][i * to->nlon + j] =
            (float)((1 - share) * a + share * b);
    }
}

void ar_snapshot_take_precipitation(ar_snapshot *s, ar_nature *nature, double seconds)
{
    const ar_harmonics *own = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(s->grid);
    if (!s->rain) {
        return;
    }
    if (fabs(ar_nature_take_precipitation(nature, s->rain) - seconds) > 1) {
        for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
            s->values[AR_NATURE_PRECIPITATION_FLUX][p] = NAN;
        }
        return;
    }
    for (int64_t i = 0; i < grid->nlat; i++) {
        if (grid->rows == AR_HARMONICS_REGULAR) {
            interpolate_row(s, own, i);
            continue;
        }
        for (int64_t p = i * grid->nlon; p < (i + 1) * grid->nlon; p++) {
            s->values[AR_NATURE_PRECIPITATION_FLUX][p] = (float)s->rain[p];
        }
    }
}
