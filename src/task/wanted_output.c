#include "task/wanted_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "task/forecast_times.h"

enum { POINTS_MOST = 1000, HOURS_MOST = 24 * 366 };

static ar_status refuse(const char *text, ar_error *err)
{
    return ar_fail(err, AR_ERROR_USAGE,
                   "--tau %s: should be words such as time=-3h,rows=1,columns=-2,stride=2: hours "
                   "later, points to the south and to the east, and a power of 2 up to %d",
                   text, 1 << AR_DOUBLINGS_MOST);
}

/* A whole number of −most … most; `unit` may follow it. */
static bool read_number(const char *text, size_t length, char unit, int64_t most, int64_t *value)
{
    char digits[16];
    char *end = NULL;
    if (length > 0 && text[length - 1] == unit) {
        length--;
    }
    if (length == 0 || length >= sizeof digits) {
        return false;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)length, text);
    *value = strtoll(digits, &end, 10);
    return *end == '\0' && digits[0] != ' ' && *value >= -most && *value <= most;
}

/* Which power of 2, up to 2^AR_DOUBLINGS_MOST; −1 where it is none. */
static int64_t doublings_of(int64_t stride)
{
    for (int64_t doublings = 0; doublings <= AR_DOUBLINGS_MOST; doublings++) {
        if (stride == (int64_t)1 << doublings) {
            return doublings;
        }
    }
    return -1;
}

static bool take_stride(ar_wanted_output *output, int64_t stride)
{
    const int64_t beside_own = doublings_of(stride) - output->token_doublings;
    output->displacement.doublings = beside_own > 0 ? beside_own : 0;
    output->halvings = beside_own < 0 ? -beside_own : 0;
    return doublings_of(stride) >= 0;
}

/* One of the words that commas divide. */
static bool read_word(const char *word, size_t length, ar_wanted_output *output)
{
    static const char *const keys[] = {"time=", "rows=", "columns=", "stride="};
    int64_t value;
    for (int k = 0; k < 4; k++) {
        const size_t used = strlen(keys[k]);
        if (length <= used || strncmp(word, keys[k], used) != 0 ||
            !read_number(word + used, length - used, k == 0 ? 'h' : '\0',
                         k == 0 ? HOURS_MOST : POINTS_MOST, &value)) {
            continue;
        }
        switch (k) {
        case 0:
            output->displacement.seconds = 3600 * value;
            return true;
        case 1:
            output->displacement.rows = value;
            return true;
        case 2:
            output->displacement.columns = value;
            return true;
        default:
            return take_stride(output, value);
        }
    }
    return false;
}

/* What is fed back, and what is filled in, lies at the points of the data. */
static ar_status check_task(const ar_wanted_output *output, const ar_forecast_options *o,
                            const ar_checkpoint *checkpoint, ar_error *err)
{
    const char *task = o->gaps ? "gaps" : "roll-outs";
    if (!o->gaps && ar_forecast_steps(o) <= 1) {
        return AR_OK;
    }
    if (o->tau) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--tau %s with %s: other outputs cannot be fed back; should be without",
                       o->tau, o->gaps ? "--gaps" : "--steps");
    }
    if (output->token_doublings > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: %s need a model whose tokens have every point of the data, and its "
                       "data.token_stride is %lld; should be 1",
                       checkpoint->path, task, (long long)checkpoint->configuration.token_stride);
    }
    return AR_OK;
}

static ar_status check_model(const ar_wanted_output *output, const ar_forecast_options *o,
                             const ar_checkpoint *checkpoint, ar_error *err)
{
    const ar_configuration *c = &checkpoint->configuration;
    const int64_t stride = (int64_t)1 << output->displacement.doublings;
    if (!(c->tau.share > 0)) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "--tau %s: %s was not trained for other outputs than its tokens' own; should "
            "be a model with tau.share above 0",
            o->tau, checkpoint->path);
    }
    for (int64_t f = 0; f < c->field_count; f++) {
        const int64_t *tokens = c->fields[f].tokens.tokens;
        if (c->fields[f].predicted && (tokens[1] % stride != 0 || tokens[2] % stride != 0)) {
            return ar_fail(
                err, AR_ERROR_USAGE,
                "--tau %s: %s has %lld x %lld tokens in latitude and longitude; should be "
                "multiples of the stride",
                o->tau, c->fields[f].name, (long long)tokens[1], (long long)tokens[2]);
        }
    }
    return AR_OK;
}

static bool is_listed(const int64_t *list, int64_t count, int64_t value)
{
    for (int64_t i = 0; i < count; i++) {
        if (list[i] == value) {
            return true;
        }
    }
    return false;
}

/* Outputs that training never asked for may be anything. */
static void warn_of_training(const ar_wanted_output *output, const char *text, const ar_tau *tau)
{
    const ar_displacement *wanted = &output->displacement;
    const int64_t own = output->token_doublings;
    const int64_t stride = (int64_t)1 << (own + wanted->doublings - output->halvings);
    bool listed = is_listed(tau->strides, tau->stride_count, stride);
    for (int64_t finer = 1; finer < stride && stride <= (int64_t)1 << own; finer *= 2) {
        listed =
            listed || is_listed(tau->strides, tau->stride_count, finer); /* holds the coarser */
    }
    const bool trained = listed && is_listed(tau->hours, tau->hour_count, wanted->seconds / 3600) &&
                         llabs((long long)wanted->rows) <= tau->rows &&
                         llabs((long long)wanted->columns) <= tau->columns;
    if (!trained && (ar_displacement_exists(wanted) || output->halvings > 0)) {
        ar_log(AR_LOG_WARNING, "--tau %s: the model was not trained for this (tau)", text);
    }
}

ar_status ar_wanted_output_parse(ar_wanted_output *output, const ar_forecast_options *o,
                                 const ar_checkpoint *checkpoint, ar_error *err)
{
    *output = (ar_wanted_output){.token_doublings =
                                     ar_configuration_token_doublings(&checkpoint->configuration)};
    ar_status status = check_task(output, o, checkpoint, err);
    if (status != AR_OK || !o->tau) {
        return status;
    }
    for (const char *word = o->tau; word;) {
        const size_t length = strcspn(word, ",");
        if (!read_word(word, length, output)) {
            return refuse(o->tau, err);
        }
        word = word[length] ? word + length + 1 : NULL;
    }
    status = check_model(output, o, checkpoint, err);
    if (status == AR_OK) {
        const ar_tau tau = ar_configuration_tau(&checkpoint->configuration);
        warn_of_training(output, o->tau, &tau);
    }
    return status;
}

/* Points of the data between neighbouring ones of a pass. */
static int64_t stride_of_pass(const ar_wanted_output *output)
{
    return (int64_t)1 << (output->token_doublings + output->displacement.doublings);
}

/* Every stride-th point. */
static ar_status thin_grid(ar_grid *grid, const ar_grid *data, int64_t stride, ar_error *err)
{
    const int64_t rows = (data->nlat + stride - 1) / stride;
    const int64_t columns = (data->nlon + stride - 1) / stride;
    double *latitude = NULL, *longitude = NULL;
    ar_grid_order order;
    if (stride == 1) {
        return ar_grid_copy(grid, data, err);
    }
    if (data->wraps && data->nlon % stride != 0) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "--tau stride=%lld: the data has %lld longitudes around the globe; should be "
            "a multiple of the stride",
            (long long)stride, (long long)data->nlon);
    }
    ar_status status;
    AR_TRY(ar_allocate(&latitude, (size_t)rows, sizeof *latitude, "latitudes", err));
    AR_TRY(ar_allocate(&longitude, (size_t)columns, sizeof *longitude, "longitudes", err));
    for (int64_t i = 0; i < rows; i++) {
        latitude[i] = data->latitude[i * stride];
    }
    for (int64_t j = 0; j < columns; j++) {
        longitude[j] = data->longitude[j * stride];
    }
    status =
        ar_grid_init(grid, &order, latitude, rows, longitude, columns, "the wanted output", err);
cleanup:
    ar_free(latitude);
    ar_free(longitude);
    return status;
}

ar_status ar_wanted_output_grid(ar_wanted_output *output, const ar_grid *data, ar_error *err)
{
    const int64_t stride = stride_of_pass(output);
    ar_status status = thin_grid(&output->pass_grid, data, stride, err);
    if (status == AR_OK) {
        status = thin_grid(&output->grid, data, stride >> output->halvings, err);
    }
    return status;
}

void ar_wanted_output_release(ar_wanted_output *output)
{
    ar_grid_release(&output->grid);
    ar_grid_release(&output->pass_grid);
    *output = (ar_wanted_output){0};
}

int64_t ar_wanted_output_points(const ar_wanted_output *output, int64_t extent)
{
    return extent >> output->displacement.doublings;
}

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

int64_t ar_wanted_output_passes(const ar_wanted_output *output)
{
    return (int64_t)1 << (2 * output->halvings);
}

ar_cube ar_wanted_output_cube(const ar_wanted_output *output, int64_t pass, const ar_grid *data,
                              const int64_t span[2], int64_t first_time, int64_t row,
                              int64_t column)
{
    ar_cube cube = {.first_time = first_time, .wanted = output->displacement};
    const int64_t stride = stride_of_pass(output), finer = stride >> output->halvings;
    const int64_t southward = (pass >> output->halvings) * finer;
    const int64_t eastward = pass % ((int64_t)1 << output->halvings) * finer;
    cube.wanted.rows += southward;
    cube.wanted.columns += eastward;
    row = row * stride + southward;
    column = column * stride + eastward;
    cube.first_row = clamp(row - cube.wanted.rows, data->nlat - span[0]);
    cube.wanted.rows = row - cube.first_row;
    if (data->wraps) {
        const int64_t first = (column - cube.wanted.columns) % data->nlon;
        cube.first_column = first < 0 ? first + data->nlon : first;
    } else {
        cube.first_column = clamp(column - cube.wanted.columns, data->nlon - span[1]);
        cube.wanted.columns = column - cube.first_column;
    }
    return cube;
}

void ar_wanted_output_interleave(const ar_wanted_output *output, int64_t pass, const float *fields,
                                 int64_t count, float *whole)
{
    const ar_grid *from = &output->pass_grid, *to = &output->grid;
    const int64_t times = (int64_t)1 << output->halvings;
    for (int64_t k = 0; k < count; k++) {
        for (int64_t row = pass / times; row < to->nlat; row += times) {
            const float *line = fields + (k * from->nlat + row / times) * from->nlon;
            for (int64_t column = pass % times; column < to->nlon; column += times) {
                whole[(k * to->nlat + row) * to->nlon + column] = line[column / times];
            }
        }
    }
}
