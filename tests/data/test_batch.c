/* Batches against a slow and independent reading of the same definitions: every value, mask, target
 * and number of token information. */
#include "data/batch.h"

#include "synthetic.h"

#include <omp.h>

#include "base/log.h"
#include "data/batch_parts.h"

enum { NLAT = 19, NLON = 36, LEVELS = 2, TIMES = 100, FIELDS = 2 };
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t step = 21600;
static const int64_t year = 366 * 86400LL;

static float first_values(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return scrambled_value(time, level, row, column);
}

static float second_values(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return 0.25f * scrambled_value(time + 3, level + 5, row, column + 1) + 77;
}

/* Two fields with different token sizes (the same extent 4 × 6 × 12) and everything they need. */
typedef struct {
    ar_field_data fields[FIELDS];
    ar_normalisation normalisations[FIELDS];
    const ar_field_data *field_list[FIELDS];
    const ar_normalisation *normalisation_list[FIELDS];
    ar_field_tokens tokens[FIELDS];
    ar_cube_space space;
} fixture;

static void make_fixture(fixture *f, ar_normalisation_area area, double west, int64_t nlon)
{
    const value_formula formulas[] = {first_values, second_values};
    const char *const names[] = {"vorticity", "temperature"};
    for (int i = 0; i < FIELDS; i++) {
        const synthetic_shape shape = {.name = names[i],
                                       .nlat = NLAT,
                                       .nlon = nlon,
                                       .north = 90,
                                       .west = west,
                                       .step = 10,
                                       .level_count = i == 0 ? LEVELS : 1,
                                       .time_count = TIMES,
                                       .first_time = start,
                                       .time_step = step,
                                       .formula = formulas[i]};
        synthetic_field(&f->fields[i], &shape);
        assert_int_equal(ar_normalisation_compute(&f->normalisations[i], &f->fields[i],
                                                  AR_PERIOD_MONTHLY, area, start, start + year,
                                                  NULL),
                         AR_OK);
        f->field_list[i] = &f->fields[i];
        f->normalisation_list[i] = &f->normalisations[i];
    }
    f->tokens[0] = (ar_field_tokens){.tokens = {4, 2, 4},
                                     .token_size = {1, 3, 3},
                                     .mask_ratio = 0.9,
                                     .mask_zero = 0.5,
                                     .mask_noise = 0.3,
                                     .mask_coarsen = 0.3};
    f->tokens[1] = (ar_field_tokens){
        .tokens = {2, 3, 2}, .token_size = {2, 2, 6}, .mask_ratio = 0.5, .mask_zero = 1};
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

/* Where value v of token `row` of a sample is. */
typedef struct {
    int64_t level, time, row, column; /* in the cube */
} place;

static place find_place(const ar_field_tokens *shape, int64_t token, int64_t v)
{
    const int64_t *n = shape->tokens, *s = shape->token_size;
    int64_t x = token % n[2], y = token / n[2] % n[1], t = token / (n[2] * n[1]) % n[0];
    return (place){.level = token / (n[2] * n[1] * n[0]),
                   .time = t * s[0] + v / (s[1] * s[2]),
                   .row = y * s[1] + v / s[2] % s[1],
                   .column = x * s[2] + v % s[2]};
}

/* The normalised value there, read point by point; NaN outside the data's times. */
static float true_value(const fixture *f, int field, const ar_cube *cube, place p)
{
    const ar_field_data *data = &f->fields[field];
    int64_t time = cube->first_time + p.time * step;
    int64_t index = ar_field_data_find_time(data, time);
    if (index < 0) {
        return NAN;
    }
    int64_t row = cube->first_row + p.row;
    int64_t column = (cube->first_column + p.column) % data->grid.nlon;
    float mean, deviation;
    ar_normalisation_at(&f->normalisations[field], ar_time_date(time, data->calendar).month,
                        p.level, row, column, &mean, &deviation);
    float value = data->values[((index * data->level_count + p.level) * data->grid.nlat + row) *
                                   data->grid.nlon +
                               column];
    return (value - mean) / deviation;
}

static const ar_cube cubes[] = {
    {.first_time = start, .first_row = 0, .first_column = 0},
    /* across the date line, down to the south pole */
    {.first_time = start + 40 * step, .first_row = 13, .first_column = 35},
    /* across the new year: two months in one cube */
    {.first_time = start + 46 * step, .first_row = 5, .first_column = 30},
    /* touches the last column and time */
    {.first_time = start + (TIMES - 4) * step, .first_row = 7, .first_column = 24},
};
enum { CUBES = sizeof cubes / sizeof *cubes };
static const ar_masking no_mask = {.strategy = AR_MASK_NONE};
static const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
static const ar_masking bert = {.strategy = AR_MASK_BERT};
static const ar_draw draw = {.seed = 42, .step = 7};

static void values_are_where_they_belong(void **state)
{
    (void)state;
    for (int area = AR_AREA_GLOBAL; area <= AR_AREA_POINT; area++) {
        fixture f;
        make_fixture(&f, (ar_normalisation_area)area, 0, NLON);
        ar_batch batch;
        assert_int_equal(ar_batch_init(&batch, &f.space, CUBES + 1, NULL), AR_OK);
        ar_batch_fill(&batch, &f.space, cubes, CUBES, &no_mask, &draw, false);
        for (int field = 0; field < FIELDS; field++) {
            const ar_field_batch *part = &batch.fields[field];
            assert_int_equal(part->token_count, field == 0 ? 64 : 12);
            assert_int_equal(part->values, field == 0 ? 9 : 24);
            assert_int_equal(part->masked_count, 0);
            for (int64_t i = 0; i < CUBES * part->token_count * part->values; i++) {
                int64_t row = i / part->values;
                place p = find_place(&f.tokens[field], row % part->token_count, i % part->values);
                /* the same operations in the same precision: equal */
                assert_true(part->source[i] ==
                            true_value(&f, field, &cubes[row / part->token_count], p));
            }
        }
        ar_batch_release(&batch);
        release_fixture(&f);
    }
}

static void hides_one_time_token(int64_t known_after)
{
    const ar_masking masking = {
        .strategy = AR_MASK_FORECAST, .forecast_tokens = 1, .known_after = known_after};
    fixture f;
    make_fixture(&f, AR_AREA_LATITUDE, 0, NLON);
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, CUBES, NULL), AR_OK);
    ar_batch_fill(&batch, &f.space, cubes, CUBES, &masking, &draw, false);
    for (int field = 0; field < FIELDS; field++) {
        const ar_field_batch *part = &batch.fields[field];
        const int64_t *n = f.tokens[field].tokens;
        int64_t a_time = n[1] * n[2], a_level = n[0] * a_time, target = 0;
        for (int64_t level = 0; level < f.fields[field].level_count; level++) {
            for (int64_t k = 0; k < CUBES; k++) {
                for (int64_t token = level * a_level; token < (level + 1) * a_level; token++) {
                    bool hidden = token % a_level / a_time == n[0] - 1 - known_after;
                    int64_t row = k * part->token_count + token;
                    if (hidden) {
                        assert_int_equal(part->masked[target], row);
                    }
                    for (int64_t v = 0; v < part->values; v++) {
                        float truth = true_value(&f, field, &cubes[k],
                                                 find_place(&f.tokens[field], token, v));
                        assert_true(part->source[row * part->values + v] == (hidden ? 0 : truth));
                        assert_true(!hidden || part->target[target * part->values + v] == truth);
                    }
                    for (int64_t v = 0; hidden && v < part->values; v++) {
                        const place p = find_place(&f.tokens[field], token, v);
                        const int64_t *size = f.tokens[field].token_size;
                        double latitude = 90 - 10 * (double)(cubes[k].first_row + p.row);
                        double area =
                            (double)part->target_area[target * size[1] + v / size[2] % size[1]];
                        /* float rounds at 6e-8 */
                        assert_true(fabs(area - cos(latitude * M_PI / 180)) < 1e-7);
                    }
                    target += hidden;
                }
            }
        }
        assert_int_equal(part->masked_count, target);
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void forecast_hides_the_last_times(void **state)
{
    (void)state;
    hides_one_time_token(0);
}

/* One time token is known after the hidden one: the third of four of the first field, the first of
 * two of the second. */
static void times_before_known_ones_are_hidden(void **state)
{
    (void)state;
    hides_one_time_token(1);
}

static void inference_needs_no_future(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, 1, NULL), AR_OK);
    /* the last two of four times are beyond the data: the last token of the second field (two times
     * a token), but two tokens of the first one, of which only the last is asked for */
    const ar_cube cube = {
        .first_time = start + (TIMES - 2) * step, .first_row = 3, .first_column = 3};
    for (int for_inference = 0; for_inference < 2; for_inference++) {
        ar_batch_fill(&batch, &f.space, &cube, 1, &forecast, &draw, for_inference);
        for (int field = 0; field < FIELDS; field++) {
            const ar_field_batch *part = &batch.fields[field];
            int64_t a_time = f.tokens[field].tokens[1] * f.tokens[field].tokens[2];
            int64_t expected = for_inference ? a_time * f.fields[field].level_count : 0;
            assert_int_equal(part->masked_count, expected);
            for (int64_t i = 0; i < expected * part->values; i++) {
                assert_true(isnan(part->target[i]));
            }
            for (int64_t i = 0; i < part->token_count * part->values; i++) {
                place p = find_place(&f.tokens[field], i / part->values, i % part->values);
                float truth = p.time < 2 ? true_value(&f, field, &cube, p) : 0;
                assert_true(part->source[i] == truth);
            }
        }
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void missing_values_hide_their_tokens(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    /* one missing and one infinite value, in the tokens (time 3, row 1, column 2) of level 1 and
     * (0, 0, 0) of level 0 of the cube at the north-western corner */
    float *values = f.fields[0].values;
    values[((3 * LEVELS + 1) * NLAT + 4) * NLON + 7] = NAN;
    values[2] = INFINITY;
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, 1, NULL), AR_OK);
    const ar_field_batch *part = &batch.fields[0];
    const int64_t missing[] = {0, 32 + 3 * 8 + 1 * 4 + 2};
    const ar_masking *const maskings[] = {&no_mask, &forecast, &bert};
    for (int m = 0; m < 3; m++) {
        for (uint32_t n = 0; n < 20; n++) {
            const ar_draw this_draw = {.seed = 1, .step = n};
            ar_batch_fill(&batch, &f.space, cubes, 1, maskings[m], &this_draw, false);
            for (int i = 0; i < 2; i++) {
                for (int64_t v = 0; v < 9; v++) {
                    assert_true(part->source[missing[i] * 9 + v] == 0);
                }
                for (int64_t k = 0; k < part->masked_count; k++) {
                    assert_true(part->masked[k] != missing[i]);
                }
            }
            for (int64_t i = 0; i < part->token_count * 9; i++) {
                assert_true(isfinite(part->source[i]));
            }
            for (int64_t i = 0; i < part->masked_count * 9; i++) {
                assert_true(isfinite(part->target[i]));
            }
        }
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void token_information(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, CUBES, NULL), AR_OK);
    ar_batch_fill(&batch, &f.space, cubes, CUBES, &bert, &draw, false);
    /* first field, cube 1 (row 13, column 35, from 2025-12-30T00): token of level 1, time 2, row 1,
     * column 1. Its time is 12:00, its centre row 13 + 3 + 1 (80 S), its column 35 + 3 + 1 = 39 (30
     * E). */
    const float *info = batch.fields[0].token_info + (64 + 32 + 2 * 8 + 4 + 1) * AR_TOKEN_INFO_SIZE;
    const float released[] = {2025, 363, 12, 101, 170, 30, 101, 10};
    assert_memory_equal(info, released, sizeof released);
    /* second field, cube 2 (row 5, column 30, from 2025-12-31T12): token of time 1, row 2,
     * column 1. Last time 2026-01-01T06; rows 9 and 10 (centre 5 S); columns 36 to 41 (centre 25
     * E). */
    info = batch.fields[1].token_info + (2 * 12 + 6 + 4 + 1) * AR_TOKEN_INFO_SIZE;
    const float second[] = {2026, 0, 6, 100, 95, 25, 100, 10};
    assert_memory_equal(info, second, sizeof second);
    ar_batch_release(&batch);

    f.space.token_info = AR_TOKEN_INFO_HARMONIC;
    assert_int_equal(ar_batch_init(&batch, &f.space, CUBES, NULL), AR_OK);
    ar_batch_fill(&batch, &f.space, cubes, CUBES, &bert, &draw, false);
    info = batch.fields[0].token_info + (64 + 32 + 2 * 8 + 4 + 1) * AR_TOKEN_INFO_SIZE;
    const double day = 2 * M_PI * 363.5 / 365.2425;
    const double harmonic[] = {
        -sin(80 * M_PI / 180), cos(80 * M_PI / 180), 0.5, sqrt(0.75), 0, -1, sin(day), cos(day)};
    for (int i = 0; i < AR_TOKEN_INFO_SIZE; i++) {
        assert_true(fabs(info[i] - harmonic[i]) < 1e-6); /* single precision */
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

/* Rows of a batch for one field, copied to compare. */
static bool same_sample(const ar_batch *a, int64_t in_a, const ar_batch *b, int64_t in_b)
{
    bool same = true;
    for (int field = 0; field < FIELDS; field++) {
        const ar_field_batch *x = &a->fields[field], *y = &b->fields[field];
        int64_t rows = x->token_count, values = x->values;
        same &= memcmp(x->source + in_a * rows * values, y->source + in_b * rows * values,
                       (size_t)(rows * values) * sizeof(float)) == 0;
        int64_t i = 0, j = 0;
        for (;; i++, j++) {
            while (i < x->masked_count && x->masked[i] / rows != in_a) {
                i++;
            }
            while (j < y->masked_count && y->masked[j] / rows != in_b) {
                j++;
            }
            if (i == x->masked_count || j == y->masked_count) {
                break;
            }
            same &= x->masked[i] % rows == y->masked[j] % rows;
            same &= memcmp(x->target + i * values, y->target + j * values,
                           (size_t)values * sizeof(float)) == 0;
        }
        same &= i == x->masked_count && j == y->masked_count;
    }
    return same;
}

static void samples_do_not_know_their_batch(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, AR_AREA_LATITUDE, 0, NLON);
    ar_batch whole, part;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(3);
    assert_int_equal(ar_batch_init(&whole, &f.space, CUBES, NULL), AR_OK);
    ar_batch_fill(&whole, &f.space, cubes, CUBES, &bert, &draw, false);
    omp_set_num_threads(1);
    assert_int_equal(ar_batch_init(&part, &f.space, 2, NULL), AR_OK);
    ar_draw second_half = draw;
    second_half.first_sample = 2;
    ar_batch_fill(&part, &f.space, cubes + 2, 2, &bert, &second_half, false);
    assert_true(same_sample(&whole, 2, &part, 0));
    assert_true(same_sample(&whole, 3, &part, 1));
    /* and what should differ does: another step, another seed, validation */
    const ar_draw others[] = {{.seed = 42, .step = 8, .first_sample = 2},
                              {.seed = 43, .step = 7, .first_sample = 2},
                              {.seed = 42, .step = 7, .first_sample = 2, .validation = true}};
    for (int i = 0; i < 3; i++) {
        ar_batch_fill(&part, &f.space, cubes + 2, 2, &bert, &others[i], false);
        assert_false(same_sample(&whole, 2, &part, 0));
    }
    omp_set_num_threads(threads);
    ar_batch_release(&whole);
    ar_batch_release(&part);
    release_fixture(&f);
}

static void bert_statistics(void **state)
{
    (void)state;
    /* Of the first field (32 tokens a level, ratio up to 0.9): the number of targets is ⌈32·ratio⌉,
     * whose mean is 32·0.45 + ½ nearly; every token is a target equally often; half of the targets
     * are zero before noise; targets hold the truth, and tokens that are no targets are untouched.
     */
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    enum { BATCH = 50, STEPS = 40, TOKENS = 64 };
    f.tokens[0].mask_noise = f.tokens[0].mask_coarsen = 0;
    ar_cube many[BATCH];
    for (int k = 0; k < BATCH; k++) {
        many[k] = cubes[k % CUBES];
    }
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, BATCH, NULL), AR_OK);
    const ar_field_batch *part = &batch.fields[0];
    double counts[TOKENS] = {0}, targets = 0, zeros = 0;
    for (uint32_t n = 0; n < STEPS; n++) {
        const ar_draw this_draw = {.seed = 5, .step = n};
        ar_batch_fill(&batch, &f.space, many, BATCH, &bert, &this_draw, false);
        int64_t next = 0, order_before = -1;
        for (int64_t i = 0; i < part->masked_count; i++) {
            int64_t row = part->masked[i], token = row % TOKENS;
            int64_t order = (token / 32 * BATCH + row / TOKENS) * 32 + token % 32;
            assert_true(order > order_before); /* level, sample, token */
            order_before = order;
            counts[token]++;
            targets++;
            bool zero = true, same = true;
            for (int64_t v = 0; v < 9; v++) {
                float seen = part->source[row * 9 + v];
                zero &= seen == 0;
                same &= seen == part->target[i * 9 + v];
            }
            assert_true(zero || same);
            zeros += zero;
        }
        for (int64_t row = 0; row < BATCH * TOKENS; row++) {
            bool masked = false;
            for (next = 0; next < part->masked_count && !masked; next++) {
                masked = part->masked[next] == row;
            }
            place p = find_place(&f.tokens[0], row % TOKENS, 4);
            assert_true(masked ||
                        part->source[row * 9 + 4] == true_value(&f, 0, &many[row / TOKENS], p));
        }
    }
    /* ⌈32·0.9·u⌉ takes 1 … 28 with probability 1/28.8 each, and 29 with 0.8/28.8 */
    double draws = (double)BATCH * STEPS * LEVELS;
    double mean = (28 * 29 / 2 + 29 * 0.8) / 28.8;
    /* the count's standard deviation is below 29/√12: 6 standard errors */
    assert_true(fabs(targets / draws - mean) < 6 * 29 / sqrt(12 * draws));
    assert_true(fabs(zeros / targets - 0.5) < 6 * 0.5 / sqrt(targets));
    double chi = 0, expected = targets / TOKENS;
    for (int i = 0; i < TOKENS; i++) {
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    /* χ² of 63 degrees of freedom exceeds 131 with probability 1e-6 (draws without replacement vary
     * less) */
    assert_true(chi < 131);
    ar_batch_release(&batch);
    release_fixture(&f);
}

/* Which of the tokens [level][nt][ny·nx] of a sample are targets. */
static void mark_targets(const ar_field_batch *part, int64_t sample, bool *marked)
{
    memset(marked, 0, (size_t)part->token_count);
    for (int64_t i = 0; i < part->masked_count; i++) {
        if (part->masked[i] / part->token_count == sample) {
            marked[part->masked[i] % part->token_count] = true;
        }
    }
}

static void masks_of_whole_times_and_places(void **state)
{
    (void)state;
    /* A mask of whole times is the same at all places of a time, one of whole places at all times
     * of a place; where the probabilities have the sum 1, every mask is one of the two, and of 50
     * samples either has none with a probability below 2·2⁻⁵⁰. */
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    enum { BATCH = 50, TOKENS = 64 };
    ar_cube many[BATCH];
    for (int k = 0; k < BATCH; k++) {
        many[k] = cubes[0];
    }
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, BATCH, NULL), AR_OK);
    const ar_field_batch *part = &batch.fields[0];
    const int64_t *tokens = f.tokens[0].tokens;
    const int64_t places = tokens[1] * tokens[2], a_level = tokens[0] * places;
    assert_int_equal(part->token_count, TOKENS);
    const ar_masking maskings[] = {
        {.whole_times = 1}, {.whole_places = 1}, {.whole_times = 0.5, .whole_places = 0.5}};
    for (int m = 0; m < 3; m++) {
        int by_time = 0, by_place = 0;
        ar_batch_fill(&batch, &f.space, many, BATCH, &maskings[m], &(ar_draw){.seed = 9}, false);
        for (int64_t s = 0; s < BATCH; s++) {
            bool marked[TOKENS];
            mark_targets(part, s, marked);
            for (const bool *level = marked; level < marked + TOKENS; level += a_level) {
                bool same_in_time = true, same_in_place = true;
                for (int64_t i = 0; i < a_level; i++) {
                    same_in_time &= level[i] == level[i / places * places];
                    same_in_place &= level[i] == level[i % places];
                }
                assert_true(same_in_time || same_in_place);
                by_time += same_in_time && !same_in_place;
                by_place += same_in_place && !same_in_time;
            }
        }
        assert_int_equal(by_time > 0, m != 1);
        assert_int_equal(by_place > 0, m != 0);
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void masks_together(void **state)
{
    (void)state;
    /* The levels of a field, and fields of as many tokens, have the same mask; without it the
     * levels of 50 samples differ (32 tokens with some ratio: the same by chance in few). */
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    enum { BATCH = 50 };
    ar_cube many[BATCH];
    for (int k = 0; k < BATCH; k++) {
        many[k] = cubes[0];
    }
    ar_batch batch;
    assert_int_equal(ar_batch_init(&batch, &f.space, BATCH, NULL), AR_OK);
    const ar_field_batch *part = &batch.fields[0];
    const int64_t *tokens = f.tokens[0].tokens;
    const int64_t a_level = tokens[0] * tokens[1] * tokens[2];
    bool marked[64];
    assert_int_equal(part->token_count, 64);
    for (int together = 0; together < 2; together++) {
        const ar_masking masking = {.together = together, .whole_places = 0.5};
        int same = 0;
        ar_batch_fill(&batch, &f.space, many, BATCH, &masking, &(ar_draw){.seed = 3}, false);
        for (int64_t s = 0; s < BATCH; s++) {
            mark_targets(part, s, marked);
            same += memcmp(marked, marked + a_level, (size_t)a_level) == 0;
        }
        assert_true(together ? same == BATCH : same < BATCH / 2);
    }
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void noise_has_its_moments(void **state)
{
    (void)state;
    /* (1 − w)·1 + 0.1·N(0, 1): mean ½, variance 1/12 + 0.01; within a token only the noise varies.
     */
    enum { TOKENS = 20000, VALUES = 8 };
    const ar_field_tokens shape = {.token_size = {2, 2, 2}, .mask_noise = 1};
    ar_random noise = {.seed = 1, .purpose = AR_RANDOM_NOISE};
    ar_random coarsen = {.seed = 1, .purpose = AR_RANDOM_COARSEN};
    double sum = 0, square = 0, within = 0;
    for (int i = 0; i < TOKENS; i++) {
        float token[VALUES] = {1, 1, 1, 1, 1, 1, 1, 1}, scratch[2 * VALUES];
        ar_token_disturb(&shape, token, scratch, &noise, &coarsen);
        double mean = 0;
        for (int v = 0; v < VALUES; v++) {
            mean += token[v] / VALUES;
        }
        sum += mean;
        square += (mean - 0.5) * (mean - 0.5);
        for (int v = 0; v < VALUES; v++) {
            within += (token[v] - mean) * (token[v] - mean) / (VALUES - 1);
        }
    }
    double variance = 1.0 / 12 + 0.01 / VALUES;
    /* 6 standard errors, of kurtosis at most 3 */
    assert_true(fabs(sum / TOKENS - 0.5) < 6 * sqrt(variance / TOKENS));
    assert_true(fabs(square / TOKENS - variance) < 6 * variance * sqrt(2.0 / TOKENS));
    assert_true(fabs(within / TOKENS - 0.01) < 6 * 0.01 * sqrt(2.0 / 7 / TOKENS));
}

/* Interpolation between cell centres, the value held outside of them (what PyTorch calls trilinear
 * with align_corners=False). The numbers of the line are worked out in the comment. */
static void coarsening_is_trilinear(void **state)
{
    (void)state;
    float scratch[256];
    /* nothing is lost at full size, and a constant stays what it is at any size */
    const int64_t size[3] = {3, 4, 5}, coarse[3] = {2, 2, 3};
    float token[60], before[60];
    for (int i = 0; i < 60; i++) {
        before[i] = token[i] = (float)(i * 37 % 11);
    }
    ar_token_coarsen(token, size, size, scratch);
    assert_memory_equal(token, before, sizeof token);
    for (int i = 0; i < 60; i++) {
        token[i] = 2.5f;
    }
    ar_token_coarsen(token, size, coarse, scratch);
    for (int i = 0; i < 60; i++) {
        assert_true(token[i] == 2.5f);
    }
    /* 4 cells to 2: centres 0.5 and 2.5, values 0.5·(a+b); back: held outside, ¼ and ¾ inside */
    const int64_t line[3] = {1, 1, 4}, half[3] = {1, 1, 2};
    float values[4] = {0, 2, 4, 10};
    const float expected[4] = {1, 2.5f, 5.5f, 7};
    ar_token_coarsen(values, line, half, scratch);
    for (int i = 0; i < 4; i++) {
        assert_true(fabsf(values[i] - expected[i]) < 1e-6f);
    }
    /* separable: a product of lines coarsens to the product of the coarsened lines */
    const int64_t cube[3] = {4, 4, 4}, halves[3] = {2, 2, 2};
    const float original[4] = {0, 2, 4, 10};
    float product[64];
    for (int i = 0; i < 64; i++) {
        product[i] = original[i / 16] * original[i / 4 % 4] * original[i % 4];
    }
    ar_token_coarsen(product, cube, halves, scratch);
    for (int i = 0; i < 64; i++) {
        float p = expected[i / 16] * expected[i / 4 % 4] * expected[i % 4];
        assert_true(fabsf(product[i] - p) < 1e-5f * 343);
    }
}

static void tokens_copy_is_a_bijection(void **state)
{
    (void)state;
    const ar_field_tokens shape = {.tokens = {2, 3, 4}, .token_size = {3, 2, 5}};
    enum { POINTS = 2 * 3 * 4 * 3 * 2 * 5 };
    float points[POINTS], tokens[POINTS], again[POINTS] = {0};
    for (int i = 0; i < POINTS; i++) {
        points[i] = (float)i;
    }
    ar_tokens_copy(&shape, points, tokens, true);
    ar_tokens_copy(&shape, again, tokens, false);
    assert_memory_equal(points, again, sizeof points);
    for (int i = 0; i < POINTS; i++) {
        place p = find_place(&shape, i / 30, i % 30);
        assert_true(tokens[i] == (float)((p.time * 6 + p.row) * 20 + p.column));
    }
}

static void filling_allocates_nothing_and_is_quick(void **state)
{
    (void)state;
    /* The training job's batch: 48 cubes of 3 × 12 × 18 points of two fields. Its time is told, and
     * only held against a bound that no build misses by chance. */
    fixture f;
    make_fixture(&f, AR_AREA_LATITUDE, 0, NLON);
    for (int i = 0; i < FIELDS; i++) {
        f.tokens[i] = (ar_field_tokens){.tokens = {3, 4, 6}, .token_size = {1, 3, 3}};
    }
    f.space.token_info = AR_TOKEN_INFO_HARMONIC;
    ar_sampler sampler;
    ar_batch batch;
    ar_cube drawn[48];
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, start, start + year, NULL), AR_OK);
    assert_int_equal(ar_batch_init(&batch, &f.space, 48, NULL), AR_OK);
    ar_batch_fill(&batch, &f.space, cubes, 1, &forecast, &draw, false);
    int64_t allocations = ar_allocation_count();
    double best = 1;
    for (uint32_t n = 0; n < 20; n++) {
        const ar_draw this_draw = {.step = n};
        double before = ar_clock_seconds();
        ar_sampler_draw(&sampler, &this_draw, drawn, 48);
        ar_batch_fill(&batch, &f.space, drawn, 48, &forecast, &this_draw, false);
        double seconds = ar_clock_seconds() - before;
        best = seconds < best ? seconds : best;
    }
    assert_int_equal(ar_allocation_count(), allocations);
    print_message("48 cubes of 2 fields: %.2f ms\n", 1000 * best);
    assert_true(best < 0.1);
    ar_sampler_release(&sampler);
    ar_batch_release(&batch);
    release_fixture(&f);
}

static void wrong_spaces_are_named(void **state)
{
    (void)state;
    const struct {
        int64_t tokens[3], size[3];
        double ratio;
        const char *says;
    } cases[] = {
        {{4, 2, 4}, {1, 3, 2}, 0.5, "all cubes have to have the same extent"},
        {{4, 0, 4}, {1, 3, 3}, 0.5, "at least one"},
        {{4, 2, 4}, {1, 3, 3}, 1.5, "mask ratio is 1.5"},
        {{4, 2, 4}, {1, 3, 3}, NAN, "mask ratio"},
    };
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    ar_error err;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_OK);
    const ar_field_tokens good = f.tokens[1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(f.tokens[1].tokens, cases[i].tokens, sizeof cases[i].tokens);
        memcpy(f.tokens[1].token_size, cases[i].size, sizeof cases[i].size);
        f.tokens[1].mask_ratio = cases[i].ratio;
        assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "temperature"));
        assert_non_null(strstr(err.message, cases[i].says));
    }
    f.tokens[1] = good;
    f.tokens[0].tokens[1] = 7;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "vorticity"));
    assert_non_null(strstr(err.message, "at most 6 such tokens fit"));
    f.tokens[0].tokens[1] = 2;
    f.fields[1].calendar = AR_CALENDAR_360_DAY;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "360_day"));
    f.fields[1].calendar = f.fields[0].calendar;
    f.fields[1].grid.longitude[3] += 1;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "different grids"));
    f.fields[1].grid.longitude[3] -= 1;
    f.normalisations[1].level_count++;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "normalisation"));
    f.normalisations[1].level_count--;

    assert_int_equal(ar_masking_check(&forecast, &f.space, &err), AR_OK);
    const ar_masking too_long = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 2};
    assert_int_equal(ar_masking_check(&too_long, &f.space, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "temperature"));
    release_fixture(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, AR_AREA_GLOBAL, 0, NLON);
    ar_status status = AR_ERROR_MEMORY;
    int failures = 0;
    for (; status != AR_OK; failures++) {
        ar_batch batch;
        ar_sampler sampler = {0};
        ar_fail_allocation_after(failures);
        status = ar_batch_init(&batch, &f.space, 3, NULL);
        if (status == AR_OK) {
            status = ar_sampler_init(&sampler, &f.space, NULL, start, start + year, NULL);
        }
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_batch_release(&batch);
        ar_sampler_release(&sampler);
    }
    assert_true(failures > 10);
    ar_batch batch;
    ar_error err;
    assert_int_equal(ar_batch_init(&batch, &f.space, INT64_MAX / 2, &err), AR_ERROR_MEMORY);
    release_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_where_they_belong),
        cmocka_unit_test(forecast_hides_the_last_times),
        cmocka_unit_test(times_before_known_ones_are_hidden),
        cmocka_unit_test(inference_needs_no_future),
        cmocka_unit_test(missing_values_hide_their_tokens),
        cmocka_unit_test(token_information),
        cmocka_unit_test(samples_do_not_know_their_batch),
        cmocka_unit_test(bert_statistics),
        cmocka_unit_test(masks_of_whole_times_and_places),
        cmocka_unit_test(masks_together),
        cmocka_unit_test(noise_has_its_moments),
        cmocka_unit_test(coarsening_is_trilinear),
        cmocka_unit_test(tokens_copy_is_a_bijection),
        cmocka_unit_test(filling_allocates_nothing_and_is_quick),
        cmocka_unit_test(wrong_spaces_are_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
