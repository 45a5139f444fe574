/* Batches filled ahead on another thread are those filled when they are needed, to the bit, of any
 * range of steps; what fails there arrives here; and a loader can be stopped at any moment. */
#include "train/loader.h"

#include "data/synthetic.h"

enum { NLAT = 19, NLON = 36, TIMES = 60, SAMPLES = 3, STEPS = 40 };

typedef struct {
    ar_field_data field;
    ar_normalisation normalisation;
    const ar_field_data *fields[1];
    const ar_normalisation *normalisations[1];
    ar_field_tokens tokens;
    ar_cube_space space;
    ar_sampler sampler;
    ar_masking masking;
} fixture;

static void make_fixture(fixture *f)
{
    const synthetic_shape shape = {.name = "temperature",
                                   .nlat = NLAT,
                                   .nlon = NLON,
                                   .north = 90,
                                   .step = 10,
                                   .level_count = 2,
                                   .time_count = TIMES,
                                   .time_step = 21600,
                                   .formula = scrambled_value};
    *f = (fixture){.tokens = {.tokens = {2, 2, 3},
                              .token_size = {2, 3, 4},
                              .mask_ratio = 0.6,
                              .mask_zero = 0.5,
                              .mask_noise = 0.3,
                              .mask_coarsen = 0.2},
                   .masking = {.strategy = AR_MASK_BERT}};
    synthetic_field(&f->field, &shape);
    const int64_t last = (TIMES - 1) * shape.time_step;
    assert_int_equal(ar_normalisation_compute(&f->normalisation, &f->field, AR_PERIOD_OVERALL,
                                              AR_AREA_GLOBAL, 0, last, NULL),
                     AR_OK);
    f->fields[0] = &f->field;
    f->normalisations[0] = &f->normalisation;
    f->space = (ar_cube_space){.field_count = 1,
                               .fields = f->fields,
                               .normalisations = f->normalisations,
                               .tokens = &f->tokens,
                               .token_info = AR_TOKEN_INFO_HARMONIC,
                               .time_step = shape.time_step};
    assert_int_equal(ar_sampler_init(&f->sampler, &f->space, NULL, 0, last, NULL), AR_OK);
}

static void release_fixture(fixture *f)
{
    ar_sampler_release(&f->sampler);
    ar_normalisation_release(&f->normalisation);
    ar_field_data_release(&f->field);
}

static ar_loader_options options_of(const fixture *f, int64_t first, int64_t last)
{
    return (ar_loader_options){.sampler = &f->sampler,
                               .masking = &f->masking,
                               .samples = SAMPLES,
                               .seed = 5,
                               .first_step = first,
                               .last_step = last};
}

static void compare(const ar_batch *a, const ar_batch *b)
{
    const ar_field_batch *x = &a->fields[0], *y = &b->fields[0];
    const size_t rows = (size_t)(SAMPLES * x->token_count), number = sizeof(float);
    assert_int_equal(a->sample_count, b->sample_count);
    assert_memory_equal(a->cubes, b->cubes, SAMPLES * sizeof *a->cubes);
    assert_memory_equal(x->source, y->source, rows * (size_t)x->values * number);
    assert_memory_equal(x->token_info, y->token_info, rows * AR_TOKEN_INFO_SIZE * number);
    assert_int_equal(x->masked_count, y->masked_count);
    const size_t masked = (size_t)x->masked_count;
    assert_memory_equal(x->masked, y->masked, masked * sizeof *x->masked);
    assert_memory_equal(x->target, y->target, masked * (size_t)x->values * number);
}

static void batches_are_those_of_their_steps(void **state)
{
    (void)state;
    fixture f;
    ar_batch expected = {0};
    ar_cube cubes[SAMPLES];
    make_fixture(&f);
    assert_int_equal(ar_batch_init(&expected, &f.space, SAMPLES, NULL), AR_OK);
    const int64_t ranges[][2] = {{1, STEPS}, {17, 21}, {STEPS, STEPS}};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        const ar_loader_options options = options_of(&f, ranges[r][0], ranges[r][1]);
        ar_loader *loader = NULL;
        assert_int_equal(ar_loader_start(&loader, &options, NULL), AR_OK);
        for (int64_t step = ranges[r][0]; step <= ranges[r][1]; step++) {
            const ar_batch *batch = NULL;
            const ar_draw draw = {.seed = 5, .step = (uint32_t)step};
            ar_sampler_draw(&f.sampler, &draw, cubes, SAMPLES);
            ar_batch_fill(&expected, &f.space, cubes, SAMPLES, &f.masking, &draw, false);
            assert_int_equal(ar_loader_wait(loader, &batch, NULL), AR_OK);
            compare(batch, &expected);
            ar_loader_go_on(loader);
        }
        ar_loader_stop(&loader);
        assert_null(loader);
    }
    ar_batch_release(&expected);
    release_fixture(&f);
}

/* While it fills, before it began, when a batch is ready, after the last, and without any step. */
static void it_stops_at_any_moment(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f);
    for (int64_t taken = 0; taken <= 2; taken++) {
        for (int64_t last = 0; last <= 2; last++) {
            const ar_loader_options options = options_of(&f, 1, last);
            ar_loader *loader = NULL;
            assert_int_equal(ar_loader_start(&loader, &options, NULL), AR_OK);
            for (int64_t step = 1; step <= taken && step <= last; step++) {
                const ar_batch *batch = NULL;
                assert_int_equal(ar_loader_wait(loader, &batch, NULL), AR_OK);
                ar_loader_go_on(loader);
            }
            ar_loader_stop(&loader);
        }
    }
    ar_loader *none = NULL;
    ar_loader_stop(&none);
    release_fixture(&f);
}

/* Whichever allocation fails, on whichever thread. */
static void failures_are_handed_over(void **state)
{
    (void)state;
    fixture f;
    make_fixture(&f);
    const ar_loader_options options = options_of(&f, 1, STEPS);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_error err = {""};
        ar_loader *loader = NULL;
        const ar_batch *batch = NULL;
        ar_fail_allocation_after(failed);
        status = ar_loader_start(&loader, &options, &err);
        if (status == AR_OK) {
            status = ar_loader_wait(loader, &batch, &err);
        }
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || (status == AR_ERROR_MEMORY && err.message[0]));
        ar_loader_stop(&loader);
        assert_true(failed < 100);
    }
    assert_true(failed > 5);
    release_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_those_of_their_steps),
        cmocka_unit_test(it_stops_at_any_moment),
        cmocka_unit_test(failures_are_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
