/* Displaced targets (τ) against values read point by point: at other times than the tokens', a few
 * points away, coarser; around the date line, beyond poles and the edges of a region, in gaps and
 * at the ends of the period, where there are none; of tokens that have every point of the data, and
 * every second, where what is displaced lies between their own. */
#include "data/displacement.h"

#include <stdlib.h>

#include "synthetic.h"

#include "data/batch_parts.h"

enum { NLAT = 19, NLON = 36, LEVELS = 2, TIMES = 80, FIELDS = 2, SAMPLES = 3, GAP = 21 };
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t data_step = 10800;  /* the data has every third hour, cubes every sixth */
static const int64_t step = 21600;

static float values_with_gap(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return time == GAP && row > 8 ? NAN : scrambled_value(time, level, row, column);
}

typedef struct {
    ar_field_data fields[FIELDS];
    ar_normalisation normalisations[FIELDS];
    const ar_field_data *field_list[FIELDS];
    const ar_normalisation *normalisation_list[FIELDS];
    ar_field_tokens tokens[FIELDS];
    ar_cube_space space;
} fixture;

/* Fields with different token sizes and the same extent, 4 × 6 × 12 points. */
static void make_fixture(fixture *f, bool global, ar_normalisation_area area)
{
    for (int i = 0; i < FIELDS; i++) {
        const synthetic_shape shape = {.name = i == 0 ? "vorticity" : "temperature",
                                       .nlat = NLAT,
                                       .nlon = global ? NLON : NLON - 10,
                                       .north = 90,
                                       .west = global ? 0 : -100,
                                       .step = 10,
                                       .level_count = i == 0 ? LEVELS : 1,
                                       .time_count = TIMES,
                                       .first_time = start,
                                       .time_step = data_step,
                                       .formula = values_with_gap};
        synthetic_field(&f->fields[i], &shape);
        assert_int_equal(ar_normalisation_compute(&f->normalisations[i], &f->fields[i],
                                                  AR_PERIOD_MONTHLY, area, start,
                                                  start + TIMES * data_step, NULL),
                         AR_OK);
        f->field_list[i] = &f->fields[i];
        f->normalisation_list[i] = &f->normalisations[i];
    }
    f->tokens[0] = (ar_field_tokens){.tokens = {4, 2, 4},
                                     .token_size = {1, 3, 3},
                                     .mask_ratio = 0.9,
                                     .mask_zero = 0.3,
                                     .mask_noise = 0.5,
                                     .mask_coarsen = 0.5};
    f->tokens[1] = (ar_field_tokens){
        .tokens = {2, 3, 2}, .token_size = {2, 2, 6}, .mask_ratio = 0.9, .mask_zero = 1};
    f->space = (ar_cube_space){.field_count = FIELDS,
                               .fields = f->field_list,
                               .normalisations = f->normalisation_list,
                               .tokens = f->tokens,
                               .token_info = AR_TOKEN_INFO_RELEASED,
                               .time_step = step};
}

static void release_fixture(fixture *f)
{
    for (int i = 0; i < FIELDS; i++) {
        ar_field_data_release(&f->fields[i]);
        ar_normalisation_release(&f->normalisations[i]);
    }
}

static const ar_masking bert = {.strategy = AR_MASK_BERT};
static const ar_draw draw = {.seed = 42, .step = 7};

/* Where the first point of a token is wanted, and how far apart the others lie. */
typedef struct {
    int64_t level, time, row, column, stride;
} corner;

static corner corner_of(const fixture *f, const ar_cube *cube, int field, int64_t token)
{
    const int64_t *n = f->tokens[field].tokens, *s = f->tokens[field].token_size;
    const int64_t own_stride = f->space.token_doublings == 1 ? 2 : 1;
    const int64_t x = token % n[2], y = token / n[2] % n[1], t = token / (n[2] * n[1]) % n[0];
    return (corner){.level = token / (n[2] * n[1] * n[0]),
                    .time = cube->first_time + t * s[0] * step + cube->wanted.seconds,
                    .row = cube->first_row + y * s[1] * own_stride + cube->wanted.rows,
                    .column = cube->first_column + x * s[2] * own_stride + cube->wanted.columns,
                    .stride = own_stride * (int64_t)pow(2, (double)cube->wanted.doublings)};
}

/* The normalised value there; NaN where the data, or the period of `tau`, has none. */
static float true_value(const fixture *f, int field, const corner *at, const int64_t within[3])
{
    const ar_field_data *data = &f->fields[field];
    const int64_t time = at->time + within[0] * step;
    const int64_t row = at->row + within[1] * at->stride;
    int64_t column = at->column + within[2] * at->stride;
    const ar_tau *tau = f->space.tau;
    if (row < 0 || row >= NLAT || (tau && (time < tau->first_time || time > tau->last_time))) {
        return NAN;
    }
    if (!data->grid.wraps && (column < 0 || column >= data->grid.nlon)) {
        return NAN;
    }
    column = (column + 10 * data->grid.nlon) % data->grid.nlon;
    for (int64_t i = 0; i < TIMES; i++) {
        if (data->times[i] == time) {
            float mean, deviation;
            ar_normalisation_at(&f->normalisations[field], ar_time_date(time, data->calendar).month,
                                at->level, row, column, &mean, &deviation);
            return (ar_field_data_slice(data, i, at->level)[row * data->grid.nlon + column] -
                    mean) /
                   deviation;
        }
    }
    return NAN;
}

/* Truth of a token [V]; false where it is not whole. */
static bool true_token(const fixture *f, int field, const corner *at, float *values)
{
    const int64_t *size = f->tokens[field].token_size;
    bool whole = true;
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
        const int64_t within[3] = {v / (size[1] * size[2]), v / size[2] % size[1], v % size[2]};
        values[v] = true_value(f, field, at, within);
        whole = whole && isfinite(values[v]);
    }
    return whole;
}

/* Raw numbers, of a place that single precision holds; the longitude within a turn. */
static void check_info(const fixture *f, int field, const corner *at, const float *info)
{
    const ar_field_data *data = &f->fields[field];
    const int64_t *size = f->tokens[field].token_size;
    const int64_t time = at->time + (size[0] - 1) * step;
    const ar_date date = ar_time_date(time + f->space.alpha.later, data->calendar);
    const double half = (double)at->stride / 2;
    const double latitude = 90 - 10 * ((double)at->row + half * (double)(size[1] - 1));
    const double longitude =
        data->grid.longitude[0] + 10 * ((double)at->column + half * (double)(size[2] - 1));
    assert_true(info[0] == (float)(date.year + f->space.alpha.years) &&
                info[2] == (float)date.hour);
    assert_true(info[1] == (float)ar_time_day_of_year(time + f->space.alpha.later, data->calendar));
    assert_true(info[3] == 100 + (float)at->level && info[6] == info[3]);
    assert_true(fabs((double)info[4] - (90 - latitude)) < 1e-4);
    assert_true(fabs(remainder((double)info[5] - longitude, 360)) < 1e-4);
    assert_true(info[5] >= 0 && info[5] < 360);
    assert_true(info[7] == 10 * (float)at->stride);
}

/* What a token that is not masked shows and says, where it is itself. */
static void check_own(const fixture *f, const ar_cube *cube, int field, int64_t token,
                      const float *source, const float *info)
{
    const ar_cube own = {.first_time = cube->first_time,
                         .first_row = cube->first_row,
                         .first_column = cube->first_column};
    const corner at = corner_of(f, &own, field, token);
    const int64_t *size = f->tokens[field].token_size;
    float truth[64];
    const bool whole = true_token(f, field, &at, truth);
    for (int64_t v = 0; v < size[0] * size[1] * size[2]; v++) {
        assert_true(source[v] == (whole ? truth[v] : 0));
    }
    check_info(f, field, &at, info);
}

/* Compare a displaced sample with the same one undisplaced: the same tokens are masked, those whose
 * wanted values are all there are targets, the others missing ones. Returns how many targets. */
static int64_t check_sample(const fixture *f, const ar_batch *batch, const ar_batch *plain,
                            int field, int64_t sample, bool for_inference)
{
    const ar_field_batch *part = &batch->fields[field], *other = &plain->fields[field];
    const int64_t first = sample * part->token_count;
    const ar_cube *cube = &batch->cubes[sample];
    float features[AR_DISPLACEMENT_SIZE], truth[64];
    static const float none[AR_DISPLACEMENT_SIZE];
    int64_t targets = 0, next = 0, next_plain = 0;
    const int64_t *size = f->tokens[field].token_size;
    const int64_t own_stride = f->space.token_doublings == 1 ? 2 : 1;
    const int64_t token_extent[3] = {size[0] * step, size[1] * own_stride, size[2] * own_stride};
    ar_displacement_describe(&cube->wanted, token_extent, features);
    for (int64_t level = 0; level < f->fields[field].level_count; level++) {
        for (int64_t i = 0; i < part->token_count / f->fields[field].level_count; i++) {
            const int64_t token = level * (part->token_count / f->fields[field].level_count) + i;
            const int32_t row = (int32_t)(first + token);
            /* Targets are ordered level by level, then by samples. */
            for (next = 0; next < part->masked_count && part->masked[next] != row; next++) {
            }
            for (next_plain = 0;
                 next_plain < other->masked_count && other->masked[next_plain] != row;
                 next_plain++) {
            }
            const bool masked = next_plain < other->masked_count;
            const corner at = corner_of(f, cube, field, token);
            const bool whole = true_token(f, field, &at, truth);
            const size_t bytes = (size_t)part->values * sizeof(float);
            const float *info = part->token_info + row * AR_TOKEN_INFO_SIZE;
            const float *told = part->displacement + row * AR_DISPLACEMENT_SIZE;
            const float *source = part->source + row * part->values;
            assert_int_equal(next < part->masked_count, masked && (whole || for_inference));
            if (next == part->masked_count) {
                assert_memory_equal(told, none, sizeof none);
                assert_memory_equal(info, other->token_info + row * AR_TOKEN_INFO_SIZE,
                                    AR_TOKEN_INFO_SIZE * sizeof *info);
            }
            for (int64_t v = 0; masked && v < part->values; v++) {
                assert_true(source[v] == 0);
            }
            if (next < part->masked_count) {
                for (int64_t v = 0; v < part->values; v++) {
                    const float target = part->target[next * part->values + v];
                    assert_true(target == truth[v] || (isnan(target) && isnan(truth[v])));
                }
                assert_memory_equal(told, features, sizeof features);
                check_info(f, field, &at, info);
                targets++;
            } else if (!masked) {
                assert_memory_equal(source, other->source + row * other->values, bytes);
                check_own(f, cube, field, token, source, info);
            }
        }
    }
    return targets;
}

static const ar_displacement displacements[] = {
    {.seconds = -10800},
    {.seconds = 10800},
    {.seconds = 3600}, /* the data does not have it */
    {.rows = -2},
    {.rows = 1, .columns = 2},
    {.rows = 1, .columns = 1},
    {.columns = -40},
    {.doublings = 1},
    {.seconds = -10800, .rows = -1, .columns = 5, .doublings = 2},
};

/* Also that areas are those of the rows that are wanted, and nothing where there is no row. */
static void check_areas(const fixture *f, const ar_batch *batch, int field)
{
    const ar_field_batch *part = &batch->fields[field];
    const int64_t lines = f->tokens[field].token_size[1];
    for (int64_t m = 0; m < part->masked_count; m++) {
        const int64_t token = part->masked[m] % part->token_count;
        const ar_cube *cube = &batch->cubes[part->masked[m] / part->token_count];
        const corner at = corner_of(f, cube, field, token);
        for (int64_t y = 0; y < lines; y++) {
            const int64_t row = at.row + y * at.stride;
            const bool beyond = row < 0 || row >= NLAT;
            const double area = beyond ? 0 : cos((90 - 10 * (double)row) * M_PI / 180);
            assert_true(fabs((double)part->target_area[m * lines + y] - area) < 1e-6);
        }
    }
}

static void targets_are_where_they_are_wanted(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        const bool global = variant % 2 == 0;
        const int64_t own_stride = variant < 4 ? 1 : 2; /* a cube spans 6 x 12 points, or 11 x 23 */
        fixture f;
        ar_batch batch, plain;
        make_fixture(&f, global, variant % 4 < 2 ? AR_AREA_POINT : AR_AREA_LATITUDE);
        f.space.token_doublings = own_stride - 1;
        assert_int_equal(ar_cube_space_check(&f.space, NULL), AR_OK);
        if (variant == 3) { /* told another date */
            f.space.alpha = (ar_alpha){.years = -11, .later = 30 * 86400};
        }
        assert_int_equal(ar_batch_init(&batch, &f.space, SAMPLES, NULL), AR_OK);
        assert_int_equal(ar_batch_init(&plain, &f.space, SAMPLES, NULL), AR_OK);
        int64_t targets = 0;
        for (size_t d = 0; d < sizeof displacements / sizeof *displacements; d++) {
            /* from the north pole, over the gap; over the date line down to the south pole, and to
             * the end of the data; undisplaced */
            ar_cube cubes[SAMPLES] = {
                {.first_time = start + (GAP - 3) * data_step,
                 .first_column = own_stride == 1 ? 9 : 2},
                {.first_time = start + (TIMES - 8) * data_step,
                 .first_row = NLAT - (5 * own_stride + 1),
                 .first_column = global ? 30 : 26 - (11 * own_stride + 1)},
                {.first_time = start + 40 * data_step, .first_row = 7, .first_column = 3}};
            ar_batch_fill(&plain, &f.space, cubes, SAMPLES, &bert, &draw, false);
            cubes[0].wanted = cubes[1].wanted = displacements[d];
            ar_batch_fill(&batch, &f.space, cubes, SAMPLES, &bert, &draw, false);
            for (int field = 0; field < FIELDS; field++) {
                targets += check_sample(&f, &batch, &plain, field, 0, false);
                targets += check_sample(&f, &batch, &plain, field, 1, false);
                check_areas(&f, &batch, field);
                const ar_field_batch *a = &batch.fields[field], *b = &plain.fields[field];
                const int64_t first = 2 * a->token_count;
                assert_memory_equal(a->source + first * a->values, b->source + first * b->values,
                                    (size_t)(a->token_count * a->values) * sizeof(float));
                assert_memory_equal(a->token_info + first * AR_TOKEN_INFO_SIZE,
                                    b->token_info + first * AR_TOKEN_INFO_SIZE,
                                    (size_t)a->token_count * AR_TOKEN_INFO_SIZE * sizeof(float));
            }
        }
        assert_true(targets > 200); /* it was not all missing */
        ar_batch_release(&batch);
        ar_batch_release(&plain);
        release_fixture(&f);
    }
}

/* A forecast asks for all tokens of its times, whatever the data has there. */
static void inference_needs_no_truth(void **state)
{
    (void)state;
    const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
    fixture f;
    ar_batch batch, plain;
    make_fixture(&f, true, AR_AREA_POINT);
    assert_int_equal(ar_batch_init(&batch, &f.space, 1, NULL), AR_OK);
    assert_int_equal(ar_batch_init(&plain, &f.space, 1, NULL), AR_OK);
    for (size_t d = 0; d < sizeof displacements / sizeof *displacements; d++) {
        ar_cube cube = {.first_time = start + (TIMES - 6) * data_step, .first_row = NLAT - 6};
        ar_batch_fill(&plain, &f.space, &cube, 1, &forecast, &draw, true);
        cube.wanted = displacements[d];
        ar_batch_fill(&batch, &f.space, &cube, 1, &forecast, &draw, true);
        assert_int_equal(check_sample(&f, &batch, &plain, 0, 0, true), LEVELS * 2 * 4);
        assert_int_equal(check_sample(&f, &batch, &plain, 1, 0, true), 3 * 2);
    }
    ar_batch_release(&batch);
    ar_batch_release(&plain);
    release_fixture(&f);
}

/* What lies outside of the period is poisoned; drawn cubes lie in it, displaced targets need not.
 */
static void no_target_lies_outside_of_the_period(void **state)
{
    (void)state;
    enum { FIRST = 24, LAST = 41, STEPS = 60 };
    static const int64_t hours[] = {-12, -3, 9}, strides[] = {1, 2};
    const ar_tau tau = {.share = 0.8,
                        .hours = hours,
                        .hour_count = 3,
                        .rows = 1,
                        .columns = 2,
                        .strides = strides,
                        .stride_count = 2,
                        .first_time = start + FIRST * data_step,
                        .last_time = start + LAST * data_step};
    fixture f;
    ar_batch batch;
    ar_sampler sampler;
    make_fixture(&f, true, AR_AREA_LATITUDE);
    for (int i = 0; i < FIELDS; i++) {
        const int64_t values = f.fields[i].level_count * NLAT * NLON;
        for (int64_t k = 0; k < TIMES * values; k++) {
            if (k / values < FIRST || k / values > LAST) {
                f.fields[i].values[k] = 1e30f;
            }
        }
    }
    f.space.tau = &tau;
    assert_int_equal(ar_batch_init(&batch, &f.space, 8, NULL), AR_OK);
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, tau.first_time, tau.last_time, NULL),
                     AR_OK);
    int64_t targets = 0, outside = 0;
    for (uint32_t n = 0; n < STEPS; n++) {
        ar_cube cubes[8];
        const ar_draw this_draw = {.seed = 3, .step = n};
        ar_sampler_draw(&sampler, &this_draw, cubes, 8);
        ar_batch_fill(&batch, &f.space, cubes, 8, &bert, &this_draw, false);
        for (int i = 0; i < FIELDS; i++) {
            const ar_field_batch *part = &batch.fields[i];
            targets += part->masked_count;
            for (int64_t k = 0; k < part->masked_count * part->values; k++) {
                assert_true(fabsf(part->target[k]) < 100);
            }
        }
        for (int k = 0; k < 8; k++) {
            outside += cubes[k].first_time + cubes[k].wanted.seconds < tau.first_time;
        }
    }
    assert_true(targets > 1000 && outside > 20); /* there was something to keep out */
    ar_sampler_release(&sampler);
    ar_batch_release(&batch);
    release_fixture(&f);
}

/* Each of 2 × 3 × 5 × 2 displacements has its probability: over 40,000 draws no count is farther
 * than 5 deviations off, which happens once in 5·10⁴ to any of 60. All else that samplers draw is
 * what it is without. */
static void displacements_are_uniform(void **state)
{
    (void)state;
    enum { DRAWS = 40000, KINDS = 60 };
    static const int64_t hours[] = {-3, 3}, strides[] = {1, 4};
    const ar_tau tau = {.share = 0.6,
                        .hours = hours,
                        .hour_count = 2,
                        .rows = 1,
                        .columns = 2,
                        .strides = strides,
                        .stride_count = 2,
                        .first_time = INT64_MIN,
                        .last_time = INT64_MAX};
    static ar_cube cubes[DRAWS], plain[DRAWS];
    int64_t counts[KINDS] = {0}, none = 0;
    fixture f;
    ar_sampler sampler;
    make_fixture(&f, true, AR_AREA_LATITUDE);
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, INT64_MIN, INT64_MAX, NULL), AR_OK);
    ar_sampler_draw(&sampler, &draw, plain, DRAWS);
    f.space.tau = &tau;
    ar_sampler_draw(&sampler, &draw, cubes, DRAWS);
    for (int i = 0; i < DRAWS; i++) {
        const ar_displacement *d = &cubes[i].wanted;
        assert_false(ar_displacement_exists(&plain[i].wanted));
        assert_true(cubes[i].first_time == plain[i].first_time &&
                    cubes[i].first_row == plain[i].first_row &&
                    cubes[i].first_column == plain[i].first_column);
        if (!ar_displacement_exists(d)) {
            none++;
            continue;
        }
        assert_true(llabs(d->seconds) == 10800 && d->rows >= -1 && d->rows <= 1 &&
                    d->columns >= -2 && d->columns <= 2 && d->doublings % 2 == 0);
        counts[(((d->seconds > 0) * 3 + d->rows + 1) * 5 + d->columns + 2) * 2 +
               d->doublings / 2]++;
    }
    assert_true(fabs((double)none - 0.4 * DRAWS) < 5 * sqrt(0.4 * 0.6 * DRAWS));
    for (int k = 0; k < KINDS; k++) {
        const double p = 0.6 / KINDS;
        assert_true(fabs((double)counts[k] - p * DRAWS) < 5 * sqrt(p * (1 - p) * DRAWS));
    }
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

/* Points of tokens lie 4 apart. A finer output is asked for by the 16 or 4 displacements that
 * interleave to it, each as often: over 40,000 draws no count is farther than 5 deviations off,
 * which happens once in 10⁵ to any of 17. One that is as fine as the tokens is none. */
static void finer_outputs_interleave(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    static const int64_t hours[] = {0}, strides[] = {1, 2, 4, 8};
    const ar_tau tau = {
        .share = 1, .hours = hours, .hour_count = 1, .strides = strides, .stride_count = 4};
    int64_t counts[4][4] = {{0}}, coarser = 0;
    ar_random stream = ar_draw_stream(&draw, 0, AR_RANDOM_DISPLACEMENT, 0);
    for (int i = 0; i < DRAWS; i++) {
        const ar_displacement d = ar_tau_draw(&tau, 2, &stream);
        assert_true(d.rows >= 0 && d.rows < 4 && d.columns >= 0 && d.columns < 4);
        assert_true(d.seconds == 0 && d.doublings <= (d.rows == 0 && d.columns == 0));
        coarser += d.doublings;
        counts[d.rows][d.columns] += d.doublings == 0;
    }
    assert_true(fabs((double)coarser - 0.25 * DRAWS) < 5 * sqrt(0.25 * 0.75 * DRAWS));
    for (int k = 0; k < 16; k++) {
        const bool even = k / 4 % 2 == 0 && k % 2 == 0;
        const double p = 0.25 / 16 + (even ? 0.25 / 4 : 0) + (k == 0 ? 0.25 : 0);
        assert_true(fabs((double)counts[k / 4][k % 4] - p * DRAWS) < 5 * sqrt(p * (1 - p) * DRAWS));
    }
}

/* A cube is drawn only where all of its points lie in the data, and every such place is: 19 rows
 * hold one that spans 11 at 9 places; 26 columns one of 23 at 4. */
static void coarse_cubes_lie_in_the_data(void **state)
{
    (void)state;
    fixture f;
    ar_sampler sampler;
    ar_error err;
    make_fixture(&f, false, AR_AREA_LATITUDE);
    f.space.token_doublings = 1;
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, INT64_MIN, INT64_MAX, NULL), AR_OK);
    assert_true(sampler.row_count == 9 && sampler.column_count == 4);
    ar_sampler_release(&sampler);
    f.space.token_doublings = 2; /* 21 x 45 */
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message, "field vorticity: its cube of 2 tokens of 3 points spans 21 "
                                     "points in latitude, but the data has 19; at most 1 such "
                                     "tokens fit");
    release_fixture(&f);
    make_fixture(&f, true, AR_AREA_LATITUDE);
    f.tokens[0].tokens[1] = f.tokens[0].tokens[2] = 1;
    f.tokens[0].token_size[1] = f.tokens[0].token_size[2] = 1;
    f.space.token_doublings = 3;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message, "field vorticity: its tokens have every 8th point, but the "
                                     "data has 36 longitudes around the globe; a multiple of that "
                                     "would be right");
    release_fixture(&f);
}

/* By hand: half a token later, a token north, a sixth of a token east, four times as coarse. */
static void features_are_those_of_the_formula(void **state)
{
    (void)state;
    const int64_t token_extent[3] = {2 * step, 3, 6};
    const ar_displacement wanted = {.seconds = 21600, .rows = -3, .columns = 1, .doublings = 2};
    const ar_displacement none = {0};
    const double expected[AR_DISPLACEMENT_SIZE] = {
        0.5, 1, 1, -1, 0, 2, 1.0 / 6, 0.5, 1 - sqrt(0.75), 2};
    float features[AR_DISPLACEMENT_SIZE];
    int64_t before, after;
    ar_displacement_describe(&wanted, token_extent, features);
    for (int i = 0; i < AR_DISPLACEMENT_SIZE; i++) {
        assert_true(fabs((double)features[i] - expected[i]) < 1e-7);
    }
    ar_displacement_describe(&none, token_extent, features);
    for (int i = 0; i < AR_DISPLACEMENT_SIZE; i++) {
        assert_true(features[i] == 0);
    }
    static const int64_t hours[] = {3, -12, 24};
    ar_tau_reach(&(ar_tau){.share = 1, .hours = hours, .hour_count = 3}, &before, &after);
    assert_true(before == 12 * 3600 && after == 24 * 3600);
    ar_tau_reach(NULL, &before, &after);
    assert_true(before == 0 && after == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_where_they_are_wanted),
        cmocka_unit_test(inference_needs_no_truth),
        cmocka_unit_test(no_target_lies_outside_of_the_period),
        cmocka_unit_test(displacements_are_uniform),
        cmocka_unit_test(finer_outputs_interleave),
        cmocka_unit_test(coarse_cubes_lie_in_the_data),
        cmocka_unit_test(features_are_those_of_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
