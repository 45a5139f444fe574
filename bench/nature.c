/* How fast the nature run is: simulated days an hour by truncation and threads, dry, with all its
 * physics, and with them as the library's call that also writes every 3 hours, next to the bound
 * that the transforms alone set (the same number of them on the same threads, and nothing else),
 * and the memory it takes. build/release/bin/bench-nature [ROUNDS [TRUNCATION]] Every measurement
 * is a process of its own, so that its peak memory is its own. Measurements alternate: each round
 * (5) goes through all of them once, and best and median are told. Only a machine that does nothing
 * else gives numbers worth keeping. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <omp.h>

#include "atmorep/atmorep.h"
#include "base/folder.h"
#include "base/log.h"
#include "nature/nature.h"

typedef enum { DRY, MOIST, TO_ZARR, TO_NETCDF, KINDS } run_kind;

static const char *const kind_names[KINDS] = {"dry", "moist", "to Zarr", "to netCDF"};

typedef struct {
    int64_t truncation, nlev;
    int threads;
    run_kind kind;
} measurement;

typedef struct {
    double seconds;    /* a simulated day */
    double transforms; /* seconds of its transforms alone; 0: not measured */
    double memory;     /* peak, MiB */
} result;

/* Seconds for the transforms of `steps` steps: every level has three scalars, a wind and a gradient
 * to synthesise, and a wind and two scalars to analyse; humidity is one more scalar with a
 * gradient. */
static double time_transforms(const ar_nature *nature, int64_t steps)
{
    const int tracers = ar_nature_get_settings(nature)->humidity ? 1 : 0;
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    const ar_spectral_state *s = ar_nature_get_state(nature);
    int64_t points = grid->nlat * grid->nlon, L = s->nlev;
    double *fields = calloc((size_t)(2 * L * points), sizeof *fields);
    double complex *spectra = calloc((size_t)(2 * L * s->count), sizeof *spectra);
    int failures = 0;
    double start = ar_clock_seconds();
    for (int64_t step = 0; step < steps && fields && spectra; step++) {
#pragma omp parallel for schedule(dynamic) reduction(+ : failures)
        for (int64_t k = 0; k < L; k++) {
            double *u = fields + 2 * k * points, *v = u + points;
            double complex *a = spectra + 2 * k * s->count, *b = a + s->count;
            const double complex *vorticity = s->vorticity + k * s->count;
            for (int i = 0; i < 3 + tracers; i++) {
                failures += ar_harmonics_synthesise(h, vorticity, u, NULL) != AR_OK;
            }
            for (int i = 0; i < 1 + tracers; i++) {
                failures += ar_harmonics_synthesise_gradient(h, vorticity, u, v, NULL) != AR_OK;
            }
            failures += ar_harmonics_synthesise_wind(h, vorticity, vorticity, u, v, NULL) != AR_OK;
            failures += ar_harmonics_analyse_wind(h, u, v, a, b, NULL) != AR_OK;
            for (int i = 0; i < 2 + tracers; i++) {
                failures += ar_harmonics_analyse(h, u, a, NULL) != AR_OK;
            }
        }
    }
    double seconds = ar_clock_seconds() - start;
    failures += !fields || !spectra;
    free(fields);
    free(spectra);
    return failures ? 0 : seconds;
}

/* At least a second and six hours of the model alone, and then of its transforms. */
static ar_status time_model(const measurement *m, result *r, ar_error *err)
{
    ar_status status = AR_OK;
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(m->truncation, m->nlev);
    int64_t hours = 0;
    if (m->kind == MOIST) {
        settings.humidity = settings.water_cycle = settings.seasonal_cycle = settings.land = true;
        settings.orography = 1;
    }
    AR_TRY(ar_nature_create(&nature, &settings, err));
    ar_nature_perturb(nature, 1, 1);
    AR_TRY(ar_nature_advance(nature, 1, err));
    double start = ar_clock_seconds(), seconds = 0;
    while (seconds < 1 || hours < 6) {
        AR_TRY(ar_nature_advance(nature, 1, err));
        seconds = ar_clock_seconds() - start;
        hours++;
    }
    r->seconds = seconds * 24 / hours;
    r->transforms = time_transforms(nature, hours * settings.steps_per_hour) * 24 / hours;
cleanup:
    ar_nature_destroy(&nature);
    return status;
}

/* The library's own call that writes all it has, on five pressure levels, every 3 hours. */
static ar_status time_output(const measurement *m, result *r, ar_error *err)
{
    char folder[] = "/tmp/bench-nature-XXXXXX", path[64];
    if (!mkdtemp(folder)) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot be made", folder);
    }
    snprintf(path, sizeof path, "%s/run.%s", folder, m->kind == TO_ZARR ? "zarr" : "nc");
    ar_nature_run_options options = ar_nature_run_default_options();
    options.model.truncation = m->truncation;
    options.model.nlev = m->nlev;
    options.days = m->truncation > 42 ? 4 : 20;
    options.spin_up_days = 0;
    options.output.every_hours = 3;
    options.out = path;
    options.threads = m->threads;
    double start = ar_clock_seconds();
    ar_status status = ar_nature_run(&options, err);
    r->seconds = (ar_clock_seconds() - start) / options.days;
    ar_folder_remove(folder);
    return status;
}

/* In a process of its own. The parent never starts a thread, so that the child may. */
static bool measure(const measurement *m, result *r)
{
    int ends[2], wait_status = 0;
    struct rusage usage = {0};
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        ar_error err = {""};
        omp_set_num_threads(m->threads);
        ar_status status = m->kind >= TO_ZARR ? time_output(m, r, &err) : time_model(m, r, &err);
        if (status != AR_OK) {
            fprintf(stderr, "bench-nature: %s\n", err.message);
        }
        bool told = status == AR_OK && write(ends[1], r, sizeof *r) == sizeof *r;
        _exit(told ? 0 : 1);
    }
    close(ends[1]);
    bool told = child > 0 && read(ends[0], r, sizeof *r) == sizeof *r;
    close(ends[0]);
    if (child > 0) {
        wait4(child, &wait_status, 0, &usage);
    }
    r->memory = usage.ru_maxrss / 1024.0;
    return told && wait_status == 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* results[rounds], of one measurement. */
static void print_row(const measurement *m, const result *results, int rounds)
{
    double seconds[64], transforms[64], memory = 0;
    for (int i = 0; i < rounds; i++) {
        seconds[i] = results[i].seconds;
        transforms[i] = results[i].transforms;
        memory = results[i].memory > memory ? results[i].memory : memory;
    }
    qsort(seconds, (size_t)rounds, sizeof *seconds, compare);
    qsort(transforms, (size_t)rounds, sizeof *transforms, compare);
    printf("T%-4lld %6lld %7d  %-12s %8.3f %8.3f %10.0f", (long long)m->truncation,
           (long long)m->nlev, m->threads, kind_names[m->kind], seconds[0], seconds[rounds / 2],
           3600 / seconds[0]);
    if (transforms[0] > 0) {
        printf(" %10.0f %8.0f %%", 3600 / transforms[0], 100 * transforms[0] / seconds[0]);
    } else {
        printf(" %10s %10s", "", "");
    }
    printf(" %8.0f\n", memory);
}

int main(int argc, char **argv)
{
    enum { TRUNCATIONS = 5, MOST_ROUNDS = 64, MOST_CASES = TRUNCATIONS * 2 * KINDS };
    static const int64_t grids[TRUNCATIONS][2] = {{21, 5}, {31, 8}, {42, 10}, {63, 15}, {85, 20}};
    static measurement cases[MOST_CASES];
    static result results[MOST_CASES][MOST_ROUNDS];
    int rounds = argc > 1 ? atoi(argv[1]) : 5, count = 0, most = omp_get_num_procs();
    int64_t only = argc > 2 ? atoll(argv[2]) : 0;
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "bench-nature: %s rounds; should be 1 to %d\n", argv[1], MOST_ROUNDS);
        return 2;
    }
    for (int i = 0; i < TRUNCATIONS; i++) {
        for (int kind = 0; kind < KINDS && (only == 0 || only == grids[i][0]); kind++) {
            cases[count++] = (measurement){grids[i][0], grids[i][1], 1, (run_kind)kind};
            if (most > 1) {
                cases[count++] = (measurement){grids[i][0], grids[i][1], 2, (run_kind)kind};
            }
        }
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            if (!measure(&cases[i], &results[i][round])) {
                return 1;
            }
        }
    }
    printf("%-5s %6s %7s  %-12s %8s %8s %10s %10s %10s %8s\n", "", "", "", "", "s a day", "s a day",
           "days an", "transforms", "share of", "peak");
    printf("%-5s %6s %7s  %-12s %8s %8s %10s %10s %10s %8s\n", "", "levels", "threads", "run",
           "best", "median", "hour", "alone", "transforms", "MiB");
    for (int i = 0; i < count; i++) {
        print_row(&cases[i], results[i], rounds);
    }
    return 0;
}
