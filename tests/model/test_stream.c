/* Two token sizes of one field: the network reads the coarser stream, and no value of a target gets
 * through it to the prediction. */
#include "model/model.h"

#include "data/synthetic.h"

enum { NLAT = 19, NLON = 36, LEVELS = 2, TIMES = 40, FIELDS = 2, FINE = 0, COARSE = 1, BATCH = 2 };
static const int64_t start = 1766188800; /* 2025-12-20 */
static const int64_t step = 21600;

static const char yaml[] =
    "fields:\n"
    "  - name: fine\n"
    "    levels: [100, 101]\n"
    "    tokens: [4, 2, 4]\n"
    "    token_size: [1, 3, 3]\n"
    "    embedding: 16\n"
    "    coupled: [coarse]\n"
    "    masking: {ratio: 0.9, zero: 1}\n"
    "  - name: coarse\n"
    "    stream_of: fine\n"
    "    levels: [100, 101]\n"
    "    tokens: [2, 1, 2]\n"
    "    token_size: [2, 6, 6]\n"
    "    embedding: 24\n"
    "    embedding_network: {type: transformer, patch: [1, 3, 3], width: 8}\n"
    "    coupled: [fine]\n"
    "model:\n"
    "  encoder: {layers: 2, heads: 4}\n"
    "  decoder: {layers: 1, heads: 4}\n"
    "  tails: 2\n"
    "  token_info: {kind: harmonic, width: 4}\n"
    "  positions: factorised\n"
    "training: {losses: {mse_ensemble: 1}}\n";

typedef struct {
    ar_configuration configuration;
    ar_model *model;
    ar_plan *plan;
    float *parameters, *gradients;
    ar_field_data data;
    ar_normalisation normalisation;
    const ar_field_data *fields[FIELDS];
    const ar_normalisation *normalisations[FIELDS];
    ar_field_tokens tokens[FIELDS];
    int64_t stream_of[FIELDS];
    ar_cube_space space;
    ar_batch batch;
} fixture;

static void create_network(fixture *f)
{
    ar_error err = {""};
    const ar_model_options options = {.batch = BATCH, .losses = true, .type = AR_TYPE_FLOAT32};
    if (ar_configuration_parse(&f->configuration, yaml, "test", NULL, 0, &err) != AR_OK ||
        ar_model_create(&f->model, &f->configuration, &options, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const size_t count = (size_t)f->model->graph->parameter_values;
    assert_int_equal(ar_allocate(&f->parameters, count, sizeof(float), "", NULL), AR_OK);
    assert_int_equal(ar_allocate(&f->gradients, count, sizeof(float), "", NULL), AR_OK);
    ar_model_initialise(f->model, 3, f->parameters);
    const ar_plan_options plan = {
        .backend = ar_backend_find("cpu"), .loss = f->model->loss, .threads = 1};
    assert_int_equal(
        ar_plan_create(&f->plan, f->model->graph, &plan, f->parameters, f->gradients, NULL), AR_OK);
}

static void create(fixture *f)
{
    const synthetic_shape shape = {.name = "fine",
                                   .nlat = NLAT,
                                   .nlon = NLON,
                                   .north = 90,
                                   .step = 10,
                                   .level_count = LEVELS,
                                   .time_count = TIMES,
                                   .first_time = start,
                                   .time_step = step,
                                   .formula = scrambled_value};
    create_network(f);
    synthetic_field(&f->data, &shape);
    assert_int_equal(ar_normalisation_compute(&f->normalisation, &f->data, AR_PERIOD_OVERALL,
                                              AR_AREA_GLOBAL, start, start + TIMES * step, NULL),
                     AR_OK);
    for (int i = 0; i < FIELDS; i++) {
        f->fields[i] = &f->data;
        f->normalisations[i] = &f->normalisation;
        f->tokens[i] = f->configuration.fields[i].tokens;
        f->stream_of[i] = i == COARSE ? FINE : -1;
    }
    f->space = (ar_cube_space){.field_count = FIELDS,
                               .fields = f->fields,
                               .normalisations = f->normalisations,
                               .tokens = f->tokens,
                               .stream_of = f->stream_of,
                               .token_info = AR_TOKEN_INFO_HARMONIC,
                               .time_step = step};
    assert_int_equal(ar_batch_init(&f->batch, &f->space, BATCH, NULL), AR_OK);
}

static void release(fixture *f)
{
    ar_batch_release(&f->batch);
    ar_field_data_release(&f->data);
    ar_normalisation_release(&f->normalisation);
    ar_plan_destroy(&f->plan);
    ar_model_destroy(&f->model);
    ar_free(f->parameters);
    ar_free(f->gradients);
    ar_configuration_release(&f->configuration);
}

/* The two cubes have no time in common. */
static const ar_cube cubes[BATCH] = {
    {.first_time = start, .first_row = 3, .first_column = 5},
    {.first_time = start + 20 * step, .first_row = 13, .first_column = 30}};

/* The ensemble of a draw; returns the number of its values. */
static int64_t predict(fixture *f, uint32_t draw_step, float ensemble[4096])
{
    const ar_masking bert = {.strategy = AR_MASK_BERT};
    const ar_draw draw = {.seed = 4, .step = draw_step};
    ar_batch_fill(&f->batch, &f->space, cubes, BATCH, &bert, &draw, false);
    ar_model_feed(f->model, f->plan, &f->batch);
    ar_plan_forward(f->plan);
    ar_plan_adjoint(f->plan);
    ar_matrix values = ar_plan_matrix(f->plan, f->model->fields[FINE].ensemble);
    const int64_t count = values.rows * values.columns;
    assert_true(count > 0 && count <= 4096);
    memcpy(ensemble, values.data, (size_t)count * sizeof(float));
    return count;
}

/* Add to the targets' values in the data, or to all others'. */
static void change(fixture *f, bool targets, float value)
{
    const ar_field_batch *part = &f->batch.fields[FINE];
    const int64_t *n = f->tokens[FINE].tokens, *s = f->tokens[FINE].token_size;
    for (int64_t i = 0; i < BATCH * part->token_count; i++) {
        bool is_target = false;
        for (int64_t k = 0; k < part->masked_count; k++) {
            is_target |= part->masked[k] == i;
        }
        int64_t token = i % part->token_count;
        const ar_cube *cube = &cubes[i / part->token_count];
        int64_t time = (cube->first_time - start) / step + token / (n[1] * n[2]) % n[0];
        int64_t level = token / (n[0] * n[1] * n[2]);
        for (int64_t v = 0; is_target == targets && v < part->values; v++) {
            int64_t row = cube->first_row + token / n[2] % n[1] * s[1] + v / s[2];
            int64_t column = (cube->first_column + token % n[2] * s[2] + v % s[2]) % NLON;
            f->data.values[((time * LEVELS + level) * NLAT + row) * NLON + column] += value;
        }
    }
}

static void targets_never_reach_the_prediction(void **state)
{
    (void)state;
    fixture f = {0};
    static float clean[4096], after[4096];
    create(&f);
    for (uint32_t draw = 0; draw < 5; draw++) {
        int64_t count = predict(&f, draw, clean);
        double loss = (double)*(float *)ar_plan_matrix(f.plan, f.model->loss).data;
        change(&f, true, 1e15f);
        assert_int_equal(predict(&f, draw, after), count);
        assert_memory_equal(clean, after, (size_t)count * sizeof(float));
        /* It did change what is to be predicted. */
        assert_true((double)*(float *)ar_plan_matrix(f.plan, f.model->loss).data > 1e10 * loss);
        change(&f, true, -1e15f);
        change(&f, false, 50);
        assert_int_equal(predict(&f, draw, after), count);
        assert_memory_not_equal(clean, after, (size_t)count * sizeof(float));
        change(&f, false, -50);
    }
    release(&f);
}

/* The stream's embedding is trained by the loss of its field, and it has no decoder or tails. */
static void a_stream_is_read(void **state)
{
    (void)state;
    fixture f = {0};
    static float ensemble[4096];
    create(&f);
    predict(&f, 0, ensemble);
    int64_t of_stream = 0;
    for (size_t p = 0; p < f.model->graph->parameter_count; p++) {
        const ar_parameter *one = &f.model->graph->parameters[p];
        assert_true(strncmp(one->name, "decoders.1", 10) != 0);
        assert_true(strncmp(one->name, "tails.1", 7) != 0);
        double norm = 0;
        for (int64_t i = 0; i < one->rows * one->columns; i++) {
            norm += fabs((double)f.gradients[one->offset + i]);
        }
        if (strncmp(one->name, "embeds.1.", 9) == 0) {
            of_stream++;
            assert_true(norm > 0);
        }
    }
    assert_true(of_stream > 10);
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_never_reach_the_prediction),
        cmocka_unit_test(a_stream_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
