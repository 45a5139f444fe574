/* parity DIR [--backend NAME] [--precision bf16] [--stages no]: build the model that
 * DIR/model_id*.json describes, give it DIR/weights.safetensors and the inputs of
 * DIR/forward.safetensors, and print how far every stage is from what the reference implementation
 * computed: ‖ours − theirs‖ / ‖theirs‖. Fails above 1e-5 for the forward pass and losses, and above
 * 1e-4 for gradients and parameters after one AdamW step. With products of bfloat16 the limit of
 * the forward pass and losses is 1e-2; each gradient is told, and the whole gradient held to 2e-2.
 */
#include <glob.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "model/model.h"
#include "model/released_configuration.h"
#include "train/optimiser.h"

typedef struct {
    ar_configuration configuration;
    ar_safetensors *weights, *forward, *gradients, *step;
    ar_model *model;
    ar_plan *plan;
    const ar_backend *backend;
    float *parameters, *parameter_gradients;
    ar_type precision; /* of products */
    bool stages; /* compare them all; otherwise the network as it is trained, which makes less of
                  * its last layer */
    int64_t batch;
    double worst_forward, worst_gradient, whole_gradient, worst_step;
} parity;

static void report(const char *stage, double error, double *worst)
{
    printf("  %-52s %.2e\n", stage, error);
    if (!(error <= *worst)) {
        *worst = error;
    }
}

/* ‖a − b‖ / ‖b‖; a vanishing b is held against `floor`. */
static double relative_distance(const double *a, const double *b, int64_t count, double floor)
{
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    double reference = fmax(sqrt(norm), floor);
    return difference == 0 ? 0 : sqrt(difference) / reference;
}

static ar_status open_file(const char *folder, const char *name, ar_safetensors **file,
                           ar_error *err)
{
    char *path = NULL;
    ar_status status = ar_path_join(&path, folder, name, err);
    if (status == AR_OK) {
        status = ar_safetensors_open(file, path, err);
    }
    ar_free(path);
    return status;
}

static ar_status read_configuration(parity *p, const char *folder, ar_error *err)
{
    char *pattern = NULL;
    glob_t found = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&pattern, folder, "model_id*.json", err));
    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc != 1) {
        status =
            ar_fail(err, AR_ERROR_INPUT, "%s: there must be exactly one model_id*.json", folder);
        goto cleanup;
    }
    AR_TRY(ar_released_configuration(&p->configuration, found.gl_pathv[0], err));
cleanup:
    globfree(&found);
    ar_free(pattern);
    return status;
}

static ar_status need(ar_safetensors *file, const char *name, const ar_safetensor **tensor,
                      ar_error *err)
{
    *tensor = ar_safetensors_find(file, name);
    return *tensor
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT, "%s: no tensor %s", ar_safetensors_path(file), name);
}

/* Parameters by their names; every tensor of the file must have its place, but for the leftover
 * embed_token_info. */
static ar_status load_weights(parity *p, ar_error *err)
{
    const ar_graph *graph = p->model->graph;
    ar_status status = AR_OK;
    for (size_t i = 0; i < graph->parameter_count; i++) {
        const ar_parameter *parameter = &graph->parameters[i];
        const ar_safetensor *tensor;
        AR_TRY(need(p->weights, parameter->name, &tensor, err));
        if (tensor->count != parameter->rows * parameter->columns) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s has %lld values, the model wants %lld",
                           ar_safetensors_path(p->weights), tensor->name, (long long)tensor->count,
                           (long long)(parameter->rows * parameter->columns));
        }
        AR_TRY(
            ar_safetensors_read_float(p->weights, tensor, p->parameters + parameter->offset, err));
    }
    for (int64_t i = 0; i < ar_safetensors_count(p->weights); i++) {
        const char *name = ar_safetensors_get(p->weights, i)->name;
        bool leftover = strncmp(name, "embed_token_info.", 17) == 0;
        if (!leftover && !ar_graph_find_parameter(graph, name)) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: the model has no parameter %s",
                           ar_safetensors_path(p->weights), name);
        }
    }
cleanup:
    return status;
}

static ar_status feed_tensor(parity *p, const char *name, ar_tensor into, ar_error *err)
{
    const ar_safetensor *tensor;
    ar_matrix matrix = ar_plan_matrix(p->plan, into);
    ar_status status = need(p->forward, name, &tensor, err);
    if (status == AR_OK && tensor->count != matrix.rows * matrix.columns) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: %s has %lld values, the model wants %lld",
                         ar_safetensors_path(p->forward), name, (long long)tensor->count,
                         (long long)(matrix.rows * matrix.columns));
    }
    return status == AR_OK ? ar_safetensors_read_float(p->forward, tensor, matrix.data, err)
                           : status;
}

/* Masked tokens are listed per level and sample and counted through the batch within their level.
 */
static ar_status feed_masked(parity *p, int64_t f, ar_error *err)
{
    const ar_field_configuration *field = &p->configuration.fields[f];
    const ar_model_field *tensors = &p->model->fields[f];
    const int64_t per_level = tensors->token_count / field->level_count;
    ar_status status = AR_OK;
    int64_t *indices = NULL, count = 0;
    int32_t *rows = NULL;
    AR_TRY(
        ar_allocate(&rows, (size_t)(p->batch * tensors->token_count), sizeof *rows, "rows", err));
    for (int64_t l = 0; l < field->level_count; l++) {
        for (int64_t b = 0; b < p->batch; b++) {
            char name[160];
            const ar_safetensor *tensor;
            snprintf(name, sizeof name, "in.%s.masked.level%lld.batch%lld", field->name,
                     (long long)l, (long long)b);
            AR_TRY(need(p->forward, name, &tensor, err));
            AR_TRY(ar_allocate(&indices, (size_t)tensor->count, sizeof *indices, name, err));
            AR_TRY(ar_safetensors_read_int64(p->forward, tensor, indices, err));
            for (int64_t i = 0; i < tensor->count; i++) {
                int64_t token = indices[i] - b * per_level;
                if (token < 0 || token >= per_level || count >= tensors->masked_largest) {
                    status = ar_fail(err, AR_ERROR_INPUT, "%s: %s holds index %lld",
                                     ar_safetensors_path(p->forward), name, (long long)indices[i]);
                    goto cleanup;
                }
                rows[count++] = (int32_t)((b * field->level_count + l) * per_level + token);
            }
            ar_free(indices);
            indices = NULL;
        }
    }
    ar_plan_set_rows(p->plan, tensors->masked_dimension, count);
    memcpy(ar_plan_matrix(p->plan, tensors->masked).data, rows, (size_t)count * sizeof *rows);
cleanup:
    ar_free(indices);
    ar_free(rows);
    return status;
}

static ar_status feed(parity *p, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; f < p->configuration.field_count; f++) {
        const ar_model_field *tensors = &p->model->fields[f];
        const char *field = p->configuration.fields[f].name;
        char name[160];
        snprintf(name, sizeof name, "in.%s.source", field);
        AR_TRY(feed_tensor(p, name, tensors->source, err));
        snprintf(name, sizeof name, "in.%s.token_info", field);
        AR_TRY(feed_tensor(p, name, tensors->token_info, err));
        if (ar_tensor_exists(tensors->masked)) {
            AR_TRY(feed_masked(p, f, err));
            snprintf(name, sizeof name, "in.%s.target", field);
            AR_TRY(feed_tensor(p, name, tensors->target, err));
        }
    }
cleanup:
    return status;
}

/* Distance of `count` floats to a tensor of a file. */
static ar_status distance_to(ar_safetensors *file, const char *name, const float *ours,
                             int64_t count, double floor, double *error, ar_error *err)
{
    const ar_safetensor *tensor;
    double *theirs = NULL, *wide = NULL;
    ar_status status = AR_OK;
    AR_TRY(need(file, name, &tensor, err));
    if (tensor->count != count) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s has %lld values, the model gives %lld",
                       ar_safetensors_path(file), name, (long long)tensor->count, (long long)count);
    }
    AR_TRY(ar_allocate(&theirs, (size_t)count, sizeof *theirs, name, err));
    AR_TRY(ar_allocate(&wide, (size_t)count, sizeof *wide, name, err));
    AR_TRY(ar_safetensors_read_double(file, tensor, theirs, err));
    for (int64_t i = 0; i < count; i++) {
        wide[i] = (double)ours[i];
    }
    *error = relative_distance(wide, theirs, count, floor);
cleanup:
    ar_free(theirs);
    ar_free(wide);
    return status;
}

static ar_status compare_stage(parity *p, const char *name, ar_tensor tensor, ar_error *err)
{
    ar_matrix ours = ar_plan_matrix(p->plan, tensor);
    double error = NAN;
    ar_status status =
        distance_to(p->forward, name, ours.data, ours.rows * ours.columns, 0, &error, err);
    if (status == AR_OK) {
        report(name, error, &p->worst_forward);
    }
    return status;
}

static ar_status compare_forward(parity *p, ar_error *err)
{
    ar_status status = AR_OK;
    char name[160];
    for (int64_t f = 0; f < p->configuration.field_count; f++) {
        const ar_model_field *tensors = &p->model->fields[f];
        const char *field = p->configuration.fields[f].name;
        snprintf(name, sizeof name, "out.%s.embed", field);
        if (p->stages) {
            AR_TRY(compare_stage(p, name, tensors->embedded, err));
        }
        for (int64_t layer = 0; p->stages && layer < p->configuration.model.encoder_layers;
             layer++) {
            snprintf(name, sizeof name, "out.%s.encoder%lld", field, (long long)layer);
            AR_TRY(compare_stage(p, name, tensors->encoder[layer], err));
        }
        if (!ar_tensor_exists(tensors->masked)) {
            continue;
        }
        const char *const stages[] = {"decoder", "mean", "std", "ensemble"};
        const ar_tensor ours[] = {tensors->decoder, tensors->mean, tensors->deviation,
                                  tensors->ensemble};
        for (int s = p->stages ? 0 : 1; s < 4; s++) {
            snprintf(name, sizeof name, "out.%s.%s", field, stages[s]);
            AR_TRY(compare_stage(p, name, ours[s], err));
        }
        /* The reference's own crps is no CRPS and has no place in the files; ours is tested
         * elsewhere. */
        for (int kind = 0; kind < AR_LOSS_KIND_COUNT; kind++) {
            snprintf(name, sizeof name, "loss.%s.%s", field, ar_loss_name((ar_loss_kind)kind));
            if (ar_safetensors_find(p->forward, name)) {
                AR_TRY(compare_stage(p, name, tensors->losses[kind], err));
            }
        }
    }
    AR_TRY(compare_stage(p, "loss.total", p->model->loss, err));
cleanup:
    return status;
}

/* A shift of all keys of a head moves no softmax: the true gradient of ln_k.bias is zero, and both
 * implementations hold rounding there. Such gradients are held against the whole gradient's norm
 * instead of their own; the step they cause is then noise of ± learning rate and says nothing. */
static bool is_rounding_only(const char *name)
{
    const char *end = strstr(name, ".ln_k.bias");
    return end && strcmp(end, ".ln_k.bias") == 0;
}

static ar_status compare_gradients(parity *p, ar_error *err)
{
    const ar_graph *graph = p->model->graph;
    ar_status status = AR_OK;
    double difference = 0;
    double whole = sqrt(
        ar_backend_find("ref")->sum_of_squares(p->parameter_gradients, graph->parameter_values, 1));
    for (size_t i = 0; i < graph->parameter_count; i++) {
        const ar_parameter *parameter = &graph->parameters[i];
        char stage[200];
        double error = NAN;
        bool rounding = is_rounding_only(parameter->name);
        AR_TRY(
            distance_to(p->gradients, parameter->name, p->parameter_gradients + parameter->offset,
                        parameter->rows * parameter->columns, rounding ? whole : 0, &error, err));
        snprintf(stage, sizeof stage, "d/d %s%s", parameter->name,
                 rounding ? " (of the whole)" : "");
        report(stage, error, &p->worst_gradient);
        const double own = ar_backend_find("ref")->sum_of_squares(
            p->parameter_gradients + parameter->offset, parameter->rows * parameter->columns, 1);
        difference += rounding ? 0 : error * error * own;
    }
    p->whole_gradient = sqrt(difference) / whole;
cleanup:
    return status;
}

static ar_status compare_step(parity *p, ar_error *err)
{
    const ar_graph *graph = p->model->graph;
    const ar_training_configuration *settings = &p->configuration.training;
    ar_optimiser optimiser = {0};
    ar_status status = AR_OK;
    double norm = 0;
    AR_TRY(ar_optimiser_init(&optimiser, graph, err));
    ar_training_configuration plain = *settings;
    plain.gradient_clip = 0;
    if (!ar_optimiser_step(&optimiser, p->plan, graph, p->backend, &plain, settings->learning_rate,
                           p->parameters, p->parameter_gradients, omp_get_max_threads(), &norm)) {
        status = ar_fail(err, AR_ERROR_NUMERIC, "the gradient is not finite");
        goto cleanup;
    }
    for (size_t i = 0; i < graph->parameter_count; i++) {
        const ar_parameter *parameter = &graph->parameters[i];
        char stage[200];
        double error = NAN;
        int64_t count = parameter->rows * parameter->columns;
        bool rounding = is_rounding_only(parameter->name);
        /* Moved by at most ± the learning rate each. */
        double floor = rounding ? 2e4 * settings->learning_rate * sqrt((double)count) : 0;
        AR_TRY(distance_to(p->step, parameter->name, p->parameters + parameter->offset, count,
                           floor, &error, err));
        snprintf(stage, sizeof stage, "step %s%s", parameter->name,
                 rounding ? " (rounding only)" : "");
        report(stage, error, &p->worst_step);
    }
cleanup:
    ar_optimiser_release(&optimiser);
    return status;
}

static ar_status prepare(parity *p, const char *folder, ar_error *err)
{
    ar_status status = AR_OK;
    char name[160];
    const ar_safetensor *source;
    AR_TRY(read_configuration(p, folder, err));
    AR_TRY(open_file(folder, "weights.safetensors", &p->weights, err));
    AR_TRY(open_file(folder, "forward.safetensors", &p->forward, err));
    AR_TRY(open_file(folder, "gradients.safetensors", &p->gradients, err));
    AR_TRY(open_file(folder, "adamw_step1.safetensors", &p->step, err));
    snprintf(name, sizeof name, "in.%s.source", p->configuration.fields[0].name);
    AR_TRY(need(p->forward, name, &source, err));
    p->batch = source->shape[0];
    AR_TRY(ar_model_create(&p->model, &p->configuration,
                           &(ar_model_options){.batch = p->batch,
                                               .losses = true,
                                               .every_loss = true,
                                               .keep_stages = p->stages,
                                               .type = AR_TYPE_FLOAT32},
                           err));
    size_t count = (size_t)p->model->graph->parameter_values;
    AR_TRY(ar_allocate(&p->parameters, count, sizeof(float), "parameters", err));
    AR_TRY(ar_allocate(&p->parameter_gradients, count, sizeof(float), "gradients", err));
    AR_TRY(ar_plan_create(&p->plan, p->model->graph,
                          &(ar_plan_options){.backend = p->backend,
                                             .loss = p->model->loss,
                                             .precision = p->precision},
                          p->parameters, p->parameter_gradients, err));
    AR_TRY(load_weights(p, err));
    AR_TRY(feed(p, err));
cleanup:
    return status;
}

static void release(parity *p)
{
    ar_plan_destroy(&p->plan);
    ar_model_destroy(&p->model);
    ar_free(p->parameters);
    ar_free(p->parameter_gradients);
    ar_safetensors_close(&p->weights);
    ar_safetensors_close(&p->forward);
    ar_safetensors_close(&p->gradients);
    ar_safetensors_close(&p->step);
    ar_configuration_release(&p->configuration);
}

static bool read_arguments(int argc, char **argv, parity *p)
{
    const char *backend = "cpu", *precision = "float32";
    ar_error err;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--backend") == 0) {
            backend = argv[i + 1];
        } else if (strcmp(argv[i], "--precision") == 0) {
            precision = argv[i + 1];
        } else if (strcmp(argv[i], "--stages") == 0) {
            p->stages = strcmp(argv[i + 1], "no") != 0;
        } else {
            return false;
        }
    }
    return argc >= 2 && argc % 2 == 0 && ar_backend_choose(&p->backend, backend, &err) == AR_OK &&
           ar_precision_of_name(&p->precision, precision, &err) == AR_OK;
}

static ar_status compare(parity *p, ar_error *err)
{
    ar_status status = AR_OK;
    ar_plan_forward(p->plan);
    AR_TRY(compare_forward(p, err));
    ar_plan_adjoint(p->plan);
    AR_TRY(compare_gradients(p, err));
    AR_TRY(compare_step(p, err));
cleanup:
    return status;
}

int main(int argc, char **argv)
{
    parity p = {.stages = true};
    if (!read_arguments(argc, argv, &p)) {
        fprintf(stderr, "usage: parity DIR [--backend cpu|ref|PATH] [--precision float32|bf16] "
                        "[--stages yes|no]\n");
        return 2;
    }
    if (!ar_path_exists(argv[1])) {
        printf("skipped: %s is not there\n", argv[1]);
        return 77;
    }
    ar_error err = {""};
    ar_status status = AR_OK;
    AR_TRY(prepare(&p, argv[1], &err));
    printf("%s on backend %s\n", argv[1], p.backend->name);
    AR_TRY(compare(&p, &err));
    const bool exact = p.precision == AR_TYPE_FLOAT32;
    const double forward_limit = exact ? 1e-5 : 1e-2, gradient_limit = exact ? 1e-4 : 2e-2;
    const double gradient = exact ? p.worst_gradient : p.whole_gradient;
    printf("largest error: forward and losses %.2e (limit %.0e), %s %.2e (limit %.0e), step %.2e\n",
           p.worst_forward, forward_limit, exact ? "gradients" : "whole gradient", gradient,
           gradient_limit, p.worst_step);
    bool passed = p.worst_forward <= forward_limit && gradient <= gradient_limit &&
                  (!exact || p.worst_step <= gradient_limit);
    release(&p);
    return passed ? 0 : 1;
cleanup:
    fprintf(stderr, "parity: %s\n", err.message);
    release(&p);
    return 1;
}
