/* Cutting one sample of one field out of the data, and telling each token where and when it is. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "data/batch_parts.h"

int64_t ar_sample_scratch(const ar_field_tokens *shape)
{
    int64_t values = shape->token_size[0] * shape->token_size[1] * shape->token_size[2];
    int64_t columns = shape->tokens[2] * shape->token_size[2];
    return columns > 2 * values ? columns : 2 * values;
}

/* Every stride-th of `values`, and where each has its own of the statistics. */
static void normalise(float *out, const float *values, int64_t count, int64_t stride,
                      const float *mean, const float *deviation, bool per_point)
{
    if (per_point) {
        for (int64_t i = 0; i < count; i++) {
            out[i] = (values[i * stride] - mean[i * stride]) / deviation[i * stride];
        }
        return;
    }
    const float m = mean[0], d = deviation[0];
    for (int64_t i = 0; i < count; i++) {
        out[i] = (values[i * stride] - m) / d;
    }
}

/* One row of the cube, normalised, around the date line where it has to be. */
static void read_row(const ar_sample *sample, const float *slice, int64_t statistics, int64_t row,
                     int64_t columns, float *line)
{
    const ar_normalisation *normalisation = sample->space->normalisations[sample->field];
    const ar_grid *grid = &sample->space->fields[sample->field]->grid;
    bool per_point = normalisation->columns > 1;
    int64_t at = statistics + (normalisation->rows > 1 ? row * normalisation->columns : 0);
    const float *mean = normalisation->mean + at;
    const float *deviation = normalisation->standard_deviation + at;
    const float *values = slice + row * grid->nlon;
    const int64_t stride = ar_cube_space_stride(sample->space);
    int64_t first = sample->cube.first_column % grid->nlon;
    const int64_t there = (grid->nlon - first + stride - 1) / stride;
    const int64_t until_end = there < columns ? there : columns;
    int64_t shift = per_point ? first : 0;
    normalise(line, values + first, until_end, stride, mean + shift, deviation + shift, per_point);
    if (until_end == columns) {
        return;
    }
    const int64_t beyond = first + until_end * stride - grid->nlon;
    shift = per_point ? beyond : 0;
    normalise(line + until_end, values + beyond, columns - until_end, stride, mean + shift,
              deviation + shift, per_point);
}

/* Distribute a row over the tokens it belongs to: `tokens` is the first of nx tokens, `within` the
 * place of the row in a token. */
static void scatter_row(const ar_field_tokens *shape, const float *line, float *tokens,
                        int64_t within, uint8_t *state)
{
    int64_t sx = shape->token_size[2];
    int64_t values = shape->token_size[0] * shape->token_size[1] * sx;
    for (int64_t x = 0; x < shape->tokens[2]; x++) {
        float *out = tokens + x * values + within;
        bool missing = false;
        for (int64_t k = 0; k < sx; k++) {
            out[k] = line[x * sx + k];
            missing |= !isfinite(out[k]);
        }
        state[x] |= missing ? AR_TOKEN_MISSING : 0;
    }
}

/* One time of one level; slice NULL where the data does not have it. */
static void read_slice(const ar_sample *sample, const float *slice, int64_t level, int64_t time,
                       int month)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t *tokens = shape->tokens, *size = shape->token_size;
    int64_t columns = tokens[2] * size[2];
    int64_t values = size[0] * size[1] * size[2];
    int64_t statistics =
        ar_normalisation_offset(sample->space->normalisations[sample->field], month, level);
    for (int64_t i = 0; !slice && i < columns; i++) {
        sample->scratch[i] = NAN;
    }
    for (int64_t y = 0; y < tokens[1] * size[1]; y++) {
        if (slice) {
            const int64_t row = sample->cube.first_row + y * ar_cube_space_stride(sample->space);
            read_row(sample, slice, statistics, row, columns, sample->scratch);
        }
        int64_t first =
            ((level * tokens[0] + time / size[0]) * tokens[1] + y / size[1]) * tokens[2];
        int64_t within = (time % size[0] * size[1] + y % size[1]) * size[2];
        scatter_row(shape, sample->scratch, sample->source + first * values, within,
                    sample->state + first);
    }
}

void ar_sample_read(const ar_sample *sample)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    int64_t extent[3];
    ar_cube_extent(shape, extent);
    assert(sample->cube.first_row >= 0 &&
           sample->cube.first_row + ar_cube_span(sample->space, extent[1]) <= field->grid.nlat);
    assert(
        sample->cube.first_column >= 0 &&
        (field->grid.wraps ||
         sample->cube.first_column + ar_cube_span(sample->space, extent[2]) <= field->grid.nlon));
    memset(sample->state, 0,
           (size_t)(field->level_count * shape->tokens[0] * shape->tokens[1] * shape->tokens[2]));
    for (int64_t t = 0; t < extent[0]; t++) {
        int64_t time = sample->cube.first_time + t * sample->space->time_step;
        int64_t index = ar_field_data_find_time(field, time);
        int month = ar_time_date(time, field->calendar).month;
        for (int64_t level = 0; level < field->level_count; level++) {
            const float *slice = index < 0 ? NULL : ar_field_data_slice(field, index, level);
            assert(slice || index < 0); /* what is drawn is in memory */
            read_slice(sample, slice, level, t, month);
        }
    }
}

/* Released: year, day of year, hour, level, 90 − latitude, longitude, level, resolution.
 * Harmonic: sin, cos of latitude, longitude, hour and day of year. */
static void describe_time(float info[AR_TOKEN_INFO_SIZE], ar_token_info_kind kind, int64_t time,
                          ar_calendar calendar, const ar_alpha *alpha)
{
    ar_date date = ar_time_date(time + alpha->later, calendar);
    int day_of_year = ar_time_day_of_year(time + alpha->later, calendar);
    double hour = date.hour + date.minute / 60.0 + date.second / 3600.0;
    if (kind == AR_TOKEN_INFO_RELEASED) {
        info[0] = (float)(date.year + alpha->years);
        info[1] = (float)day_of_year;
        info[2] = (float)hour;
        return;
    }
    double hour_angle = 2 * M_PI * hour / 24;
    double day_angle = 2 * M_PI * (day_of_year + hour / 24) / ar_calendar_year_days(calendar);
    info[4] = (float)sin(hour_angle);
    info[5] = (float)cos(hour_angle);
    info[6] = (float)sin(day_angle);
    info[7] = (float)cos(day_angle);
}

static void describe_latitude(float info[AR_TOKEN_INFO_SIZE], ar_token_info_kind kind,
                              double latitude, double resolution)
{
    if (kind == AR_TOKEN_INFO_RELEASED) {
        info[4] = (float)(90 - latitude);
        info[7] = (float)resolution;
        return;
    }
    info[0] = (float)sin(latitude * M_PI / 180);
    info[1] = (float)cos(latitude * M_PI / 180);
}

static void describe_longitude(float info[AR_TOKEN_INFO_SIZE], ar_token_info_kind kind,
                               double longitude)
{
    if (kind == AR_TOKEN_INFO_RELEASED) {
        double turn = fmod(longitude, 360);
        info[5] = (float)(turn < 0 ? turn + 360 : turn);
        return;
    }
    info[2] = (float)sin(longitude * M_PI / 180);
    info[3] = (float)cos(longitude * M_PI / 180);
}

void ar_token_describe(float info[AR_TOKEN_INFO_SIZE], const ar_cube_space *space,
                       const ar_token_place *place, ar_calendar calendar)
{
    describe_time(info, space->token_info, place->time, calendar, &space->alpha);
    describe_latitude(info, space->token_info, place->latitude, place->resolution);
    describe_longitude(info, space->token_info, place->longitude);
}

/* The first level has everything; the others differ by their level only. */
static void describe_levels(const ar_sample *sample, int64_t tokens_a_level)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    int64_t row_values = tokens_a_level * AR_TOKEN_INFO_SIZE;
    for (int64_t level = field->level_count - 1; level >= 0; level--) {
        float *rows = sample->info + level * row_values;
        if (level > 0) {
            memcpy(rows, sample->info, (size_t)row_values * sizeof *rows);
        }
        if (sample->space->token_info == AR_TOKEN_INFO_RELEASED) {
            for (int64_t i = 0; i < tokens_a_level; i++) {
                rows[i * AR_TOKEN_INFO_SIZE + 3] = (float)field->levels[level];
                rows[i * AR_TOKEN_INFO_SIZE + 6] = (float)field->levels[level];
            }
        }
    }
}

/* One token: what its time and latitude say, but for the part that its longitude has said already
 * in the first row of the sample. */
static void describe_token(float *token, const float *moment, const float *first_row,
                           ar_token_info_kind kind)
{
    int at = kind == AR_TOKEN_INFO_RELEASED ? 5 : 2;
    size_t bytes = (kind == AR_TOKEN_INFO_RELEASED ? 1 : 2) * sizeof(float);
    float longitude[2];
    memcpy(longitude, first_row + at, bytes);
    memcpy(token, moment, AR_TOKEN_INFO_SIZE * sizeof(float));
    memcpy(token + at, longitude, bytes);
}

void ar_sample_describe(const ar_sample *sample)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t *tokens = shape->tokens, *size = shape->token_size;
    const ar_grid *grid = &field->grid;
    ar_token_info_kind kind = sample->space->token_info;
    const int64_t stride = ar_cube_space_stride(sample->space);
    for (int64_t x = 0; x < tokens[2]; x++) {
        int64_t column = (sample->cube.first_column + x * size[2] * stride) % grid->nlon;
        double centre =
            grid->longitude[column] + grid->longitude_step * (double)((size[2] - 1) * stride) / 2;
        describe_longitude(sample->info + x * AR_TOKEN_INFO_SIZE, kind, centre);
    }
    float *token = sample->info;
    for (int64_t t = 0; t < tokens[0]; t++) {
        float moment[AR_TOKEN_INFO_SIZE] = {0};
        int64_t last = (t + 1) * size[0] - 1;
        describe_time(moment, kind, sample->cube.first_time + last * sample->space->time_step,
                      field->calendar, &sample->space->alpha);
        for (int64_t y = 0; y < tokens[1]; y++) {
            const double *rows = grid->latitude + sample->cube.first_row + y * size[1] * stride;
            describe_latitude(moment, kind, (rows[0] + rows[(size[1] - 1) * stride]) / 2,
                              (double)stride * grid->latitude_step);
            for (int64_t x = 0; x < tokens[2]; x++, token += AR_TOKEN_INFO_SIZE) {
                describe_token(token, moment, sample->info + x * AR_TOKEN_INFO_SIZE, kind);
            }
        }
    }
    describe_levels(sample, tokens[0] * tokens[1] * tokens[2]);
}
