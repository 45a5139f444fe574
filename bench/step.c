/* Times whole steps of a network on random data: forward, adjoint and AdamW, or the forward pass
 * alone. One process is one measurement, so that its peak memory is that of the case.
 *
 *     build/release/bin/bench-step bench/s.yaml --mode train --steps 5
 *     build/release/bin/bench-step bench/m.yaml --mode infer --set training.batch=4 --json
 */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "foreign_load.h"
#include "model/model.h"
#include "products.h"
#include "synthetic.h"
#include "train/optimiser.h"

/* A step beside which others used more of the machine than this is left out of the statistics, as
 * long as there are any others. */
static const double quiet_share = 0.03;

enum { FORWARD, ADJOINT, OPTIMISER, PARTS };
static const char *const part_names[PARTS] = {"forward", "adjoint", "optimiser"};

typedef struct {
    double whole, parts[PARTS]; /* seconds */
    double foreign;             /* share of the machine */
    double loss;
} step_time;

typedef struct {
    ar_configuration configuration;
    const ar_backend *backend;
    int threads;
    bool train;
    int64_t warm_up, steps; /* 0 steps: sizes and operations only, nothing is allocated */
    ar_model *model;
    ar_plan *plan;
    ar_batch batch;
    float *parameters, *gradients;
    ar_optimiser optimiser;
} bench_run;

/* ---- setting up and running ------------------------------------------------------------------ */

static ar_status prepare(bench_run *run, ar_error *err)
{
    ar_configuration *c = &run->configuration;
    ar_status status = AR_OK;
    AR_TRY(ar_model_create(&run->model, c,
                           &(ar_model_options){.batch = c->training.batch,
                                               .losses = run->train,
                                               .forget_predictions = run->train,
                                               .dropout = run->train,
                                               .type = AR_TYPE_FLOAT32},
                           err));
    const ar_graph *graph = run->model->graph;
    const size_t count = (size_t)graph->parameter_values;
    const ar_plan_options options = {.backend = run->backend,
                                     .loss = run->train ? run->model->loss : AR_NO_TENSOR,
                                     .precision = c->training.precision,
                                     .recompute = c->training.recompute,
                                     .only_sizes = run->steps == 0,
                                     .threads = run->threads};
    if (options.only_sizes) {
        return ar_plan_create(&run->plan, graph, &options, NULL, NULL, err);
    }
    AR_TRY(ar_allocate_large(&run->parameters, count, sizeof(float), "parameters", err));
    if (run->train) {
        AR_TRY(ar_allocate_large(&run->gradients, count, sizeof(float), "gradients", err));
        AR_TRY(ar_optimiser_init(&run->optimiser, graph, err));
    }
    ar_model_initialise(run->model, (uint64_t)c->seed, run->parameters);
    AR_TRY(ar_plan_create(&run->plan, graph, &options, run->parameters, run->gradients, err));
    AR_TRY(synthetic_create(&run->batch, run->model, c->training.batch, (uint64_t)c->seed, err));
cleanup:
    return status;
}

static void release(bench_run *run)
{
    synthetic_release(&run->batch);
    ar_plan_destroy(&run->plan);
    ar_model_destroy(&run->model);
    ar_optimiser_release(&run->optimiser);
    ar_free_large(run->parameters);
    ar_free_large(run->gradients);
    ar_configuration_release(&run->configuration);
}

/* What a training step of train/train.c does after its batch is filled. */
static ar_status take_step(bench_run *run, step_time *time, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration.training;
    const load_reading before = load_read();
    double clocks[PARTS + 1], norm = 0;
    bool moved = true;
    clocks[0] = ar_clock_seconds();
    ar_model_feed(run->model, run->plan, &run->batch);
    ar_plan_forward(run->plan);
    clocks[1] = clocks[2] = clocks[3] = ar_clock_seconds();
    if (run->train) {
        ar_plan_adjoint(run->plan);
        clocks[2] = ar_clock_seconds();
        moved = ar_optimiser_step(&run->optimiser, run->plan, run->model->graph, run->backend,
                                  settings, settings->learning_rate, run->parameters,
                                  run->gradients, run->threads, &norm);
        clocks[3] = ar_clock_seconds();
        time->loss = (double)*(const float *)ar_plan_matrix(run->plan, run->model->loss).data;
    }
    const load_reading after = load_read();
    time->whole = clocks[PARTS] - clocks[0];
    for (int part = 0; part < PARTS; part++) {
        time->parts[part] = clocks[part + 1] - clocks[part];
    }
    time->foreign = load_foreign(&before, &after);
    return moved && isfinite(time->loss)
               ? AR_OK
               : ar_fail(err, AR_ERROR_NUMERIC, "the loss is %g and the gradient's norm %g",
                         time->loss, norm);
}

/* ---- what comes out -------------------------------------------------------------------------- */

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Best, median and slowest of values[count] into `to`. Sorts them. */
static void add_statistics(cJSON *to, double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    const double median = 0.5 * (values[(count - 1) / 2] + values[count / 2]);
    cJSON_AddNumberToObject(to, "best", values[0]);
    cJSON_AddNumberToObject(to, "median", median);
    cJSON_AddNumberToObject(to, "slowest", values[count - 1]);
}

static ar_status add_times(cJSON *to, const step_time *times, int64_t count, bool train,
                           ar_error *err)
{
    double *values = NULL;
    int64_t quiet = 0, used = 0;
    ar_status status = ar_allocate(&values, (size_t)count, sizeof *values, "times", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < count; i++) {
        quiet += times[i].foreign < quiet_share;
    }
    cJSON_AddNumberToObject(to, "steps", (double)count);
    cJSON_AddNumberToObject(to, "quiet_steps", (double)quiet);
    cJSON *all = cJSON_AddArrayToObject(to, "all_seconds");
    for (int64_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(all, cJSON_CreateNumber(times[i].whole));
    }
    for (int part = -1; part < (train ? PARTS : 0); part++) {
        used = 0;
        for (int64_t i = 0; i < count; i++) {
            if (quiet == 0 || times[i].foreign < quiet_share) {
                values[used++] = part < 0 ? times[i].whole : times[i].parts[part];
            }
        }
        add_statistics(cJSON_AddObjectToObject(to, part < 0 ? "seconds" : part_names[part]), values,
                       used);
    }
    ar_free(values);
    return AR_OK;
}

static ar_status report(cJSON *tree, const bench_run *run, const step_time *times, int64_t count,
                        ar_error *err)
{
    const product_operations products = products_count(run->model->graph);
    const double training = run->train ? products.adjoint : 0,
                 recomputed = run->train ? products.recomputed : 0;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    cJSON_AddStringToObject(tree, "mode", run->train ? "train" : "infer");
    cJSON_AddStringToObject(tree, "precision",
                            run->configuration.training.precision == AR_TYPE_BFLOAT16 ? "bf16"
                                                                                      : "float32");
    cJSON_AddStringToObject(tree, "backend", run->backend->name);
    cJSON_AddNumberToObject(tree, "batch", (double)run->configuration.training.batch);
    cJSON_AddNumberToObject(tree, "threads", run->threads);
    cJSON_AddStringToObject(tree, "recompute", ar_recompute_name(ar_plan_recompute(run->plan)));
    cJSON_AddNumberToObject(tree, "parameters", (double)ar_model_parameter_count(run->model));
    int64_t tokens = 0;
    for (int64_t f = 0; f < run->configuration.field_count; f++) {
        tokens += run->model->fields[f].token_count;
    }
    cJSON_AddNumberToObject(tree, "tokens_a_sample", (double)tokens);
    cJSON_AddNumberToObject(tree, "gflop", 1e-9 * (products.forward + training));
    cJSON_AddNumberToObject(tree, "gflop_recomputed", 1e-9 * recomputed);
    cJSON_AddNumberToObject(tree, "arena_mib", (double)ar_plan_bytes(run->plan) / (1 << 20));
    cJSON_AddNumberToObject(tree, "peak_memory_mib", (double)usage.ru_maxrss / (1 << 10));
    if (run->train && count > 0) {
        cJSON_AddNumberToObject(tree, "first_loss", times[0].loss);
        cJSON_AddNumberToObject(tree, "last_loss", times[count - 1].loss);
    }
    return count > 0 ? add_times(tree, times, count, run->train, err) : AR_OK;
}

static ar_status measure(cJSON *tree, bench_run *run, ar_error *err)
{
    step_time *times = NULL;
    ar_status status = AR_OK;
    AR_TRY(prepare(run, err));
    AR_TRY(ar_allocate(&times, (size_t)run->steps + 1, sizeof *times, "times", err));
    for (int64_t i = -run->warm_up; run->steps > 0 && i < run->steps; i++) {
        AR_TRY(take_step(run, &times[i < 0 ? 0 : i], err));
    }
    AR_TRY(report(tree, run, times, run->steps, err));
cleanup:
    ar_free(times);
    return status;
}

/* ---- the command line ------------------------------------------------------------------------ */

static const char usage[] =
    "usage: bench-step CONFIG.yaml [OPTION...]\n"
    "  --mode train|infer    whole training steps, or the forward pass alone (default: train)\n"
    "  --batch N             samples a step, as --set training.batch=N\n"
    "  --precision TYPE      float32 or bf16, as --set training.precision=TYPE\n"
    "  --set KEY=VALUE       override a key of the configuration; may be given often\n"
    "  --backend NAME        cpu, ref ... (default: cpu)\n"
    "  --threads N           (default: all cores)\n"
    "  --steps N             steps to time after the warm-up (default: 5); 0: sizes only\n"
    "  --warm-up N           steps before that (default: 1)\n"
    "  --json                one line of JSON instead of a text\n";

enum { SETTINGS_MOST = 32, SETTING_SIZE = 128 };

typedef struct {
    const char *path, *backend;
    const char *settings[SETTINGS_MOST];
    int64_t setting_count;
    char batch[SETTING_SIZE], precision[SETTING_SIZE];
    int64_t threads;
    bool json;
} command_line;

/* False when the usage is wrong. */
static bool parse(command_line *line, bench_run *run, int argc, char **argv)
{
    static const struct option options[] = {{"mode", required_argument, NULL, 'm'},
                                            {"batch", required_argument, NULL, 'b'},
                                            {"precision", required_argument, NULL, 'p'},
                                            {"set", required_argument, NULL, 'S'},
                                            {"backend", required_argument, NULL, 'B'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"steps", required_argument, NULL, 's'},
                                            {"warm-up", required_argument, NULL, 'w'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    *line = (command_line){.backend = "cpu"};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (line->setting_count == SETTINGS_MOST) {
            return false;
        }
        switch (option) {
        case 'm':
            run->train = strcmp(optarg, "train") == 0;
            if (!run->train && strcmp(optarg, "infer") != 0) {
                return false;
            }
            break;
        case 'b':
            snprintf(line->batch, sizeof line->batch, "training.batch=%s", optarg);
            line->settings[line->setting_count++] = line->batch;
            break;
        case 'p':
            snprintf(line->precision, sizeof line->precision, "training.precision=%s", optarg);
            line->settings[line->setting_count++] = line->precision;
            break;
        case 'S':
            line->settings[line->setting_count++] = optarg;
            break;
        case 'B':
            line->backend = optarg;
            break;
        case 't':
            line->threads = atoi(optarg);
            break;
        case 's':
            run->steps = atoi(optarg);
            break;
        case 'w':
            run->warm_up = atoi(optarg);
            break;
        case 'j':
            line->json = true;
            break;
        default:
            return false;
        }
    }
    line->path = argv[optind];
    return line->path && !argv[optind + 1] && run->steps >= 0 && run->warm_up >= 0;
}

static ar_status run_all(cJSON *tree, const command_line *line, bench_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    run->backend = ar_backend_find(line->backend);
    if (!run->backend) {
        return ar_fail(err, AR_ERROR_USAGE, "backend %s: not there, or not for this processor",
                       line->backend);
    }
    AR_TRY(ar_configuration_read(&run->configuration, line->path, line->settings,
                                 line->setting_count, err));
    AR_TRY(ar_threads_set(line->threads, &run->threads, err));
    cJSON_AddStringToObject(tree, "configuration", line->path);
    AR_TRY(measure(tree, run, err));
cleanup:
    return status;
}

int main(int argc, char **argv)
{
    bench_run run = {.train = true, .warm_up = 1, .steps = 5};
    command_line line;
    ar_error err = {""};
    if (!parse(&line, &run, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    cJSON *tree = cJSON_CreateObject();
    ar_status status = run_all(tree, &line, &run, &err);
    if (status == AR_OK) {
        char *text = line.json ? cJSON_PrintUnformatted(tree) : cJSON_Print(tree);
        puts(text);
        free(text);
    } else {
        fprintf(stderr, "bench-step: %s\n", err.message);
    }
    cJSON_Delete(tree);
    release(&run);
    return status == AR_OK ? 0 : 1;
}
