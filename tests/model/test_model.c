/* The whole network: its gradient, its starting values, its positions, and that a sample stays by
 * itself. Small: two fields of different width, token size and number of levels, each coupled to
 * the other. */
#include "model/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/ref/ref.h"
#include "base/memory.h"
#include "base/random.h"
#include "graph/attention_reach.h"
#include "graph/gradients.h"
#include "train/optimiser.h"

/* Both cubes are 2 × 4 × 9 points. */
static const char yaml[] = "data:\n"
                           "  paths: [nowhere.nc]\n"
                           "  time_step_hours: 6\n"
                           "  training: {start: 2000-01-01, end: 2000-12-31}\n"
                           "fields:\n"
                           "  - name: wind\n"
                           "    levels: [850, 500]\n"
                           "    tokens: [2, 2, 3]\n"
                           "    token_size: [1, 2, 3]\n"
                           "    embedding: 12\n"
                           "    coupled: [pressure]\n"
                           "    loss_weight: 1.5\n"
                           "  - name: pressure\n"
                           "    levels: [1000]\n"
                           "    tokens: [1, 1, 3]\n"
                           "    token_size: [2, 4, 3]\n"
                           "    embedding: 16\n"
                           "    coupled: [wind]\n"
                           "model:\n"
                           "  encoder: {layers: 2, heads: 2}\n"
                           "  decoder: {layers: 0, heads: 2}\n"
                           "  tails: 3\n"
                           "  token_info: {kind: harmonic, width: 4}\n"
                           "  positions: factorised\n"
                           "training:\n"
                           "  batch: 3\n"
                           "  losses: {kernel_crps: 1}\n";

enum { FIELDS = 2, BATCH = 3 };

typedef struct {
    ar_configuration configuration;
    ar_model *model;
    ar_plan *plan;
    void *parameters, *gradients; /* of the graph's type */
    ar_batch batch;
    ar_field_batch fields[FIELDS];
} network;

static void read_configuration(ar_configuration *configuration, const char *const *settings,
                               int64_t count)
{
    ar_error err = {""};
    if (ar_configuration_parse(configuration, yaml, "test", settings, count, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void *allocate(int64_t count, size_t size)
{
    void *memory = NULL;
    assert_int_equal(ar_allocate(&memory, (size_t)count, size, "a test", NULL), AR_OK);
    return memory;
}

static void fill_normal(float *values, int64_t count, uint32_t stream)
{
    ar_random random = {.seed = 21, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)ar_random_normal(&random);
    }
}

/* Every second token of a level is masked, with one more in every next sample, so that samples have
 * different numbers of targets. */
static void mask_tokens(const network *n, int64_t f, int64_t samples)
{
    ar_field_batch *data = &n->batch.fields[f];
    const int64_t levels = n->configuration.fields[f].level_count;
    const int64_t a_level = data->token_count / levels;
    data->masked_count = 0;
    for (int64_t level = 0; level < levels; level++) {
        for (int64_t b = 0; b < samples; b++) {
            for (int64_t token = 0; token < a_level; token++) {
                if (token % 2 == 0 || token < b) {
                    data->masked[data->masked_count++] =
                        (int32_t)(b * data->token_count + level * a_level + token);
                }
            }
        }
    }
}

static void make_batch(network *n, int64_t samples)
{
    n->batch = (ar_batch){.sample_capacity = samples,
                          .sample_count = samples,
                          .field_count = FIELDS,
                          .fields = n->fields};
    for (int64_t f = 0; f < FIELDS; f++) {
        ar_field_batch *data = &n->fields[f];
        data->token_count = n->model->fields[f].token_count;
        data->values = n->model->fields[f].values;
        const int64_t rows = samples * data->token_count;
        data->source = allocate(rows * data->values, sizeof(float));
        data->target = allocate(rows * data->values, sizeof(float));
        const int64_t lines = n->configuration.fields[f].tokens.token_size[1];
        data->target_area = allocate(rows * lines, sizeof(float));
        for (int64_t i = 0; i < rows * lines; i++) {
            data->target_area[i] = (float)(i % 7 + 1) / 7;
        }
        data->token_info = allocate(rows * AR_TOKEN_INFO_SIZE, sizeof(float));
        data->displacement = allocate(rows * AR_DISPLACEMENT_SIZE, sizeof(float));
        fill_normal(data->displacement, rows * AR_DISPLACEMENT_SIZE, (uint32_t)(10 * f + 3));
        data->masked = allocate(rows, sizeof(int32_t));
        fill_normal(data->source, rows * data->values, (uint32_t)(10 * f));
        fill_normal(data->target, rows * data->values, (uint32_t)(10 * f + 1));
        fill_normal(data->token_info, rows * AR_TOKEN_INFO_SIZE, (uint32_t)(10 * f + 2));
        mask_tokens(n, f, samples);
    }
}

static void create_planned(network *n, const char *const *settings, int64_t count, ar_type type,
                           const char *backend, int64_t samples, ar_recompute recompute,
                           bool stages)
{
    ar_error err = {""};
    *n = (network){0};
    read_configuration(&n->configuration, settings, count);
    /* Room for all tokens: the sum of several tests' masks differs. */
    for (int64_t f = 0; f < FIELDS; f++) {
        n->configuration.fields[f].tokens.mask_ratio = 1;
    }
    const ar_model_options options = {.batch = samples,
                                      .losses = true,
                                      .dropout = true,
                                      .keep_stages = stages,
                                      .keep_attentions = stages,
                                      .type = type};
    if (ar_model_create(&n->model, &n->configuration, &options, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const int64_t values = n->model->graph->parameter_values;
    const size_t size = type == AR_TYPE_FLOAT64 ? sizeof(double) : sizeof(float);
    n->parameters = allocate(values, size);
    n->gradients = allocate(values, size);
    float *start = allocate(values, sizeof(float));
    ar_model_initialise(n->model, 5, start);
    for (int64_t i = 0; i < values; i++) {
        if (type == AR_TYPE_FLOAT64) {
            ((double *)n->parameters)[i] = (double)start[i];
        } else {
            ((float *)n->parameters)[i] = start[i];
        }
    }
    ar_free(start);
    const ar_plan_options plan = {.backend = ar_backend_find(backend),
                                  .loss = n->model->loss,
                                  .recompute = recompute,
                                  .threads = 1};
    assert_int_equal(
        ar_plan_create(&n->plan, n->model->graph, &plan, n->parameters, n->gradients, &err), AR_OK);
    make_batch(n, samples);
    ar_model_feed(n->model, n->plan, &n->batch);
}

static void create(network *n, const char *const *settings, int64_t count, ar_type type,
                   const char *backend, int64_t samples)
{
    create_planned(n, settings, count, type, backend, samples, AR_RECOMPUTE_NONE, true);
}

static void release(network *n)
{
    for (int64_t f = 0; f < FIELDS; f++) {
        ar_free(n->fields[f].source);
        ar_free(n->fields[f].target);
        ar_free(n->fields[f].target_area);
        ar_free(n->fields[f].token_info);
        ar_free(n->fields[f].displacement);
        ar_free(n->fields[f].masked);
    }
    ar_plan_destroy(&n->plan);
    ar_model_destroy(&n->model);
    ar_free(n->parameters);
    ar_free(n->gradients);
    ar_configuration_release(&n->configuration);
}

static void compute_gradients(network *n)
{
    poison_gradients(n->plan, n->model->graph, n->gradients);
    ar_plan_forward(n->plan);
    ar_plan_adjoint(n->plan);
}

/* ---- gradient ---------------------------------------------------------------------------------
 */

static double loss_of(network *n)
{
    ar_plan_forward(n->plan);
    return *(const double *)ar_plan_matrix(n->plan, n->model->loss).data;
}

/* Compared in the norm of up to five of each parameter's values. Where no gradient reaches, the
 * loss must not move. The bias of the norm of keys moves no softmax: its true gradient is zero, and
 * rounding is held against the whole gradient. Of the rest each is held against its own norm. */
static void check_gradient(network *n, const char *what)
{
    const double h = 1e-5;
    const ar_graph *graph = n->model->graph;
    double *parameters = n->parameters, *gradients = n->gradients, whole = 0;
    compute_gradients(n);
    for (int64_t i = 0; i < graph->parameter_values; i++) {
        whole += gradients[i] * gradients[i];
    }
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const int64_t count = parameter->rows * parameter->columns, stride = count / 5 + 1;
        double difference = 0, norm = 0;
        for (int64_t i = 0; i < count; i += stride) {
            double *value = &parameters[parameter->offset + i], kept = *value;
            *value = kept + h;
            double above = loss_of(n);
            *value = kept - h;
            double slope = (above - loss_of(n)) / (2 * h);
            *value = kept;
            difference += pow(slope - gradients[parameter->offset + i], 2);
            norm += slope * slope;
        }
        if (!ar_plan_parameter_has_gradient(n->plan, (int64_t)p)) {
            assert_true(norm == 0 && difference == 0);
            continue;
        }
        bool vanishes = strstr(parameter->name, ".ln_k.bias") != NULL;
        double error = sqrt(difference / (vanishes ? whole : norm));
        if (!(error < 1e-6)) {
            fail_msg("%s: d/d %s is off by %.2e (its norm is %.2e, the whole %.2e)", what,
                     parameter->name, error, sqrt(norm), sqrt(whole));
        }
    }
}

/* Loss and gradients of two plans of one network, to the bit, in two steps. */
static void compare_plans(network *kept, network *again, size_t size)
{
    for (uint32_t step = 1; step <= 2; step++) {
        const ar_draw draw = {.seed = 3, .step = step};
        ar_model_draw_dropout(kept->model, kept->plan, &draw);
        ar_model_draw_dropout(again->model, again->plan, &draw);
        compute_gradients(kept);
        compute_gradients(again);
        assert_memory_equal(kept->gradients, again->gradients,
                            (size_t)kept->model->graph->parameter_values * size);
        assert_memory_equal(ar_plan_matrix(kept->plan, kept->model->loss).data,
                            ar_plan_matrix(again->plan, again->model->loss).data, size);
    }
}

/* What `auto` chooses: the last way whose work is at most 6 % more. */
static void least_memory_that_is_affordable(const char *const *settings, int64_t count,
                                            const char *backend, ar_type type, const double *work)
{
    int expected = AR_RECOMPUTE_NONE;
    for (int mode = 0; mode < AR_RECOMPUTE_COUNT; mode++) {
        expected = work[mode] <= 1.06 ? mode : expected;
    }
    network chosen;
    create_planned(&chosen, settings, count, type, backend, 2, AR_RECOMPUTE_AUTO, false);
    assert_int_equal(ar_plan_recompute(chosen.plan), expected);
    release(&chosen);
}

/* With its layers computed again in the adjoint a network has the same loss and gradients to the
 * bit, and needs less memory, the less the more is computed again: of six layers' activations one
 * layer's remain, and the states between them, here less than 0.4 of all (told of ref, whose plans
 * have no workspace, which does not shrink). The work grows by a
 * forward pass of the layers, at most 4/3, and hardly where products are kept. With all that draws
 * random numbers or moves gradients about: dropout, axial attention, hidden tails, a transformer in
 * the embedding. */
static void recomputed_layers_change_nothing(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "model.encoder={layers: 6, heads: 2, mlp_layers: 3}",
        "model.decoder={layers: 6, heads: 2, cross_ratio: 0.5}",
        "training.losses={mse_ensemble: 1, stats: 0.5, kernel_crps: 1.2}",
        "fields.0.embedding_network={type: transformer, patch: [1, 1, 1], width: 8}",
        "training.dropout=0.2",
        "model.attention={kind: axial_parallel}",
        "model.tail_layers=1",
    };
    const int64_t count = sizeof settings / sizeof *settings;
    const struct {
        const char *backend;
        ar_type type;
        size_t size;
    } cases[] = {{"cpu", AR_TYPE_FLOAT32, sizeof(float)}, {"ref", AR_TYPE_FLOAT64, sizeof(double)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        network kept;
        double memory[AR_RECOMPUTE_COUNT] = {1}, work[AR_RECOMPUTE_COUNT] = {1};
        create_planned(&kept, settings, count, cases[i].type, cases[i].backend, 2,
                       AR_RECOMPUTE_NONE, false);
        for (int mode = 1; mode < AR_RECOMPUTE_COUNT; mode++) {
            network again;
            create_planned(&again, settings, count, cases[i].type, cases[i].backend, 2,
                           (ar_recompute)mode, false);
            compare_plans(&kept, &again, cases[i].size);
            memory[mode] = (double)ar_plan_bytes(again.plan) / (double)ar_plan_bytes(kept.plan);
            work[mode] = ar_plan_operations(again.plan, true) / ar_plan_operations(kept.plan, true);
            print_message("%s, mode %d: %.2f of the memory, %.3f of the work\n", cases[i].backend,
                          mode, memory[mode], work[mode]);
            assert_true(memory[mode] < memory[mode - 1] && work[mode] > work[mode - 1]);
            release(&again);
        }
        assert_true(work[AR_RECOMPUTE_ALL_BUT_PRODUCTS] < 1.02);
        least_memory_that_is_affordable(settings, count, cases[i].backend, cases[i].type, work);
        assert_true(strcmp(cases[i].backend, "ref") != 0 || memory[AR_RECOMPUTE_ALL] < 0.4);
        assert_true(work[AR_RECOMPUTE_ALL] > 1.2 && work[AR_RECOMPUTE_ALL] < 4.0 / 3);
        release(&kept);
    }
}

/* The sum of all losses that training knows, so that each one's gradient flows through all of the
 * network. Central differences with h = 1e-5 err by h²f''' ≈ 1e-10 and 1e-16·loss/h ≈ 1e-11; the
 * smallest gradients have norms of some 1e-3. */
static void gradient_is_derivative(void **state)
{
    (void)state;
    static const char losses[] =
        "training.losses={mse_ensemble: 1, stats: 0.5, mse: 0.3, crps: 0.7, kernel_crps: 1.2, "
        "weighted_mse: 0.4, stats_area: 0.8, sobolev_h1: 0.6}";
    static const char *const variants[][4] = {
        {"model.positions=factorised", "model.decoder.layers=0", "model.qk_layer_norm=true",
         losses},
        {"model.positions=harmonic", "model.decoder.layers=2", "model.qk_layer_norm=true", losses},
        {"model.positions=factorised", "model.decoder.layers=2", "model.qk_layer_norm=false",
         losses},
        {"model.decoder={layers: 2, heads: 2, cross_ratio: 1, mlp_layers: 3}",
         "model.mlp_output_gelu=false", "model.coupling_heads=2", losses},
        {"model.decoder={layers: 1, heads: 2, cross_ratio: 0}", "model.encoder.mlp_layers=3",
         "fields.1.predicted=false", losses},
        {"fields.0.coupling_heads=[3]", "fields.1.coupling_heads=[2]", "model.coupling_heads=1",
         losses},
        {"model.tail_layers=2", "model.decoder.layers=0", "fields.1.predicted=false", losses},
        {"model.coupling_query_norm=true", "model.coupling_heads=2", "model.decoder.layers=1",
         losses},
        {"model.coupling_query_norm=true", "model.qk_layer_norm=false",
         "model.decoder={layers: 2, heads: 2, qk_layer_norm: false}", losses},
        {"fields.0.embedding_network={type: transformer, patch: [1, 1, 3], layers: 2, heads: 2, "
         "width: 6}",
         "fields.1.embedding_network={type: transformer, patch: [2, 2, 1], layers: 1, heads: 1, "
         "width: 5}",
         "model.mlp_output_gelu=false", losses},
        {"model.decoder.layers=2", "model.attention.kind=axial", "model.coupling_heads=2", losses},
        {"model.decoder.layers=2", "model.attention.kind=axial_parallel",
         "model.encoder={layers: 2, heads: 4, mlp_layers: 2}", losses},
        {"fields.1.tokens=[2, 2, 3]", "fields.1.token_size=[1, 2, 3]",
         "model.attention={kind: dense, window: [0, 0, 1]}", losses},
        {"tau.share=0.5", "model.decoder.layers=1", "model.positions=harmonic", losses},
    };
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        network n;
        char what[300];
        create(&n, variants[v], 4, AR_TYPE_FLOAT64, "ref", v == 0 ? 2 : 1);
        snprintf(what, sizeof what, "%s, %s, %s", variants[v][0], variants[v][1], variants[v][2]);
        check_gradient(&n, what);
        release(&n);
    }
}

/* Every parameter is reached by the gradient but for those of a field that is neither predicted nor
 * read by another. */
static void every_parameter_is_trained(void **state)
{
    (void)state;
    network n;
    create(&n, (const char *const[]){"model.decoder.layers=2"}, 1, AR_TYPE_FLOAT32, "cpu", BATCH);
    for (size_t p = 0; p < n.model->graph->parameter_count; p++) {
        assert_true(ar_plan_parameter_has_gradient(n.plan, (int64_t)p));
    }
    release(&n);
    create(
        &n,
        (const char *const[]){"fields.0.coupled=[]", "fields.1.predicted=false", "tau.share=0.5"},
        3, AR_TYPE_FLOAT32, "cpu", BATCH);
    for (size_t p = 0; p < n.model->graph->parameter_count; p++) {
        const char *name = n.model->graph->parameters[p].name;
        bool of_wind = strncmp(strchr(name, '.'), ".0.", 3) == 0;
        if (ar_plan_parameter_has_gradient(n.plan, (int64_t)p) != of_wind) {
            fail_msg("%s is%s trained", name, of_wind ? " not" : "");
        }
    }
    release(&n);
}

/* ---- attention --------------------------------------------------------------------------------
 */

enum { WIND_LEVELS = 2, WIND_TIMES = 2, WIND_ROWS = 2, WIND_COLUMNS = 3 };

/* On how many of level, time, latitude and longitude do tokens a and b of the wind differ? `axes`
 * tells on which. */
static int differences(int64_t a, int64_t b, bool axes[4])
{
    static const int64_t extents[4] = {WIND_LEVELS, WIND_TIMES, WIND_ROWS, WIND_COLUMNS};
    int count = 0;
    for (int axis = 4; axis-- > 0; a /= extents[axis], b /= extents[axis]) {
        axes[axis] = a % extents[axis] != b % extents[axis];
        count += axes[axis];
    }
    return count;
}

/* After one encoder layer of self-attention a token depends on those that its attention reaches and
 * on no other: found by changing one token after the other. Sequential axial attention begins with
 * time. */
static void attention_reaches_what_it_should(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        "model.attention={kind: dense}", "model.attention={kind: axial}",
        "model.attention={kind: axial_parallel}", "model.attention={window: [0, 0, 1]}"};
    for (int kind = 0; kind < 4; kind++) {
        network n;
        create(&n,
               (const char *const[]){kinds[kind], "model.encoder={layers: 1, heads: 4}",
                                     "fields.0.coupled=[]"},
               3, AR_TYPE_FLOAT64, "ref", 1);
        const ar_model_field *wind = &n.model->fields[0];
        ar_plan_forward(n.plan);
        ar_matrix after = ar_plan_matrix(n.plan, wind->encoder[0]);
        const size_t row = (size_t)after.columns * sizeof(double);
        char *before = allocate(after.rows, row);
        memcpy(before, after.data, (size_t)after.rows * row);
        for (int64_t changed = 0; changed < wind->token_count; changed++) {
            ar_matrix source = ar_plan_matrix(n.plan, wind->source);
            double *value = (double *)source.data + changed * source.stride, kept = *value;
            *value = kept + 1;
            ar_plan_forward(n.plan);
            for (int64_t token = 0; token < wind->token_count; token++) {
                bool axes[4], differs = memcmp((char *)after.data + (size_t)token * row,
                                               before + (size_t)token * row, row) != 0;
                const int count = differences(token, changed, axes);
                const int64_t apart = token % WIND_COLUMNS - changed % WIND_COLUMNS;
                const bool reached[] = {true, count == 0 || (count == 1 && axes[1]), count <= 1,
                                        apart >= -1 && apart <= 1};
                assert_int_equal(differs, reached[kind]);
            }
            *value = kept;
        }
        ar_free(before);
        release(&n);
    }
}

/* Attention of `node`: the weights of each query sum to one, are zero beyond its reach, and times v
 * give what the backend computed. */
static void check_weights(const network *n, const ar_model_attention *attention)
{
    const ar_node *node = &n->model->graph->nodes[attention->node];
    const ar_op_attributes *a = &node->attributes;
    ar_matrix inputs[7] = {{0}};
    for (int i = 0; i < 7; i++) {
        if (node->inputs[i] >= 0) {
            inputs[i] = ar_plan_matrix(n->plan, (ar_tensor){node->inputs[i]});
        }
    }
    const ar_op_call call = {.attributes = a, .inputs = inputs};
    const ar_matrix output = ar_plan_matrix(n->plan, (ar_tensor){node->outputs[0]});
    double weights[64];
    assert_true(a->tokens[1] <= 64);
    for (int64_t row = 0; row < output.rows * a->heads; row++) {
        const int64_t query = row / a->heads, head = row % a->heads, sample = query / a->tokens[0];
        double sum = 0;
        ref_attention_weights(&call, sample, head, query % a->tokens[0], weights);
        for (int64_t j = 0; j < a->tokens[1]; j++) {
            assert_true(ar_attention_sees(&a->reach, query % a->tokens[0], j) || weights[j] == 0);
            sum += weights[j];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        for (int64_t d = 0; d < a->head_size; d++) {
            double wanted = 0;
            for (int64_t j = 0; j < a->tokens[1]; j++) {
                wanted += weights[j] * ref_get(&inputs[2], sample * a->tokens[1] + j,
                                               head * a->head_stride[2] + d);
            }
            /* A weighted mean in float32 of values of order one. */
            assert_true(fabs(wanted - ref_get(&output, query, head * a->head_size + d)) < 2e-6);
        }
    }
}

/* The attention maps of a model: every head of every layer is listed once, and its weights are
 * those that the layer used. */
static void weights_reproduce_the_attention(void **state)
{
    (void)state;
    static const char *const kinds[] = {"model.attention={kind: dense}",
                                        "model.attention={kind: axial}",
                                        "model.attention={kind: axial_parallel}"};
    for (int kind = 0; kind < 3; kind++) {
        network n;
        int64_t heads[4] = {0};
        create(&n,
               (const char *const[]){kinds[kind], "model.decoder={layers: 2, heads: 4}",
                                     "model.encoder={layers: 2, heads: 4}"},
               3, AR_TYPE_FLOAT32, "cpu", 2);
        ar_plan_forward(n.plan);
        for (size_t i = 0; i < n.model->attentions.count; i++) {
            const ar_model_attention *attention = &n.model->attentions.items[i];
            heads[attention->part] += n.model->graph->nodes[attention->node].attributes.heads;
            check_weights(&n, attention);
        }
        const int64_t wanted[4] = {2 * 2 * 4, 2 * 2 * 1, 2 * 2 * 2, 2 * 2 * 2};
        assert_memory_equal(heads, wanted, sizeof wanted);
        release(&n);
    }
}

/* Counted by hand: wind has 2 × 2 × 2 × 3 = 24 tokens and 2 heads of 6. Each of its queries sees 24
 * keys, or 2 along time, or along longitude 2, 3 and 2 of 3 columns. */
static void operations_follow_the_reach(void **state)
{
    (void)state;
    static const char *const kinds[] = {"model.attention={kind: dense}",
                                        "model.attention={kind: axial}",
                                        "model.attention={window: [0, 0, 1]}"};
    static const double pairs[] = {24 * 24, 24 * 2, 8 * 8 * 7};
    double operations[3];
    for (int kind = 0; kind < 3; kind++) {
        network n;
        create(&n,
               (const char *const[]){kinds[kind], "model.encoder={layers: 1, heads: 2}",
                                     "fields.0.coupled=[]", "fields.1.coupled=[]",
                                     "fields.1.tokens=[1, 1, 1]", "fields.1.token_size=[2, 4, 9]"},
               6, AR_TYPE_FLOAT32, "cpu", 1);
        operations[kind] = ar_plan_operations(n.plan, false);
        release(&n);
    }
    assert_true(operations[0] - operations[1] == 4 * 2 * 6 * (pairs[0] - pairs[1]));
    assert_true(operations[0] - operations[2] == 4 * 2 * 6 * (pairs[0] - pairs[2]));
}

/* ---- positions --------------------------------------------------------------------------------
 */

/* The formula of the released model, token by token: i counts level, time and place; y is the
 * place divided by the number of rows (sic), x its remainder by the number of columns. */
static void positions_are_those_of_the_formula(void **state)
{
    (void)state;
    enum { LEVELS = 2, TIMES = 3, ROWS = 2, COLUMNS = 5, WIDTH = 10 };
    const int64_t extents[4] = {LEVELS, TIMES, ROWS, COLUMNS};
    double table[LEVELS * TIMES * ROWS * COLUMNS][WIDTH];
    ar_model_harmonic_positions(extents, WIDTH, table[0]);
    int i = 0;
    for (int v = 0; v < LEVELS; v++) {
        for (int t = 0; t < TIMES; t++) {
            for (int r = 0; r < ROWS * COLUMNS; r++, i++) {
                for (int channel = 0; channel < WIDTH; channel++) {
                    double omega = 2 * M_PI * (channel - channel % 2) / WIDTH;
                    double wanted =
                        channel % 2 == 0
                            ? 0.5 * sin(8 * floor((double)r / ROWS) * omega) + sin(t * omega)
                            : 0.5 * cos(8 * (r % COLUMNS) * omega) + cos(v * omega);
                    assert_true(fabs(table[i][channel] - wanted) < 1e-12);
                }
            }
        }
    }
    /* By hand, token (v, t, r) = (1, 2, 7), channels 2 and 3: ω = 2π/5, y = ⌊7/2⌋ = 3, x = 2.
     * ½ sin(24ω) + sin(2ω) = ½ sin(288°·…) with 24·72° ≡ 288°: ½·(−0.951057) + 0.587785
     * ½ cos(16ω) + cos(ω), 16·72° ≡ 72°: ½·0.309017 + 0.309017 */
    const double *row = table[(1 * TIMES + 2) * ROWS * COLUMNS + 7];
    assert_true(fabs(row[2] - (0.5 * -0.9510565163 + 0.5877852523)) < 1e-9);
    assert_true(fabs(row[3] - (0.5 * 0.3090169944 + 0.3090169944)) < 1e-9);
}

/* With all parameters zero nothing but the positions is left of the embedding. */
static void positions_reach_the_embedding(void **state)
{
    (void)state;
    network n;
    create(&n, (const char *const[]){"model.positions=harmonic"}, 1, AR_TYPE_FLOAT64, "ref", 2);
    memset(n.parameters, 0, (size_t)n.model->graph->parameter_values * sizeof(double));
    ar_plan_forward(n.plan);
    for (int64_t f = 0; f < FIELDS; f++) {
        const ar_field_configuration *field = &n.configuration.fields[f];
        const int64_t extents[4] = {field->level_count, field->tokens.tokens[0],
                                    field->tokens.tokens[1], field->tokens.tokens[2]};
        const int64_t tokens = n.model->fields[f].token_count, width = field->embedding;
        double *table = allocate(tokens * width, sizeof(double));
        ar_model_harmonic_positions(extents, width, table);
        ar_matrix embedded = ar_plan_matrix(n.plan, n.model->fields[f].embedded);
        assert_int_equal(embedded.rows, 2 * tokens);
        for (int64_t b = 0; b < 2; b++) {
            assert_memory_equal((double *)embedded.data + b * tokens * width, table,
                                (size_t)(tokens * width) * sizeof(double));
        }
        ar_free(table);
    }
    release(&n);
}

/* Without displacements a model that knows them computes what one that does not does, to the bit;
 * with them it does not. */
static void no_displacement_changes_nothing(void **state)
{
    (void)state;
    static const char *const backends[] = {"cpu", "ref"};
    static const char *const settings[] = {"model.decoder.layers=1", "tau.share=0.5"};
    for (int i = 0; i < 2; i++) {
        network plain, knowing;
        create(&plain, settings, 1, AR_TYPE_FLOAT32, backends[i], BATCH);
        create(&knowing, settings, 2, AR_TYPE_FLOAT32, backends[i], BATCH);
        ar_plan_forward(plain.plan);
        for (int displaced = 1; displaced >= 0; displaced--) {
            for (int64_t f = 0; f < FIELDS; f++) {
                ar_field_batch *data = &knowing.fields[f];
                const int64_t count = BATCH * data->token_count * AR_DISPLACEMENT_SIZE;
                memset(data->displacement, 0, (size_t)(displaced ? 0 : count) * sizeof(float));
            }
            ar_model_feed(knowing.model, knowing.plan, &knowing.batch);
            ar_plan_forward(knowing.plan);
            for (int64_t f = 0; f < FIELDS; f++) {
                const ar_matrix a = ar_plan_matrix(plain.plan, plain.model->fields[f].ensemble);
                const ar_matrix b = ar_plan_matrix(knowing.plan, knowing.model->fields[f].ensemble);
                const size_t bytes = (size_t)(a.rows * a.stride) * sizeof(float);
                assert_int_equal(a.rows, b.rows);
                assert_int_equal(memcmp(a.data, b.data, bytes) != 0, displaced);
            }
        }
        release(&plain);
        release(&knowing);
    }
}

/* ---- starting values --------------------------------------------------------------------------
 */

static float *start_of(const network *n, uint64_t seed)
{
    float *values = allocate(n->model->graph->parameter_values, sizeof(float));
    ar_model_initialise(n->model, seed, values);
    return values;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* A parameter's values do not depend on what else the model has. */
static void starting_values_follow_seed_and_name(void **state)
{
    (void)state;
    network small, large;
    create(&small, NULL, 0, AR_TYPE_FLOAT32, "cpu", 1);
    create(&large,
           (const char *const[]){"model.decoder.layers=2", "model.encoder.layers=3",
                                 "training.losses={mse: 1}"},
           3, AR_TYPE_FLOAT32, "cpu", BATCH);
    float *a = start_of(&small, 7), *b = start_of(&large, 7), *other = start_of(&small, 8);
    int64_t random_ones = 0, changed = 0;
    for (size_t p = 0; p < small.model->graph->parameter_count; p++) {
        const ar_parameter *one = &small.model->graph->parameters[p];
        const ar_parameter *same = ar_graph_find_parameter(large.model->graph, one->name);
        assert_non_null(same);
        const size_t bytes = (size_t)(one->rows * one->columns) * sizeof(float);
        assert_memory_equal(a + one->offset, b + same->offset, bytes);
        bool norm = strncmp(one->name, "tails.", 6) == 0 &&
                    (ends_with(one->name, ".0.weight") || ends_with(one->name, ".0.bias"));
        random_ones += !norm;
        changed += memcmp(a + one->offset, other + one->offset, bytes) != 0;
    }
    assert_int_equal(changed, random_ones);
    ar_free(a);
    ar_free(b);
    ar_free(other);
    release(&small);
    release(&large);
}

/* Weights and biases are uniform in ±1/√(columns in): all within, their mean square a third of the
 * square of that. For 2000 values the mean square is known to 1/√2000·0.9 ≈ 2 %; 15 % is seven
 * standard deviations. */
static void starting_values_have_the_right_size(void **state)
{
    (void)state;
    network n;
    create(&n, (const char *const[]){"model.decoder.layers=2"}, 1, AR_TYPE_FLOAT32, "cpu", 1);
    float *values = start_of(&n, 1);
    double scaled_square = 0;
    int64_t scaled_count = 0;
    for (size_t p = 0; p < n.model->graph->parameter_count; p++) {
        const ar_parameter *one = &n.model->graph->parameters[p];
        const float *first = values + one->offset;
        const bool tail_norm =
            strncmp(one->name, "tails.", 6) == 0 && strstr(one->name, ".0.") && one->rank == 1 &&
            (ends_with(one->name, ".0.weight") || ends_with(one->name, ".0.bias"));
        for (int64_t i = 0; i < one->rows * one->columns; i++) {
            if (strstr(one->name, ".ln_") || tail_norm) {
                assert_true(first[i] == (ends_with(one->name, "weight") ? 1.0f : 0.0f));
            } else if (one->rank == 2 && strncmp(one->name, "positions.", 10) != 0) {
                double scaled = (double)first[i] * sqrt((double)one->columns);
                assert_true(fabs(scaled) <= 1 + 1e-6);
                scaled_square += scaled * scaled;
                scaled_count++;
            }
        }
    }
    assert_true(scaled_count > 2000);
    assert_true(fabs(scaled_square / (double)scaled_count * 3 - 1) < 0.15);
    const ar_parameter *bias =
        ar_graph_find_parameter(n.model->graph, "tails.0.tail_nets.0.1.bias");
    assert_non_null(bias);
    for (int64_t i = 0; i < bias->columns; i++) {
        assert_true(fabs((double)values[bias->offset + i]) <= 1 / sqrt(12.0) + 1e-6);
    }
    ar_free(values);
    release(&n);
}

/* ---- samples ----------------------------------------------------------------------------------
 */

/* The ensemble of sample `sample` of a field, [targets][members · values], into `out`. */
static int64_t ensemble_of_sample(const network *n, int64_t f, int64_t sample, double *out)
{
    ar_matrix ensemble = ar_plan_matrix(n->plan, n->model->fields[f].ensemble);
    const ar_field_batch *data = &n->batch.fields[f];
    int64_t count = 0;
    for (int64_t i = 0; i < data->masked_count; i++) {
        for (int64_t c = 0; data->masked[i] / data->token_count == sample && c < ensemble.columns;
             c++) {
            int64_t at = i * ensemble.stride + c;
            out[count++] = ensemble.type == AR_TYPE_FLOAT64 ? ((double *)ensemble.data)[at]
                                                            : (double)((float *)ensemble.data)[at];
        }
    }
    return count;
}

/* Sample 0 answers with the same bits whatever the others hold; but its own values do change it. */
static void other_samples_do_not_matter(void **state)
{
    (void)state;
    const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        network n;
        double first[FIELDS][2000], again[2000];
        create(&n, (const char *const[]){"model.decoder.layers=2"}, 1, AR_TYPE_FLOAT32, backends[b],
               BATCH);
        ar_plan_forward(n.plan);
        for (int64_t f = 0; f < FIELDS; f++) {
            assert_true(ensemble_of_sample(&n, f, 0, first[f]) > 0);
            ar_field_batch *data = &n.fields[f];
            const int64_t own = data->token_count * data->values;
            fill_normal(data->source + own, (BATCH - 1) * own, 77);
            fill_normal(data->token_info + data->token_count * AR_TOKEN_INFO_SIZE,
                        (BATCH - 1) * data->token_count * AR_TOKEN_INFO_SIZE, 78);
        }
        ar_model_feed(n.model, n.plan, &n.batch);
        ar_plan_forward(n.plan);
        for (int64_t f = 0; f < FIELDS; f++) {
            int64_t count = ensemble_of_sample(&n, f, 0, again);
            assert_memory_equal(first[f], again, (size_t)count * sizeof(double));
        }
        /* A value of wind reaches pressure through the coupling, and the other way round. */
        for (int64_t f = 0; f < FIELDS; f++) {
            n.fields[f].source[0] += 1;
            ar_model_feed(n.model, n.plan, &n.batch);
            ar_plan_forward(n.plan);
            int64_t count = ensemble_of_sample(&n, 1 - f, 0, again);
            assert_memory_not_equal(first[1 - f], again, (size_t)count * sizeof(double));
            n.fields[f].source[0] -= 1;
        }
        release(&n);
    }
}

/* Alone in a batch a sample gets the same answer: to the bit on the reference, and to the rounding
 * of float32 where products may be blocked by the number of rows. */
static void a_sample_alone_is_the_same(void **state)
{
    (void)state;
    const struct {
        const char *backend;
        ar_type type;
        double tolerance;
    } cases[] = {{"ref", AR_TYPE_FLOAT64, 0}, {"cpu", AR_TYPE_FLOAT32, 2e-6}};
    for (int c = 0; c < 2; c++) {
        network n;
        double together[FIELDS][2000], alone[2000];
        create(&n, (const char *const[]){"model.decoder.layers=1"}, 1, cases[c].type,
               cases[c].backend, BATCH);
        ar_plan_forward(n.plan);
        for (int64_t f = 0; f < FIELDS; f++) {
            ensemble_of_sample(&n, f, 0, together[f]);
        }
        n.batch.sample_count = 1;
        for (int64_t f = 0; f < FIELDS; f++) {
            mask_tokens(&n, f, 1);
        }
        ar_model_feed(n.model, n.plan, &n.batch);
        ar_plan_forward(n.plan);
        for (int64_t f = 0; f < FIELDS; f++) {
            int64_t count = ensemble_of_sample(&n, f, 0, alone);
            double difference = 0, norm = 0;
            for (int64_t i = 0; i < count; i++) {
                difference += pow(together[f][i] - alone[i], 2);
                norm += alone[i] * alone[i];
            }
            assert_true(count > 0 && sqrt(difference / norm) <= cases[c].tolerance);
        }
        release(&n);
    }
}

/* Mean and deviation are those of the members; without any target all losses and gradients are
 * zero. */
static void statistics_and_empty_batches(void **state)
{
    (void)state;
    network n;
    create(&n, NULL, 0, AR_TYPE_FLOAT64, "ref", BATCH);
    ar_plan_forward(n.plan);
    for (int64_t f = 0; f < FIELDS; f++) {
        const ar_model_field *field = &n.model->fields[f];
        const double *x = ar_plan_matrix(n.plan, field->ensemble).data;
        const double *mean = ar_plan_matrix(n.plan, field->mean).data;
        const double *deviation = ar_plan_matrix(n.plan, field->deviation).data;
        for (int64_t v = 0; v < field->values; v++) {
            double a = x[v], b = x[field->values + v], c = x[2 * field->values + v];
            double m = (a + b + c) / 3;
            assert_true(fabs(mean[v] - m) < 1e-14);
            assert_true(fabs(deviation[v] * deviation[v] -
                             (pow(a - m, 2) + pow(b - m, 2) + pow(c - m, 2)) / 2) < 1e-14);
        }
        n.fields[f].masked_count = 0;
    }
    ar_model_feed(n.model, n.plan, &n.batch);
    compute_gradients(&n);
    assert_true(*(double *)ar_plan_matrix(n.plan, n.model->loss).data == 0);
    for (int64_t i = 0; i < n.model->graph->parameter_values; i++) {
        assert_true(((double *)n.gradients)[i] == 0);
    }
    release(&n);
}

/* ---- dropout --------------------------------------------------------------------------------- */

static const char patches[] = "fields.0.embedding_network={type: transformer, patch: [1, 1, 3], "
                              "layers: 1, heads: 2, width: 8}";
static const char *const dropping[] = {"training.dropout=0.3", "model.decoder.layers=2",
                                       "model.encoder.mlp_layers=3", patches};

/* Off, it is not there: the network's own output, whose residuals are added by another op; float64
 * rounds at 1e-16. On, it changes the output, the next step's mask is another, and the same step's
 * is the same to the bit. */
static void dropout_is_on_where_it_is_drawn(void **state)
{
    (void)state;
    network with, without;
    create(&with, dropping, 4, AR_TYPE_FLOAT64, "ref", BATCH);
    create(&without, dropping + 1, 3, AR_TYPE_FLOAT64, "ref", BATCH);
    assert_false(ar_tensor_exists(without.model->draw));
    const double plain = loss_of(&without);
    assert_true(fabs(loss_of(&with) - plain) < 1e-12);
    const ar_draw draw = {.seed = 5, .step = 8}, next = {.seed = 5, .step = 9};
    ar_model_draw_dropout(with.model, with.plan, &draw);
    const double dropped = loss_of(&with);
    assert_true(fabs(dropped - plain) > 1e-6);
    ar_model_draw_dropout(with.model, with.plan, &next);
    assert_true(fabs(loss_of(&with) - dropped) > 1e-6);
    ar_model_draw_dropout(with.model, with.plan, &draw);
    assert_true(loss_of(&with) == dropped);
    ar_model_feed(with.model, with.plan, &with.batch);
    assert_true(fabs(loss_of(&with) - plain) < 1e-12);
    release(&with);
    release(&without);
}

/* With its mask held, a network that drops is a function as any other. */
static void gradient_passes_dropout(void **state)
{
    (void)state;
    network n;
    create(&n, dropping, 4, AR_TYPE_FLOAT64, "ref", 1);
    ar_model_draw_dropout(n.model, n.plan, &(ar_draw){.seed = 5, .step = 8});
    check_gradient(&n, "with dropout");
    release(&n);
}

/* Sample 1 of a batch of three has the state that it has alone, when it is number 1 there too. The
 * products sum in the same order here, so the bits agree. */
static void dropout_does_not_depend_on_the_batch(void **state)
{
    (void)state;
    network many, one;
    create(&many, dropping, 4, AR_TYPE_FLOAT64, "ref", BATCH);
    create(&one, dropping, 4, AR_TYPE_FLOAT64, "ref", 1);
    for (int64_t f = 0; f < FIELDS; f++) {
        const ar_field_batch *from = &many.fields[f], *to = &one.fields[f];
        const int64_t rows = from->token_count;
        memcpy(to->source, from->source + rows * from->values,
               (size_t)(rows * from->values) * sizeof(float));
        memcpy(to->token_info, from->token_info + rows * AR_TOKEN_INFO_SIZE,
               (size_t)(rows * AR_TOKEN_INFO_SIZE) * sizeof(float));
    }
    ar_model_feed(one.model, one.plan, &one.batch);
    ar_model_draw_dropout(many.model, many.plan, &(ar_draw){.seed = 5, .step = 8});
    ar_model_draw_dropout(one.model, one.plan, &(ar_draw){.seed = 5, .step = 8, .first_sample = 1});
    ar_plan_forward(many.plan);
    ar_plan_forward(one.plan);
    for (int64_t f = 0; f < FIELDS; f++) {
        ar_matrix all = ar_plan_matrix(many.plan, many.model->fields[f].decoder);
        ar_matrix alone = ar_plan_matrix(one.plan, one.model->fields[f].decoder);
        const int64_t rows = alone.rows;
        assert_memory_equal((double *)all.data + rows * all.stride, alone.data,
                            (size_t)(rows * alone.columns) * sizeof(double));
    }
    release(&many);
    release(&one);
}

/* ---- training ---------------------------------------------------------------------------------
 */

/* Each loss alone, from a configuration, goes down on one batch. */
static void every_loss_trains(void **state)
{
    (void)state;
    const char *const losses[] = {"mse_ensemble", "stats",        "mse",        "crps",
                                  "kernel_crps",  "weighted_mse", "stats_area", "sobolev_h1"};
    for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
        network n;
        char setting[64];
        snprintf(setting, sizeof setting, "training.losses={%s: 2}", losses[l]);
        create(&n, (const char *const[]){setting}, 1, AR_TYPE_FLOAT32, "cpu", BATCH);
        ar_optimiser optimiser;
        assert_int_equal(ar_optimiser_init(&optimiser, n.model->graph, NULL), AR_OK);
        double first = 0, last = 0;
        for (int step = 0; step < 40; step++) {
            double norm;
            compute_gradients(&n);
            last = (double)*(float *)ar_plan_matrix(n.plan, n.model->loss).data;
            first = step == 0 ? last : first;
            assert_true(ar_optimiser_step(&optimiser, n.plan, n.model->graph,
                                          ar_backend_find("cpu"), &n.configuration.training, 3e-3,
                                          n.parameters, n.gradients, 1, &norm));
            assert_true(norm > 0);
        }
        if (!(last < 0.97 * first)) {
            fail_msg("%s: from %g to %g", losses[l], first, last);
        }
        ar_optimiser_release(&optimiser);
        release(&n);
    }
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    network n;
    ar_optimiser optimiser;
    create(&n, (const char *const[]){"model.decoder.layers=2"}, 1, AR_TYPE_FLOAT32, "cpu", BATCH);
    assert_int_equal(ar_optimiser_init(&optimiser, n.model->graph, NULL), AR_OK);
    const int64_t before = ar_allocation_count();
    for (int step = 0; step < 3; step++) {
        double norm;
        n.batch.sample_count = BATCH - step;
        for (int64_t f = 0; f < FIELDS; f++) {
            mask_tokens(&n, f, n.batch.sample_count);
        }
        ar_model_feed(n.model, n.plan, &n.batch);
        compute_gradients(&n);
        assert_true(ar_optimiser_step(&optimiser, n.plan, n.model->graph, ar_backend_find("cpu"),
                                      &n.configuration.training, 1e-3, n.parameters, n.gradients, 1,
                                      &norm));
    }
    assert_int_equal(ar_allocation_count(), before);
    ar_optimiser_release(&optimiser);
    release(&n);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const char *const variants[] = {
        "model.positions=harmonic", "model.positions=factorised",
        "fields.0.embedding_network={type: transformer, patch: [1, 1, 3]}"};
    for (int v = 0; v < 3; v++) {
        ar_configuration configuration = {0};
        read_configuration(&configuration,
                           (const char *const[]){variants[v], "model.decoder.layers=1"}, 2);
        const ar_model_options options = {.batch = 2, .losses = true, .type = AR_TYPE_FLOAT32};
        ar_status status = AR_ERROR_MEMORY;
        int64_t failed = 0;
        for (; status != AR_OK; failed++) {
            ar_model *model = NULL;
            ar_error err = {""};
            ar_fail_allocation_after(failed);
            status = ar_model_create(&model, &configuration, &options, &err);
            ar_fail_allocation_after(-1);
            if (status != AR_OK && status != AR_ERROR_MEMORY) {
                fail_msg("allocation %d failed, and the error is: %s", (int)failed, err.message);
            }
            assert_true((model != NULL) == (status == AR_OK));
            ar_model_destroy(&model);
        }
        assert_true(failed > 300);
        ar_configuration_release(&configuration);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_derivative),
        cmocka_unit_test(recomputed_layers_change_nothing),
        cmocka_unit_test(every_parameter_is_trained),
        cmocka_unit_test(attention_reaches_what_it_should),
        cmocka_unit_test(operations_follow_the_reach),
        cmocka_unit_test(weights_reproduce_the_attention),
        cmocka_unit_test(positions_are_those_of_the_formula),
        cmocka_unit_test(positions_reach_the_embedding),
        cmocka_unit_test(no_displacement_changes_nothing),
        cmocka_unit_test(starting_values_follow_seed_and_name),
        cmocka_unit_test(starting_values_have_the_right_size),
        cmocka_unit_test(other_samples_do_not_matter),
        cmocka_unit_test(a_sample_alone_is_the_same),
        cmocka_unit_test(statistics_and_empty_batches),
        cmocka_unit_test(dropout_is_on_where_it_is_drawn),
        cmocka_unit_test(gradient_passes_dropout),
        cmocka_unit_test(dropout_does_not_depend_on_the_batch),
        cmocka_unit_test(every_loss_trains),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
