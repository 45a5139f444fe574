/* How fast batches are made of data in files, and how much memory it takes: what `atmorep train`
 * does beside its steps, with nothing but taking the batches, or being busy in between. One process
 * is one measurement.
 *
 *     build/release/bin/bench-cubes CONFIG.yaml --steps 200 --set training.batch=8
 *     build/release/bin/bench-cubes CONFIG.yaml --step-seconds 0.5    a thread is busy so long a
 * step
 *
 * Prints one line of JSON. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/memory.h"
#include "train/cube_source.h"
#include "train/loader.h"

enum { SETTINGS_MOST = 32 };

typedef struct {
    ar_configuration configuration;
    int64_t steps;
    double step_seconds;
    ar_dataset dataset;
    ar_cube_source training, validation; /* of the latter there is none */
    ar_loader *loader;
    double opened, first, last; /* seconds from the beginning */
    double waited;              /* for batches after the first */
} bench_run;

static void be_busy(double seconds)
{
    const double begin = ar_clock_seconds();
    while (ar_clock_seconds() - begin < seconds) {
    }
}

static ar_status measure(bench_run *run, ar_error *err)
{
    ar_configuration *c = &run->configuration;
    ar_status status = AR_OK;
    const double begin = ar_clock_seconds();
    const ar_dataset_period period = {.start = c->training_start, .end = c->training_end};
    const ar_sampling sampling = ar_configuration_sampling(c);
    const double limit = c->memory_gib > 0 ? c->memory_gib * (1 << 30) : INFINITY;
    AR_TRY(ar_dataset_open(&run->dataset, c, (const char *const *)c->paths, c->path_count, &period,
                           limit, err));
    AR_TRY(ar_dataset_normalise(&run->dataset, c, err));
    AR_TRY(ar_dataset_ready(&run->dataset, c, err));
    AR_TRY(ar_cube_source_init(&run->training, &run->dataset, &sampling,
                               run->dataset.training_first, run->dataset.training_last, err));
    AR_TRY(ar_cube_source_divide_memory(&run->training, &run->validation, c, err));
    run->opened = ar_clock_seconds() - begin;
    AR_TRY(ar_cube_source_start(&run->training, 1, run->steps, err));
    const ar_loader_options loading = {.sampler = &run->training.sampler,
                                       .residence = run->training.residence,
                                       .masking = &c->masking,
                                       .samples = c->training.batch,
                                       .seed = (uint64_t)c->seed,
                                       .first_step = 1,
                                       .last_step = run->steps};
    AR_TRY(ar_loader_start(&run->loader, &loading, err));
    for (int64_t step = 1; step <= run->steps; step++) {
        const ar_batch *batch;
        const double asked = ar_clock_seconds() - begin;
        AR_TRY(ar_loader_wait(run->loader, &batch, err));
        ar_loader_go_on(run->loader);
        run->last = ar_clock_seconds() - begin;
        if (step == 1) {
            run->first = run->last;
        } else {
            run->waited += run->last - asked;
        }
        be_busy(run->step_seconds);
    }
cleanup:
    return status;
}

static void print(const bench_run *run)
{
    const ar_configuration *c = &run->configuration;
    const ar_month_schedule *months = &run->training.months;
    const int64_t cubes = (run->steps - 1) * c->training.batch;
    const double seconds = run->last - run->first;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"cubes\": %lld, \"seconds\": %.4f, \"waited\": %.4f, \"cubes_per_second\": %.2f, "
           "\"seconds_to_open\": %.2f, \"seconds_to_first\": %.2f, \"by_months\": %s, "
           "\"slots\": %lld, \"months\": %lld, \"stay\": %lld, \"limit_gib\": %g, "
           "\"resident_gib\": %.3f, \"peak_gib\": %.3f}\n",
           (long long)cubes, seconds, run->waited, (double)cubes / seconds, run->opened,
           run->first - run->opened, run->training.residence ? "true" : "false",
           (long long)months->slot_count, (long long)months->month_count, (long long)months->stay,
           c->memory_gib,
           run->training.residence ? (double)ar_residence_bytes(run->training.residence) / (1 << 30)
                                   : 0,
           (double)usage.ru_maxrss / (1 << 20));
}

static void release(bench_run *run)
{
    ar_loader_stop(&run->loader);
    ar_cube_source_release(&run->training);
    ar_cube_source_release(&run->validation);
    ar_dataset_release(&run->dataset);
    ar_configuration_release(&run->configuration);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"steps", required_argument, NULL, 'n'},
                                            {"step-seconds", required_argument, NULL, 'b'},
                                            {"set", required_argument, NULL, 's'},
                                            {0}};
    const char *settings[SETTINGS_MOST];
    int64_t setting_count = 0, steps = 100;
    double step_seconds = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'n') {
            steps = atoll(optarg);
        } else if (option == 'b') {
            step_seconds = atof(optarg);
        } else if (option == 's' && setting_count < SETTINGS_MOST) {
            settings[setting_count++] = optarg;
        } else {
            return 2;
        }
    }
    if (optind != argc - 1 || steps < 2) {
        fprintf(stderr, "usage: bench-cubes CONFIG.yaml [--steps N, 2 or more] [--step-seconds T] "
                        "[--set KEY=VALUE]\n");
        return 2;
    }
    ar_error err = {""};
    bench_run *run = NULL;
    ar_status status = ar_allocate(&run, 1, sizeof *run, "a measurement", &err);
    if (status == AR_OK) {
        run->steps = steps;
        run->step_seconds = step_seconds;
        status =
            ar_configuration_read(&run->configuration, argv[optind], settings, setting_count, &err);
    }
    if (status == AR_OK) {
        status = measure(run, &err);
    }
    if (status == AR_OK) {
        print(run);
    } else {
        fprintf(stderr, "bench-cubes: %s\n", err.message);
    }
    if (run) {
        release(run);
    }
    ar_free(run);
    return status == AR_OK ? 0 : 1;
}
