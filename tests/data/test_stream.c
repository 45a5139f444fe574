/* A stream shows what its field shows, in other tokens: point by point, and never what is hidden
 * there. */
#include "data/batch.h"

#include "synthetic.h"

enum { NLAT = 19, NLON = 36, LEVELS = 2, TIMES = 40, FIELDS = 3, FINE = 1, COARSE = 0, OTHER = 2 };
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t step = 21600;

/* The stream comes before its field: the order of fields does not matter. */
typedef struct {
    ar_field_data fields[2];
    ar_normalisation normalisations[2];
    const ar_field_data *field_list[FIELDS];
    const ar_normalisation *normalisation_list[FIELDS];
    ar_field_tokens tokens[FIELDS];
    int64_t stream_of[FIELDS];
    ar_cube_space space;
    ar_batch batch;
} fixture;

static void create(fixture *f)
{
    const char *const names[] = {"fine", "other"};
    for (int i = 0; i < 2; i++) {
        const synthetic_shape shape = {.name = names[i],
                                       .nlat = NLAT,
                                       .nlon = NLON,
                                       .north = 90,
                                       .step = 10,
                                       .level_count = LEVELS,
                                       .time_count = TIMES,
                                       .first_time = start,
                                       .time_step = step,
                                       .formula = scrambled_value};
        synthetic_field(&f->fields[i], &shape);
        assert_int_equal(ar_normalisation_compute(&f->normalisations[i], &f->fields[i],
                                                  AR_PERIOD_OVERALL, AR_AREA_LATITUDE, start,
                                                  start + TIMES * step, NULL),
                         AR_OK);
    }
    for (int i = 0; i < FIELDS; i++) {
        f->field_list[i] = &f->fields[i == OTHER];
        f->normalisation_list[i] = &f->normalisations[i == OTHER];
        f->stream_of[i] = i == COARSE ? FINE : -1;
    }
    f->tokens[FINE] = (ar_field_tokens){.tokens = {4, 2, 4},
                                        .token_size = {1, 3, 3},
                                        .mask_ratio = 0.9,
                                        .mask_zero = 1,
                                        .mask_noise = 0.5,
                                        .mask_coarsen = 0.5};
    f->tokens[COARSE] = (ar_field_tokens){.tokens = {2, 1, 3}, .token_size = {2, 6, 4}};
    f->tokens[OTHER] = (ar_field_tokens){.tokens = {4, 1, 1}, .token_size = {1, 6, 12}};
    f->space = (ar_cube_space){.field_count = FIELDS,
                               .fields = f->field_list,
                               .normalisations = f->normalisation_list,
                               .tokens = f->tokens,
                               .stream_of = f->stream_of,
                               .token_info = AR_TOKEN_INFO_RELEASED,
                               .time_step = step};
    assert_int_equal(ar_cube_space_check(&f->space, NULL), AR_OK);
    assert_int_equal(ar_batch_init(&f->batch, &f->space, 2, NULL), AR_OK);
}

static void release(fixture *f)
{
    ar_batch_release(&f->batch);
    for (int i = 0; i < 2; i++) {
        ar_field_data_release(&f->fields[i]);
        ar_normalisation_release(&f->normalisations[i]);
    }
}

/* Far from each other in time; the second crosses the date line. */
static const ar_cube cubes[] = {
    {.first_time = start, .first_row = 3, .first_column = 5},
    {.first_time = start + 20 * step, .first_row = 13, .first_column = 30}};
static const ar_masking bert = {.strategy = AR_MASK_BERT};
static const ar_masking forecast = {.strategy = AR_MASK_FORECAST, .forecast_tokens = 1};
static const ar_draw draw = {.seed = 42, .step = 7};

/* The value of a point of the cube of a sample and level in a field's source. */
static float value_at(const fixture *f, int field, int64_t sample, int64_t level, int64_t t,
                      int64_t y, int64_t x)
{
    const int64_t *n = f->tokens[field].tokens, *s = f->tokens[field].token_size;
    int64_t token =
        (((sample * LEVELS + level) * n[0] + t / s[0]) * n[1] + y / s[1]) * n[2] + x / s[2];
    int64_t within = (t % s[0] * s[1] + y % s[1]) * s[2] + x % s[2];
    return f->batch.fields[field].source[token * s[0] * s[1] * s[2] + within];
}

static void a_stream_shows_what_its_field_shows(void **state)
{
    (void)state;
    const double zeros[] = {1, 0.5, 0};
    for (int z = 0; z < 3; z++) {
        fixture f;
        create(&f);
        f.tokens[FINE].mask_zero = zeros[z];
        ar_batch_fill(&f.batch, &f.space, cubes, 2, &bert, &draw, false);
        assert_true(f.batch.fields[FINE].masked_count > 10);
        assert_int_equal(f.batch.fields[COARSE].masked_count, 0);
        for (int64_t i = 0; i < 2 * LEVELS * 4 * 6 * 12; i++) {
            int64_t x = i % 12, y = i / 12 % 6, t = i / 72 % 4, l = i / 288 % LEVELS, b = i / 576;
            float fine = value_at(&f, FINE, b, l, t, y, x);
            float coarse = value_at(&f, COARSE, b, l, t, y, x);
            assert_memory_equal(&fine, &coarse, sizeof fine);
        }
        release(&f);
    }
}

/* A token of the stream knows its place as it would in a field of its own. */
static void a_stream_knows_its_own_places(void **state)
{
    (void)state;
    fixture f;
    create(&f);
    ar_batch_fill(&f.batch, &f.space, cubes, 2, &bert, &draw, false);
    const size_t bytes =
        (size_t)(2 * f.batch.fields[COARSE].token_count * AR_TOKEN_INFO_SIZE) * sizeof(float);
    float kept[2 * LEVELS * 6 * AR_TOKEN_INFO_SIZE];
    assert_int_equal(bytes, sizeof kept);
    memcpy(kept, f.batch.fields[COARSE].token_info, bytes);
    f.space.stream_of = NULL;
    ar_batch_fill(&f.batch, &f.space, cubes, 2, &bert, &draw, false);
    assert_memory_equal(kept, f.batch.fields[COARSE].token_info, bytes);
    release(&f);
}

/* Overwrite what the targets of FINE are in the data. */
static void poison(fixture *f, float value)
{
    const ar_field_batch *part = &f->batch.fields[FINE];
    const int64_t *n = f->tokens[FINE].tokens, *s = f->tokens[FINE].token_size;
    for (int64_t i = 0; i < part->masked_count; i++) {
        int64_t token = part->masked[i] % part->token_count;
        const ar_cube *cube = &cubes[part->masked[i] / part->token_count];
        int64_t first = (cube->first_time - start) / step;
        for (int64_t v = 0; v < part->values; v++) {
            int64_t time = first + token / (n[1] * n[2]) % n[0] * s[0] + v / (s[1] * s[2]);
            int64_t level = token / (n[0] * n[1] * n[2]);
            int64_t row = cube->first_row + token / n[2] % n[1] * s[1] + v / s[2] % s[1];
            int64_t column = (cube->first_column + token % n[2] * s[2] + v % s[2]) % NLON;
            f->fields[0].values[((time * LEVELS + level) * NLAT + row) * NLON + column] = value;
        }
    }
}

static void keep_sources(const fixture *f, float *kept)
{
    for (int i = 0; i < FIELDS; i++) {
        const ar_field_batch *part = &f->batch.fields[i];
        const int64_t count = 2 * part->token_count * part->values;
        memcpy(kept, part->source, (size_t)count * sizeof *kept);
        kept += count;
    }
}

/* Whatever the targets' values are, what the network is given has the same bits. */
static void nothing_hidden_is_shown(void **state)
{
    (void)state;
    enum { VALUES = FIELDS * 2 * LEVELS * 4 * 6 * 12 };
    const struct {
        const ar_masking *masking;
        bool for_inference;
        float poison; /* NaN makes no target, but for inference */
    } cases[] = {{&bert, false, 1e30f}, {&forecast, false, 1e30f}, {&forecast, true, NAN}};
    for (int c = 0; c < 3; c++) {
        fixture f;
        static float clean[VALUES], poisoned[VALUES];
        create(&f);
        ar_batch_fill(&f.batch, &f.space, cubes, 2, cases[c].masking, &draw,
                      cases[c].for_inference);
        keep_sources(&f, clean);
        poison(&f, cases[c].poison);
        ar_batch_fill(&f.batch, &f.space, cubes, 2, cases[c].masking, &draw,
                      cases[c].for_inference);
        keep_sources(&f, poisoned);
        const ar_field_batch *part = &f.batch.fields[FINE];
        assert_true(part->masked_count >= 16);
        for (int64_t i = 0; i < part->masked_count * part->values; i++) {
            assert_true(!(fabsf(part->target[i]) < 1e20f));
        }
        assert_memory_equal(clean, poisoned, sizeof clean);
        /* And it would be shown by a field that is not a stream. */
        f.space.stream_of = NULL;
        ar_batch_fill(&f.batch, &f.space, cubes, 2, &bert, &draw, false);
        keep_sources(&f, poisoned);
        assert_memory_not_equal(clean, poisoned, sizeof clean);
        release(&f);
    }
}

static void wrong_streams_are_errors(void **state)
{
    (void)state;
    fixture f;
    ar_error err = {""};
    create(&f);
    f.stream_of[COARSE] = COARSE;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_USAGE);
    f.stream_of[COARSE] = FIELDS;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_USAGE);
    f.stream_of[COARSE] = FINE;
    ar_field_data one_level = f.fields[1];
    one_level.level_count = 1;
    ar_normalisation one = f.normalisations[1];
    one.level_count = 1;
    f.field_list[FINE] = &one_level;
    f.normalisation_list[FINE] = &one;
    assert_int_equal(ar_cube_space_check(&f.space, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message, "a stream of field other has 2 levels, the field has 1; the "
                                     "same would be right");
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_shows_what_its_field_shows),
        cmocka_unit_test(a_stream_knows_its_own_places),
        cmocka_unit_test(nothing_hidden_is_shown),
        cmocka_unit_test(wrong_streams_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
