/* Data that is read month by month: what is drawn has no bias, what is filled is what it would be
 * with all of it in memory, to the bit, at any step a run begins with, and memory is what was said.
 * Chances of a false alarm are 1e-6 each. */
#include "data/residence.h"

#include <unistd.h>

#include "chi_square.h"
#include "synthetic_file.h"

enum {
    NLAT = 19,
    NLON = 36,
    POINTS = NLAT * NLON,
    TIMES = 400,    /* 2025-12-20 to 2026-03-29 */
    TRAINING = 300, /* of them, then come those of validation, which are poisoned */
    GAP = 130,      /* two times that the second field lacks */
    ROWS = 6,
    COLUMNS = 12,
    STEPS = 3,
    SAMPLES = 4,
};
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t step = 21600;
static const int64_t last = 1766188800 + (TRAINING - 1) * 21600;

static float poisoned_value(int64_t time, int64_t level, int64_t row, int64_t column)
{
    const float poison[] = {1e30f, NAN, -1e30f, INFINITY};
    return time < TRAINING ? scrambled_value(time, level, row, column) : poison[(row + column) % 4];
}

static int make_files(void **state)
{
    int failed = make_folder(state);
    synthetic_shape shape = {.name = "vorticity",
                             .nlat = NLAT,
                             .nlon = NLON,
                             .north = 90,
                             .step = 10,
                             .level_count = 2,
                             .first_time = start,
                             .time_step = step,
                             .formula = poisoned_value};
    synthetic_file("v1.nc", &shape, 0, 111, 8);
    synthetic_file("v2.zarr", &shape, 111, TIMES - 111, 16);
    shape.name = "temperature";
    shape.level_count = 1;
    synthetic_file("t1.zarr", &shape, 0, GAP, 31);
    synthetic_file("t2.nc", &shape, GAP + 2, TIMES - GAP - 2, 1);
    return failed;
}

typedef struct {
    ar_field_reader *readers[2];
    ar_field_data whole[2]; /* all in memory */
    ar_field_data parts[2]; /* resident by months */
    ar_field_data *part_list[2];
    ar_normalisation statistics[2];
    const ar_field_data *wholes[2], *part_pointers[2];
    const ar_normalisation *normalisations[2];
    ar_field_tokens tokens[2];
    ar_cube_space space, part_space;
    ar_sampler sampler; /* of part_space */
    ar_month_schedule schedule;
} fixture;

static void make_fixture(fixture *f)
{
    const char *const names[2] = {"vorticity", "temperature"};
    char path[SYNTHETIC_PATH];
    const char *const paths[] = {path};
    ar_error err = {""};
    *f = (fixture){0};
    synthetic_path(path, "*");
    for (int i = 0; i < 2; i++) {
        const ar_field_request request = {.name = names[i]};
        must(ar_field_reader_open(&f->readers[i], paths, 1, &request, &err), &err);
        must(ar_field_reader_load(f->readers[i], &f->whole[i], &err), &err);
        must(ar_field_data_describe(&f->parts[i], &f->whole[i], &err), &err);
        must(ar_normalisation_compute_reading(&f->statistics[i], f->readers[i], AR_PERIOD_MONTHLY,
                                              AR_AREA_LATITUDE, start, last, &err),
             &err);
        f->wholes[i] = &f->whole[i];
        f->part_pointers[i] = f->part_list[i] = &f->parts[i];
        f->normalisations[i] = &f->statistics[i];
        f->tokens[i] = (ar_field_tokens){.tokens = {STEPS, 2, 4}, .token_size = {1, 3, 3}};
    }
    f->space = (ar_cube_space){.field_count = 2,
                               .fields = f->wholes,
                               .normalisations = f->normalisations,
                               .tokens = f->tokens,
                               .time_step = step};
    f->part_space = f->space;
    f->part_space.fields = f->part_pointers;
    must(ar_sampler_init(&f->sampler, &f->part_space, NULL, start, last, &err), &err);
    must(ar_month_schedule_init(&f->schedule, &f->sampler, AR_WHOLE_MONTHS, &err), &err);
    f->schedule.slot_count = 2;
    f->schedule.stay = 5;
    f->schedule.seed = 11;
    f->sampler.months = &f->schedule;
}

static void release_fixture(fixture *f)
{
    ar_month_schedule_release(&f->schedule);
    ar_sampler_release(&f->sampler);
    for (int i = 0; i < 2; i++) {
        ar_field_reader_close(&f->readers[i]);
        ar_field_data_release(&f->whole[i]);
        ar_field_data_release(&f->parts[i]);
        ar_normalisation_release(&f->statistics[i]);
    }
}

static ar_residence_options options_of(fixture *f, int64_t first_step, int64_t last_step)
{
    return (ar_residence_options){.schedule = &f->schedule,
                                  .field_count = 2,
                                  .fields = f->part_list,
                                  .readers = f->readers,
                                  .first_step = first_step,
                                  .last_step = last_step};
}

/* Draws of steps that are a stay apart are independent, since no slot keeps its month so long. */
static void draws_have_no_bias(void **state)
{
    (void)state;
    enum { DRAWS = 60000 };
    fixture f;
    make_fixture(&f);
    f.schedule.slot_count = 3;
    assert_int_equal(f.schedule.month_count, 4);
    /* every time from which STEPS times do not leave training nor meet the gap of two */
    assert_int_equal(f.sampler.window_count, TRAINING - STEPS + 1 - STEPS - 1);
    static double times[TRAINING], rows[NLAT], columns[NLON], probabilities[TRAINING];
    for (uint32_t n = 0; n < DRAWS; n++) {
        ar_cube cube;
        const ar_draw draw = {
            .seed = f.schedule.seed, .step = n * (uint32_t)f.schedule.stay, .first_sample = n % 3};
        ar_sampler_draw(&f.sampler, &draw, &cube, 1);
        int64_t window = 0;
        while (f.sampler.window_times[window] != cube.first_time) {
            window++;
        }
        times[window]++;
        rows[cube.first_row]++;
        columns[cube.first_column]++;
    }
    for (int i = 0; i < f.sampler.window_count; i++) {
        probabilities[i] = 1.0 / (double)f.sampler.window_count;
    }
    check_distribution(times, probabilities, f.sampler.window_count, DRAWS);
    for (int i = 0; i < NLON; i++) {
        probabilities[i] = 1.0 / NLON;
    }
    check_distribution(columns, probabilities, NLON, DRAWS);
    double sum = 0;
    for (int i = 0; i <= NLAT - ROWS; i++) {
        probabilities[i] = cos((90 - 10 * (i + 2.5)) * M_PI / 180);
        sum += probabilities[i];
    }
    for (int i = 0; i <= NLAT - ROWS; i++) {
        probabilities[i] /= sum;
    }
    check_distribution(rows, probabilities, NLAT - ROWS + 1, DRAWS);
    release_fixture(&f);
}

/* Gradient of the squared error ½(a + b·x − y)² of a model with two parameters: x a normalised
 * value at the cube's first corner, y one at its last, with a trend in time, so that a month too
 * often would show. */
static void add_gradient(const fixture *f, const ar_cube *cube, double weight, double gradient[2])
{
    const int64_t t = (cube->first_time - start) / step;
    const int64_t late = ar_field_data_find_time(&f->whole[1], cube->first_time + 2 * step);
    const int64_t row = cube->first_row + ROWS - 1, column = cube->first_column + COLUMNS - 1;
    const double x =
        ar_field_data_slice(&f->whole[0], t, 0)[cube->first_row * NLON + cube->first_column] / 300;
    const double y = ar_field_data_slice(&f->whole[1], late, 0)[row * NLON + column % NLON] / 300 +
                     0.05 * (double)t;
    const double error = 0.3 - 0.2 * x - y;
    gradient[0] += weight * error;
    gradient[1] += weight * error * x;
}

/* The expected gradient of a step is that of uniform sampling, which is summed over all cubes there
 * are: z of its mean over independent steps, whose standard deviation is taken from them. */
static void the_expected_gradient_is_that_of_uniform_sampling(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    fixture f;
    make_fixture(&f);
    double exact[2] = {0}, sum[2] = {0}, squares[2] = {0};
    const double share = 1.0 / (double)(f.sampler.window_count * NLON);
    for (int64_t w = 0; w < f.sampler.window_count; w++) {
        for (int64_t i = 0; i < f.sampler.row_count * NLON; i++) {
            const int64_t row = i / NLON;
            const double *rows = f.sampler.row_cumulative;
            const ar_cube cube = {.first_time = f.sampler.window_times[w],
                                  .first_row = row,
                                  .first_column = i % NLON};
            add_gradient(&f, &cube, share * (rows[row] - (row > 0 ? rows[row - 1] : 0)), exact);
        }
    }
    for (uint32_t n = 0; n < DRAWS; n++) {
        ar_cube cubes[SAMPLES];
        const ar_draw draw = {.seed = f.schedule.seed, .step = n * (uint32_t)f.schedule.stay};
        double gradient[2] = {0};
        ar_sampler_draw(&f.sampler, &draw, cubes, SAMPLES);
        for (int k = 0; k < SAMPLES; k++) {
            add_gradient(&f, &cubes[k], 1.0 / SAMPLES, gradient);
        }
        for (int p = 0; p < 2; p++) {
            sum[p] += gradient[p] - exact[p];
            squares[p] += (gradient[p] - exact[p]) * (gradient[p] - exact[p]);
        }
    }
    for (int p = 0; p < 2; p++) {
        assert_true(fabs(sum[p]) < 4.892 * sqrt(squares[p]));
    }
    release_fixture(&f);
}

static void slots_are_replaced_one_after_the_other(void **state)
{
    (void)state;
    const int64_t cases[][2] = {{1, 1}, {1, 7}, {3, 7}, {4, 4}, {5, 2}, {12, 1000}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const ar_month_schedule schedule = {.slot_count = cases[c][0], .stay = cases[c][1]};
        const int64_t slots = schedule.slot_count, stay = schedule.stay;
        for (int64_t n = 1; n < 3 * stay; n++) {
            int64_t replaced = 0;
            for (int64_t s = 0; s < slots; s++) {
                replaced += ar_month_schedule_generation(&schedule, s, n) -
                            ar_month_schedule_generation(&schedule, s, n - 1);
                assert_int_equal(ar_month_schedule_generation(&schedule, s, n + stay),
                                 ar_month_schedule_generation(&schedule, s, n) + 1);
            }
            assert_true(replaced <= (slots + stay - 1) / stay);
        }
    }
}

static void compare(const ar_batch *a, const ar_batch *b)
{
    assert_memory_equal(a->cubes, b->cubes, SAMPLES * sizeof *a->cubes);
    for (int i = 0; i < 2; i++) {
        const ar_field_batch *x = &a->fields[i], *y = &b->fields[i];
        const size_t values = (size_t)(SAMPLES * x->token_count * x->values) * sizeof(float);
        assert_memory_equal(x->source, y->source, values);
        assert_int_equal(x->masked_count, y->masked_count);
        assert_memory_equal(x->target, y->target,
                            (size_t)(x->masked_count * x->values) * sizeof(float));
        /* Neither a gap nor what is poisoned: all tokens of the last time are targets. */
        assert_int_equal(x->masked_count, SAMPLES * 8 * (2 - i));
        for (int64_t k = 0; k < SAMPLES * x->token_count * x->values; k++) {
            assert_true(fabsf(x->source[k]) < 100);
        }
        for (int64_t k = 0; k < x->masked_count * x->values; k++) {
            assert_true(fabsf(x->target[k]) < 100);
        }
    }
}

/* Bytes of the slots and one month more, each as large as the largest: so many times of the first
 * field, which has two levels, and of the second. */
static int64_t bytes_of(int64_t slots, const int64_t times[2])
{
    return (slots + 1) * (2 * times[0] + times[1]) * POINTS * (int64_t)sizeof(float);
}

static void check_steps(fixture *f, int64_t first_step, int64_t last_step, const int64_t times[2])
{
    const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
    const ar_residence_options options = options_of(f, first_step, last_step);
    ar_residence *residence = NULL;
    ar_batch by_months, expected;
    ar_error err = {""};
    must(ar_batch_init(&by_months, &f->part_space, SAMPLES, &err), &err);
    must(ar_batch_init(&expected, &f->space, SAMPLES, &err), &err);
    must(ar_residence_start(&residence, &options, &err), &err);
    assert_int_equal(ar_residence_bytes(residence), bytes_of(f->schedule.slot_count, times));
    int64_t resident = 0;
    for (int64_t n = first_step; n <= last_step; n++) {
        ar_cube cubes[SAMPLES];
        const ar_draw draw = {.seed = f->schedule.seed, .step = (uint32_t)n};
        must(ar_residence_wait(residence, n, &err), &err);
        ar_sampler_draw(&f->sampler, &draw, cubes, SAMPLES);
        ar_batch_fill(&by_months, &f->part_space, cubes, SAMPLES, &forecast, &draw, false);
        ar_batch_fill(&expected, &f->space, cubes, SAMPLES, &forecast, &draw, false);
        compare(&by_months, &expected);
        for (int64_t t = 0; t < TIMES; t++) {
            resident += ar_field_data_slice(&f->parts[0], t, 0) != NULL;
        }
    }
    /* Of 4 months, or 11 parts of them, there are 1 or 2 in memory. */
    const int64_t steps = last_step - first_step + 1;
    assert_true(resident > 2 * steps && resident <= 2 * times[0] * steps);
    ar_residence_stop(&residence);
    assert_null(residence);
    assert_null(ar_field_data_slice(&f->parts[0], 0, 0));
    ar_batch_release(&by_months);
    ar_batch_release(&expected);
}

/* A run that goes on at step 23 sees what one from step 1 on sees then. */
static void batches_are_those_of_whole_data(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f);
    /* January and what its last cubes need of February; the second field has a gap in it */
    const int64_t january[2] = {31 * 4 + STEPS - 1, 31 * 4 + STEPS - 3};
    check_steps(&f, 1, 60, january);
    check_steps(&f, 23, 40, january);
    f.schedule.stay = 1; /* all slots anew at every step */
    check_steps(&f, 1, 12, january);
    const uint64_t seed = f.schedule.seed;
    ar_error err = {""};
    ar_month_schedule_release(&f.schedule);
    must(ar_month_schedule_init(&f.schedule, &f.sampler, 8, &err), &err);
    /* from the 20th on two of December, four of January and of February, one of March */
    assert_int_equal(f.schedule.month_count, 2 + 4 + 4 + 1);
    f.schedule.seed = seed;
    f.schedule.slot_count = 2;
    f.schedule.stay = 3;
    const int64_t parts[2] = {8 * 4 + STEPS - 1, 8 * 4 + STEPS - 1};
    check_steps(&f, 5, 45, parts);
    release_fixture(&f);
}

/* One month for all: of validation, where it is kept whole. */
static void a_single_month_is_read_once(void **state)
{
    (void)state;
    fixture f;
    ar_error err = {""};
    ar_residence *residence = NULL;
    make_fixture(&f);
    ar_month_schedule_release(&f.schedule);
    must(ar_month_schedule_init(&f.schedule, &f.sampler, 0, &err), &err);
    assert_int_equal(f.schedule.month_count, 1);
    const ar_residence_options options = options_of(&f, 0, 1000);
    must(ar_residence_start(&residence, &options, &err), &err);
    assert_int_equal(ar_residence_bytes(residence),
                     (TRAINING * 3 - 2) * POINTS * (int64_t)sizeof(float));
    for (int64_t n = 0; n < 1000; n += 100) {
        must(ar_residence_wait(residence, n, &err), &err);
        for (int64_t t = 0; t < TIMES; t++) {
            assert_int_equal(ar_field_data_slice(&f.parts[0], t, 1) != NULL, t < TRAINING);
        }
    }
    ar_residence_stop(&residence);
    release_fixture(&f);
}

/* Statistics month by month are those of data in memory, to the bit, and see no poison. */
static void statistics_are_those_of_whole_data(void **state)
{
    (void)state;
    fixture f;
    ar_error err = {""};
    make_fixture(&f);
    const ar_normalisation_period periods[] = {AR_PERIOD_OVERALL, AR_PERIOD_MONTHLY};
    const ar_normalisation_area areas[] = {AR_AREA_GLOBAL, AR_AREA_LATITUDE, AR_AREA_POINT};
    for (int i = 0; i < 12; i++) {
        ar_normalisation whole, read;
        const int field = i % 2;
        must(ar_normalisation_compute(&whole, &f.whole[field], periods[i / 2 % 2], areas[i / 4],
                                      start, last, &err),
             &err);
        must(ar_normalisation_compute_reading(&read, f.readers[field], periods[i / 2 % 2],
                                              areas[i / 4], start, last, &err),
             &err);
        const size_t bytes =
            sizeof(float) * 13 * (size_t)(whole.level_count * whole.rows * whole.columns);
        assert_memory_equal(whole.mean, read.mean, bytes);
        assert_memory_equal(whole.standard_deviation, read.standard_deviation, bytes);
        assert_memory_equal(whole.month_seen, read.month_seen, sizeof whole.month_seen);
        for (size_t k = 0; k < bytes / sizeof(float); k++) {
            assert_true(fabsf(read.mean[k]) < 1000 && read.standard_deviation[k] < 1000);
        }
        ar_normalisation_release(&whole);
        ar_normalisation_release(&read);
    }
    release_fixture(&f);
}

/* A file that goes while its months are read is named at the step that needs them. */
static void what_fails_is_handed_over(void **state)
{
    (void)state;
    fixture f;
    ar_residence *residence = NULL;
    ar_error err = {""};
    char path[SYNTHETIC_PATH], away[SYNTHETIC_PATH];
    make_fixture(&f);
    synthetic_path(path, "t2.nc");
    synthetic_path(away, "away");
    assert_int_equal(rename(path, away), 0);
    const ar_residence_options options = options_of(&f, 1, 1000);
    must(ar_residence_start(&residence, &options, &err), &err);
    ar_status status = AR_OK;
    for (int64_t n = 1; n <= 1000 && status == AR_OK; n++) {
        status = ar_residence_wait(residence, n, &err);
    }
    assert_int_equal(status, AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "t2.nc"));
    ar_residence_stop(&residence);
    ar_residence_stop(&residence);
    assert_int_equal(rename(away, path), 0);
    release_fixture(&f);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f);
    const ar_residence_options options = options_of(&f, 1, 3);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed += failed < 30 ? 1 : 17) {
        ar_residence *residence = NULL;
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = ar_residence_start(&residence, &options, &err);
        for (int64_t n = 1; n <= 3 && status == AR_OK; n++) {
            status = ar_residence_wait(residence, n, &err);
        }
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || err.message[0]);
        ar_residence_stop(&residence);
        assert_true(failed < 10000);
    }
    assert_true(failed > 10);
    release_fixture(&f);
}

/* Targets before and after the months' own times are in memory with them, to the bit, and none is
 * of what follows training. */
static void displaced_targets_are_in_memory(void **state)
{
    (void)state;
    static const int64_t hours[] = {-30, 12}, strides[] = {1};
    const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
    const ar_tau tau = {.share = 0.7,
                        .hours = hours,
                        .hour_count = 2,
                        .strides = strides,
                        .stride_count = 1,
                        .first_time = start,
                        .last_time = last};
    fixture f;
    ar_residence *residence = NULL;
    ar_batch by_months, expected;
    ar_error err = {""};
    make_fixture(&f);
    f.space.tau = f.part_space.tau = &tau;
    const ar_residence_options options = options_of(&f, 0, 40);
    must(ar_batch_init(&by_months, &f.part_space, SAMPLES, &err), &err);
    must(ar_batch_init(&expected, &f.space, SAMPLES, &err), &err);
    must(ar_residence_start(&residence, &options, &err), &err);
    int64_t displaced = 0, targets = 0;
    for (uint32_t n = 0; n <= 40; n++) {
        ar_cube cubes[SAMPLES];
        const ar_draw draw = {.seed = f.schedule.seed, .step = n};
        must(ar_residence_wait(residence, n, &err), &err);
        ar_sampler_draw(&f.sampler, &draw, cubes, SAMPLES);
        ar_batch_fill(&by_months, &f.part_space, cubes, SAMPLES, &forecast, &draw, false);
        ar_batch_fill(&expected, &f.space, cubes, SAMPLES, &forecast, &draw, false);
        for (int k = 0; k < SAMPLES; k++) {
            displaced += ar_displacement_exists(&cubes[k].wanted);
        }
        for (int i = 0; i < 2; i++) {
            const ar_field_batch *x = &by_months.fields[i], *y = &expected.fields[i];
            targets += x->masked_count;
            assert_int_equal(x->masked_count, y->masked_count);
            assert_memory_equal(x->target, y->target,
                                (size_t)(x->masked_count * x->values) * sizeof(float));
            for (int64_t k = 0; k < x->masked_count * x->values; k++) {
                assert_true(fabsf(x->target[k]) < 100);
            }
        }
    }
    assert_true(displaced > 60 && targets > 500);
    ar_residence_stop(&residence);
    ar_batch_release(&by_months);
    ar_batch_release(&expected);
    release_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_no_bias),
        cmocka_unit_test(the_expected_gradient_is_that_of_uniform_sampling),
        cmocka_unit_test(slots_are_replaced_one_after_the_other),
        cmocka_unit_test(batches_are_those_of_whole_data),
        cmocka_unit_test(a_single_month_is_read_once),
        cmocka_unit_test(statistics_are_those_of_whole_data),
        cmocka_unit_test(what_fails_is_handed_over),
        cmocka_unit_test(memory_may_be_short),
        cmocka_unit_test(displaced_targets_are_in_memory),
    };
    return cmocka_run_group_tests(tests, make_files, remove_folder);
}
