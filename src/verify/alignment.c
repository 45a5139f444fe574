#include "verify/alignment.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"

/* A field of ones has to come to every point of the forecast's grid. */
static ar_status check_cover(const ar_alignment *alignment, const char *theirs, const char *ours,
                             ar_error *err)
{
    float *ones = NULL, *share = NULL;
    int64_t missing = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&ones, (size_t)alignment->own_points, sizeof *ones, "a field", err));
    AR_TRY(ar_allocate(&share, (size_t)alignment->points, sizeof *share, "a field", err));
    for (int64_t at = 0; at < alignment->own_points; at++) {
        ones[at] = 1;
    }
    AR_TRY(ar_regrid_apply_float(alignment->regrid, ones, share, err));
    for (int64_t at = 0; at < alignment->points; at++) {
        missing += isnan(share[at]);
    }
    if (missing > 0) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "its grid of %s does not cover %lld of the points of the forecast's, %s",
                         theirs, (long long)missing, ours);
    }
cleanup:
    ar_free(ones);
    ar_free(share);
    return status;
}

static ar_status match_grid(ar_alignment *alignment, const ar_grid *grid,
                            const ar_forecast_file *forecast, const ar_regrid_method *method,
                            ar_error *err)
{
    char theirs[96], ours[96];
    alignment->own_points = grid->nlat * grid->nlon;
    alignment->points = forecast->grid.nlat * forecast->grid.nlon;
    if (ar_grid_equal(grid, &forecast->grid)) {
        return AR_OK;
    }
    ar_grid_describe(grid, theirs);
    ar_grid_describe(&forecast->grid, ours);
    if (!method) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "its grid is %s and that of forecast %s is %s; they must be the same, or "
                       "--regrid bilinear or area tell how it comes to the forecast's",
                       theirs, forecast->path, ours);
    }
    const ar_source_grid source = ar_source_of_grid(grid);
    const ar_regrid_settings way = {.method = *method};
    ar_status status = ar_regrid_create(&alignment->regrid, &source, &forecast->grid, &way, err);
    return status == AR_OK ? check_cover(alignment, theirs, ours, err) : status;
}

ar_status ar_alignment_init(ar_alignment *alignment, const ar_grid *grid, const char *units,
                            const ar_forecast_file *forecast, const ar_forecast_field *field,
                            const ar_regrid_method *method, ar_error *err)
{
    *alignment = (ar_alignment){.scale = 1};
    ar_status status = AR_OK;
    AR_TRY(match_grid(alignment, grid, forecast, method, err));
    if (units[0] && field->units[0] && strcmp(units, field->units) != 0) {
        AR_TRY(
            ar_units_conversion(units, field->units, &alignment->scale, &alignment->offset, err));
    }
cleanup:
    if (status != AR_OK) {
        ar_alignment_release(alignment);
    }
    return status;
}

void ar_alignment_release(ar_alignment *alignment)
{
    ar_regrid_destroy(&alignment->regrid);
    *alignment = (ar_alignment){0};
}

ar_status ar_alignment_apply(const ar_alignment *alignment, int64_t count, const float *source,
                             float *target, ar_error *err)
{
    const int64_t values = count * alignment->points;
    ar_status status = AR_OK;
    for (int64_t i = 0; alignment->regrid && i < count; i++) {
        AR_TRY(ar_regrid_apply_float(alignment->regrid, source + i * alignment->own_points,
                                     target + i * alignment->points, err));
    }
    if (!alignment->regrid && source != target) {
        memcpy(target, source, (size_t)values * sizeof *target);
    }
    ar_units_convert(target, values, alignment->scale, alignment->offset);
cleanup:
    return status;
}
