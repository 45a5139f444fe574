/* Do fields, normalisations and token shapes go together? */
#include <math.h>

#include "data/batch.h"

static const char *const directions[] = {"time", "latitude", "longitude"};

void ar_cube_extent(const ar_field_tokens *shape, int64_t extent[3])
{
    for (int i = 0; i < 3; i++) {
        extent[i] = shape->tokens[i] * shape->token_size[i];
    }
}

static ar_status check_shape(const char *name, const ar_field_tokens *shape, ar_error *err)
{
    const int64_t largest = 1 << 20; /* keeps every product of sizes within int64_t */
    for (int i = 0; i < 3; i++) {
        if (shape->tokens[i] < 1 || shape->token_size[i] < 1 || shape->tokens[i] > largest ||
            shape->token_size[i] > largest) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: %lld tokens of %lld points in %s; at least one of each would "
                           "be right",
                           name, (long long)shape->tokens[i], (long long)shape->token_size[i],
                           directions[i]);
        }
    }
    const double shares[] = {shape->mask_ratio, shape->mask_zero, shape->mask_noise,
                             shape->mask_coarsen};
    const char *const share_names[] = {"mask ratio", "mask_zero", "mask_noise", "mask_coarsen"};
    for (int i = 0; i < 4; i++) {
        if (!(shares[i] >= 0 && shares[i] <= 1)) {
            return ar_fail(err, AR_ERROR_INPUT, "field %s: %s is %g; 0 to 1 would be right", name,
                           share_names[i], shares[i]);
        }
    }
    return AR_OK;
}

static ar_status check_fit(const ar_cube_space *space, int64_t index, ar_error *err)
{
    const ar_field_data *field = space->fields[index];
    const ar_field_tokens *shape = &space->tokens[index];
    const int64_t stride = ar_cube_space_stride(space);
    int64_t extent[3];
    ar_cube_extent(shape, extent);
    const int64_t available[] = {0, field->grid.nlat, field->grid.nlon};
    for (int i = 1; i < 3; i++) {
        const int64_t span = ar_cube_span(space, extent[i]);
        if (span > available[i]) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: its cube of %lld tokens of %lld points spans %lld points in "
                           "%s, but the data has %lld; at most %lld such tokens fit",
                           field->name, (long long)shape->tokens[i],
                           (long long)shape->token_size[i], (long long)span, directions[i],
                           (long long)available[i],
                           (long long)(((available[i] - 1) / stride + 1) / shape->token_size[i]));
        }
    }
    if (field->grid.wraps && field->grid.nlon % stride != 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s: its tokens have every %lldth point, but the data has %lld "
                       "longitudes around the globe; a multiple of that would be right",
                       field->name, (long long)stride, (long long)field->grid.nlon);
    }
    return AR_OK;
}

/* Against the first field: same grid, calendar and extent. */
static ar_status check_agreement(const ar_cube_space *space, int64_t index, ar_error *err)
{
    const ar_field_data *first = space->fields[0], *field = space->fields[index];
    if (!ar_grid_equal(&first->grid, &field->grid)) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "fields %s and %s are on different grids: %lld x %lld from %g N, %g E and "
            "%lld x %lld from %g N, %g E; one grid would be right",
            first->name, field->name, (long long)first->grid.nlat, (long long)first->grid.nlon,
            first->grid.latitude[0], first->grid.longitude[0], (long long)field->grid.nlat,
            (long long)field->grid.nlon, field->grid.latitude[0], field->grid.longitude[0]);
    }
    if (first->calendar != field->calendar) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "fields %s and %s have different calendars: %s and %s; one calendar would be "
            "right",
            first->name, field->name, ar_calendar_name(first->calendar),
            ar_calendar_name(field->calendar));
    }
    int64_t first_extent[3], extent[3];
    ar_cube_extent(&space->tokens[0], first_extent);
    ar_cube_extent(&space->tokens[index], extent);
    for (int i = 0; i < 3; i++) {
        if (first_extent[i] != extent[i]) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: its cube has %lld x %lld points in %s, that of field %s has "
                           "%lld; all cubes have to have the same extent",
                           field->name, (long long)space->tokens[index].tokens[i],
                           (long long)space->tokens[index].token_size[i], directions[i],
                           first->name, (long long)first_extent[i]);
        }
    }
    return AR_OK;
}

static ar_status check_normalisation(const ar_field_data *field,
                                     const ar_normalisation *normalisation, ar_error *err)
{
    if (normalisation->level_count != field->level_count ||
        normalisation->nlat != field->grid.nlat || normalisation->nlon != field->grid.nlon) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s: its normalisation is for %lld levels of %lld x %lld points, the "
                       "data has %lld levels of %lld x %lld points",
                       field->name, (long long)normalisation->level_count,
                       (long long)normalisation->nlat, (long long)normalisation->nlon,
                       (long long)field->level_count, (long long)field->grid.nlat,
                       (long long)field->grid.nlon);
    }
    return AR_OK;
}

static ar_status check_stream(const ar_cube_space *space, int64_t index, ar_error *err)
{
    const int64_t of = ar_cube_space_stream_of(space, index);
    if (of < 0) {
        return AR_OK;
    }
    if (of >= space->field_count || ar_cube_space_stream_of(space, of) >= 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "field %lld is a stream of field %lld, which is no field with data of its "
                       "own",
                       (long long)index, (long long)of);
    }
    if (space->fields[index]->level_count != space->fields[of]->level_count) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "a stream of field %s has %lld levels, the field has %lld; the same would "
                       "be right",
                       space->fields[of]->name, (long long)space->fields[index]->level_count,
                       (long long)space->fields[of]->level_count);
    }
    return AR_OK;
}

ar_status ar_cube_space_check(const ar_cube_space *space, ar_error *err)
{
    ar_status status;
    if (space->field_count < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "there is no field to make cubes of");
    }
    if (space->time_step < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "the time step is %lld s; more than 0 would be right",
                       (long long)space->time_step);
    }
    for (int64_t f = 0; f < space->field_count; f++) {
        AR_TRY(check_shape(space->fields[f]->name, &space->tokens[f], err));
        AR_TRY(check_agreement(space, f, err));
        AR_TRY(check_fit(space, f, err));
        AR_TRY(check_stream(space, f, err));
        AR_TRY(check_normalisation(space->fields[f], space->normalisations[f], err));
    }
cleanup:
    return status;
}

ar_status ar_masking_check(const ar_masking *masking, const ar_cube_space *space, ar_error *err)
{
    for (int64_t f = 0; masking->strategy == AR_MASK_FORECAST && f < space->field_count; f++) {
        int64_t tokens = space->tokens[f].tokens[0];
        if (!space->fields[f]->is_static && ar_cube_space_stream_of(space, f) < 0 &&
            (masking->forecast_tokens < 1 || masking->known_after < 0 ||
             masking->forecast_tokens >= tokens ||
             masking->known_after > tokens - masking->forecast_tokens)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "forecast of %lld time tokens: field %s has %lld of them; 1 to %lld "
                           "would be right",
                           (long long)masking->forecast_tokens, space->fields[f]->name,
                           (long long)tokens, (long long)(tokens - 1));
        }
    }
    return AR_OK;
}
