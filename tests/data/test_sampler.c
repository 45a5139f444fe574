/* Cubes are drawn without bias, reproducibly, and never from where they must not be. χ² bounds are
 * exceeded by chance with probability 1e-6 (Wilson and Hilferty 1931). */
#include "data/batch.h"

#include "chi_square.h"
#include "synthetic.h"

enum { NLAT = 19, NLON = 36, TIMES = 60, ROWS = 6, COLUMNS = 12, STEPS = 3 };
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t step = 21600;

typedef struct {
    ar_field_data field, other;
    ar_normalisation normalisation;
    const ar_field_data *fields[2];
    const ar_normalisation *normalisations[2];
    ar_field_tokens tokens[2];
    ar_cube_space space;
} fixture;

static void make_fixture(fixture *f, double west, int64_t nlon)
{
    synthetic_shape shape = {.name = "vorticity",
                             .nlat = NLAT,
                             .nlon = nlon,
                             .north = 90,
                             .west = west,
                             .step = 10,
                             .level_count = 1,
                             .time_count = TIMES,
                             .first_time = start,
                             .time_step = step,
                             .formula = scrambled_value};
    synthetic_field(&f->field, &shape);
    shape.name = "temperature";
    synthetic_field(&f->other, &shape);
    assert_int_equal(ar_normalisation_compute(&f->normalisation, &f->field, AR_PERIOD_OVERALL,
                                              AR_AREA_GLOBAL, INT64_MIN, INT64_MAX, NULL),
                     AR_OK);
    f->tokens[0] = f->tokens[1] =
        (ar_field_tokens){.tokens = {STEPS, 2, 4}, .token_size = {1, 3, 3}};
    f->fields[0] = &f->field;
    f->fields[1] = &f->other;
    f->normalisations[0] = f->normalisations[1] = &f->normalisation;
    f->space = (ar_cube_space){.field_count = 2,
                               .fields = f->fields,
                               .normalisations = f->normalisations,
                               .tokens = f->tokens,
                               .time_step = step};
}

static void release_fixture(fixture *f)
{
    ar_field_data_release(&f->field);
    ar_field_data_release(&f->other);
    ar_normalisation_release(&f->normalisation);
}

static void init_sampler(ar_sampler *sampler, const fixture *f)
{
    ar_error err;
    assert_int_equal(ar_sampler_init(sampler, &f->space, NULL, INT64_MIN, INT64_MAX, &err), AR_OK);
}

enum { DRAWS = 40000 };

static void distributions_are_as_stated(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, 0, NLON);
    ar_sampler sampler;
    init_sampler(&sampler, &f);
    assert_int_equal(sampler.window_count, TIMES - STEPS + 1);
    assert_int_equal(sampler.row_count, NLAT - ROWS + 1);
    assert_int_equal(sampler.column_count, NLON);
    static ar_cube cubes[DRAWS];
    const ar_draw draw = {.seed = 9, .step = 3};
    ar_sampler_draw(&sampler, &draw, cubes, DRAWS);
    double times[TIMES] = {0}, rows[NLAT] = {0}, columns[NLON] = {0}, probabilities[TIMES];
    for (int i = 0; i < DRAWS; i++) {
        times[(cubes[i].first_time - start) / step]++;
        rows[cubes[i].first_row]++;
        columns[cubes[i].first_column]++;
    }
    for (int i = 0; i < TIMES; i++) {
        probabilities[i] = 1.0 / (TIMES - STEPS + 1);
    }
    check_distribution(times, probabilities, TIMES - STEPS + 1, DRAWS);
    for (int i = 0; i < NLON; i++) {
        probabilities[i] = 1.0 / NLON;
    }
    check_distribution(columns, probabilities, NLON, DRAWS);
    /* centres of cubes of six rows at first row i: 90 − 10·(i + 2.5) degrees */
    double sum = 0;
    for (int i = 0; i < NLAT - ROWS + 1; i++) {
        probabilities[i] = cos((90 - 10 * (i + 2.5)) * M_PI / 180);
        sum += probabilities[i];
    }
    for (int i = 0; i < NLAT - ROWS + 1; i++) {
        probabilities[i] /= sum;
    }
    check_distribution(rows, probabilities, NLAT - ROWS + 1, DRAWS);
    /* time, latitude and longitude are drawn independently: 2 × 2 × 2 halves are equally full
     * (29 + 29 windows, 7 + 7 rows symmetric about the equator, 18 + 18 columns) */
    double halves[8] = {0};
    for (int i = 0; i < DRAWS; i++) {
        int late = cubes[i].first_time - start >= 29 * step;
        halves[4 * late + 2 * (cubes[i].first_row >= 7) + (cubes[i].first_column >= 18)]++;
        probabilities[i % 8] = 1.0 / 8;
    }
    check_distribution(halves, probabilities, 8, DRAWS);
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

static void a_single_row_reaches_the_poles(void **state)
{
    (void)state;
    /* Cubes of one row: the probability of a row is the area of its band, that of a pole its cap.
     */
    fixture f;
    make_fixture(&f, 0, NLON);
    f.tokens[0].tokens[1] = f.tokens[1].tokens[1] = 1;
    f.tokens[0].token_size[1] = f.tokens[1].token_size[1] = 1;
    ar_sampler sampler;
    init_sampler(&sampler, &f);
    double weights[NLAT];
    ar_grid_area_weights(&f.field.grid, weights);
    for (int i = 0; i < NLAT; i++) {
        double probability =
            sampler.row_cumulative[i] - (i > 0 ? sampler.row_cumulative[i - 1] : 0);
        assert_true(fabs(probability - weights[i] / NLAT) < 1e-14);
    }
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

static void a_region_does_not_wrap(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, 200, 20);
    ar_sampler sampler;
    init_sampler(&sampler, &f);
    assert_int_equal(sampler.column_count, 20 - COLUMNS + 1);
    static ar_cube cubes[DRAWS];
    const ar_draw draw = {.seed = 1};
    ar_sampler_draw(&sampler, &draw, cubes, DRAWS);
    double columns[9] = {0}, probabilities[9];
    for (int i = 0; i < DRAWS; i++) {
        assert_in_range(cubes[i].first_column, 0, 8);
        columns[cubes[i].first_column]++;
        probabilities[i % 9] = 1.0 / 9;
    }
    check_distribution(columns, probabilities, 9, DRAWS);
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

static void samples_are_numbered(void **state)
{
    (void)state;
    /* Sample k is the same drawn alone or with others; other steps, seeds and validation differ. */
    fixture f;
    make_fixture(&f, 0, NLON);
    ar_sampler sampler;
    init_sampler(&sampler, &f);
    ar_cube many[64], alone;
    ar_draw draw = {.seed = 77, .step = 12};
    ar_sampler_draw(&sampler, &draw, many, 64);
    for (uint32_t k = 0; k < 64; k++) {
        const ar_draw one = {.seed = 77, .step = 12, .first_sample = k};
        ar_sampler_draw(&sampler, &one, &alone, 1);
        assert_memory_equal(&alone, &many[k], sizeof alone);
    }
    const ar_draw others[] = {{.seed = 78, .step = 12},
                              {.seed = 77, .step = 13},
                              {.seed = 77, .step = 12, .validation = true}};
    for (int i = 0; i < 3; i++) {
        ar_cube different[64];
        ar_sampler_draw(&sampler, &others[i], different, 64);
        assert_memory_not_equal(different, many, sizeof many);
    }
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

static void windows_keep_to_their_period_and_cross_no_gap(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f, 0, NLON);
    /* the second field lacks time 20: its later times move up by one */
    for (int64_t i = 20; i < TIMES - 1; i++) {
        f.other.times[i] = f.other.times[i + 1];
    }
    f.other.time_count--;
    const int64_t first = start + 10 * step + 1, last = start + 40 * step;
    ar_sampler sampler;
    ar_error err;
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, first, last, &err), AR_OK);
    int64_t expected = 0;
    for (int64_t i = 11; i + STEPS - 1 <= 40; i++) {
        if (i + STEPS - 1 >= 20 && i <= 20) {
            continue;
        }
        assert_true(expected < sampler.window_count);
        assert_int_equal(sampler.window_times[expected], start + i * step);
        expected++;
    }
    assert_int_equal(sampler.window_count, expected);
    ar_sampler_release(&sampler);
    /* every second time */
    f.space.time_step = 2 * step;
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, start, start + 10 * step, &err),
                     AR_OK);
    assert_int_equal(sampler.window_count, 7);
    ar_sampler_release(&sampler);
    /* nothing fits */
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, start, start + step, &err),
                     AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "no cube of 3 times, 12 hours apart"));
    assert_non_null(strstr(err.message, "field temperature has 59 times"));
    assert_null(sampler.window_times);
    release_fixture(&f);
}

/* What is drawn under a sampling is where it says, all of it is drawn, and by area. */
static void check_sampling(const ar_sampling *sampling, int64_t windows, const bool *rows,
                           const bool *columns)
{
    fixture f;
    ar_sampler sampler;
    ar_error err = {""};
    static ar_cube cubes[DRAWS];
    double times[TIMES] = {0}, row_counts[NLAT] = {0}, column_counts[NLON] = {0};
    double probabilities[TIMES], counts[NLON];
    make_fixture(&f, 0, NLON);
    assert_int_equal(ar_sampler_init(&sampler, &f.space, sampling, INT64_MIN, INT64_MAX, &err),
                     AR_OK);
    assert_int_equal(sampler.window_count, windows);
    const ar_draw draw = {.seed = 4, .step = 1};
    ar_sampler_draw(&sampler, &draw, cubes, DRAWS);
    for (int i = 0; i < DRAWS; i++) {
        const ar_date date = ar_time_date(cubes[i].first_time, f.field.calendar);
        assert_true(sampling->months == 0 || sampling->months >> date.month & 1);
        assert_true(sampling->hours == 0 || sampling->hours >> date.hour & 1);
        times[(cubes[i].first_time - start) / step]++;
        row_counts[cubes[i].first_row]++;
        column_counts[cubes[i].first_column]++;
    }
    int64_t count = 0;
    for (int i = 0; i < TIMES; i++) {
        if (times[i] > 0) {
            times[count++] = times[i];
        }
    }
    assert_int_equal(count, windows);
    for (int i = 0; i < windows; i++) {
        probabilities[i] = 1.0 / (double)windows;
    }
    check_distribution(times, probabilities, windows, DRAWS);
    double sum = 0;
    count = 0;
    for (int i = 0; i <= NLAT - ROWS; i++) {
        assert_int_equal(row_counts[i] > 0, rows[i]);
        if (rows[i]) {
            counts[count] = row_counts[i];
            probabilities[count] = cos((90 - 10 * (i + 2.5)) * M_PI / 180);
            sum += probabilities[count++];
        }
    }
    for (int i = 0; i < count; i++) {
        probabilities[i] /= sum;
    }
    if (count > 1) {
        check_distribution(counts, probabilities, count, DRAWS);
    }
    count = 0;
    for (int j = 0; j < NLON; j++) {
        assert_int_equal(column_counts[j] > 0, columns[j]);
        if (columns[j]) {
            counts[count++] = column_counts[j];
        }
    }
    for (int j = 0; j < count; j++) {
        probabilities[j] = 1.0 / (double)count;
    }
    if (count > 1) {
        check_distribution(counts, probabilities, count, DRAWS);
    }
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

static void a_sampling_chooses(void **state)
{
    (void)state;
    /* cubes have 6 x 12 points, 10 degrees apart; 60 times from 2025-12-20, 58 windows: 12 days of
     * December, the others of January; hours 0, 6, 12 and 18 begin with 0 */
    bool rows[NLAT], columns[NLON];
    for (int i = 0; i < NLAT; i++) {
        rows[i] = i <= NLAT - ROWS;
    }
    for (int j = 0; j < NLON; j++) {
        columns[j] = true;
    }
    check_sampling(&(ar_sampling){.months = 1 << 12}, 48, rows, columns);
    check_sampling(&(ar_sampling){.months = 1 << 1 | 1 << 6, .hours = 1 << 0 | 1 << 1 | 1 << 18}, 5,
                   rows, columns);
    check_sampling(&(ar_sampling){.hours = 1 << 18}, 14, rows, columns);
    /* 70 N to 0: first rows 70 N (index 2) to 50 N; from 150 E across the date line to 70 W, which
     * are 140 degrees: first columns 15, 16, 17 and 18 with 110 degrees each */
    for (int i = 0; i < NLAT; i++) {
        rows[i] = i >= 2 && i <= 4;
    }
    for (int j = 0; j < NLON; j++) {
        columns[j] = j >= 15 && j <= 18;
    }
    ar_sampling region = {.has_region = true, .north = 70, .west = 150, .south = 0, .east = -70};
    check_sampling(&region, 58, rows, columns);
    region.west -= 360; /* the same meridians */
    region.east -= 360;
    check_sampling(&region, 58, rows, columns);
    region.west = 0; /* all around */
    region.east = 360;
    for (int j = 0; j < NLON; j++) {
        columns[j] = true;
    }
    check_sampling(&region, 58, rows, columns);
    /* the cube with its centre at 45 N, 355 E begins 25 degrees to the north and 55 to the west */
    for (int i = 0; i < NLAT; i++) {
        rows[i] = i == 2;
    }
    for (int j = 0; j < NLON; j++) {
        columns[j] = j == 30;
    }
    check_sampling(&(ar_sampling){.has_location = true, .latitude = 46, .longitude = -4}, 58, rows,
                   columns);
}

static void a_sampling_without_cubes_is_refused(void **state)
{
    (void)state;
    const struct {
        ar_sampling sampling;
        const char *message;
    } cases[] = {
        {{.months = 1 << 7}, "of 58 times at which a cube of field vorticity could begin none is"},
        {{.hours = 1 << 5}, "none is of sampling.months and sampling.hours"},
        {{.has_region = true, .north = 40, .west = 0, .south = 0, .east = 350},
         "sampling.region is [40, 0, 0, 350], and no cube (50 x 110 degrees) of the data (-90 to "
         "90 N, 0 to 350 E) lies in it; should be larger"},
        {{.has_region = true, .north = 90, .west = 300, .south = -90, .east = 40},
         "should be larger"},
        {{.has_location = true, .latitude = 80, .longitude = 0},
         "sampling.location is [80, 0], where no cube"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        ar_sampler sampler;
        ar_error err = {""};
        make_fixture(&f, 0, NLON);
        assert_int_equal(
            ar_sampler_init(&sampler, &f.space, &cases[i].sampling, INT64_MIN, INT64_MAX, &err),
            AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_null(sampler.columns);
        release_fixture(&f);
    }
}

static void validation_times_never_reach_training(void **state)
{
    (void)state;
    /* Poisoned from time 40 on: neither the statistics nor any cube of training sees it. */
    fixture f;
    make_fixture(&f, 0, NLON);
    enum { BATCH = 200 };
    const int64_t last = start + 39 * step;
    for (int64_t i = 40 * NLAT * NLON; i < (int64_t)TIMES * NLAT * NLON; i++) {
        f.field.values[i] = i % 3 ? 1e30f : NAN;
        f.other.values[i] = i % 2 ? -1e30f : INFINITY;
    }
    ar_normalisation_release(&f.normalisation);
    assert_int_equal(ar_normalisation_compute(&f.normalisation, &f.field, AR_PERIOD_MONTHLY,
                                              AR_AREA_POINT, start, last, NULL),
                     AR_OK);
    ar_sampler sampler;
    ar_batch batch;
    assert_int_equal(ar_sampler_init(&sampler, &f.space, NULL, start, last, NULL), AR_OK);
    assert_int_equal(ar_batch_init(&batch, &f.space, BATCH, NULL), AR_OK);
    const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
    ar_cube cubes[BATCH];
    for (uint32_t n = 0; n < 10; n++) {
        const ar_draw draw = {.seed = 3, .step = n};
        ar_sampler_draw(&sampler, &draw, cubes, BATCH);
        ar_batch_fill(&batch, &f.space, cubes, BATCH, &forecast, &draw, false);
        for (int field = 0; field < 2; field++) {
            const ar_field_batch *part = &batch.fields[field];
            /* nothing missing: every token of the last time is a target */
            assert_int_equal(part->masked_count, BATCH * 8);
            for (int64_t i = 0; i < BATCH * part->token_count * part->values; i++) {
                assert_true(fabsf(part->source[i]) < 100);
            }
            for (int64_t i = 0; i < part->masked_count * part->values; i++) {
                assert_true(fabsf(part->target[i]) < 100);
            }
        }
    }
    ar_batch_release(&batch);
    ar_sampler_release(&sampler);
    release_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions_are_as_stated),
        cmocka_unit_test(a_single_row_reaches_the_poles),
        cmocka_unit_test(a_region_does_not_wrap),
        cmocka_unit_test(samples_are_numbered),
        cmocka_unit_test(windows_keep_to_their_period_and_cross_no_gap),
        cmocka_unit_test(a_sampling_chooses),
        cmocka_unit_test(a_sampling_without_cubes_is_refused),
        cmocka_unit_test(validation_times_never_reach_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
