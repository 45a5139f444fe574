/* How fast the nature run is: simulated days an hour by truncation and threads, and the bound that
 * the transforms alone set (the same number of them on the same threads, and nothing else).
 *     build/release/bin/bench-nature */
#include <stdio.h>
#include <stdlib.h>

#include <omp.h>

#include "base/log.h"
#include "nature/nature.h"

static int fail(const ar_error *err)
{
    fprintf(stderr, "bench-nature: %s\n", err->message);
    return 1;
}

/* Seconds for the transforms of `steps` steps: every level has three scalars, a wind and a gradient
 * to synthesise, and a wind and two scalars to analyse. */
static double time_transforms(const ar_nature *nature, int64_t steps)
{
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
            for (int i = 0; i < 3; i++) {
                failures += ar_harmonics_synthesise(h, vorticity, u, NULL) != AR_OK;
            }
            failures += ar_harmonics_synthesise_gradient(h, vorticity, u, v, NULL) != AR_OK;
            failures += ar_harmonics_synthesise_wind(h, vorticity, vorticity, u, v, NULL) != AR_OK;
            failures += ar_harmonics_analyse_wind(h, u, v, a, b, NULL) != AR_OK;
            for (int i = 0; i < 2; i++) {
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

static ar_status time_run(int64_t truncation, int64_t nlev, int threads, ar_error *err)
{
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(truncation, nlev);
    ar_status status = ar_nature_create(&nature, &settings, err);
    omp_set_num_threads(threads);
    if (status == AR_OK) {
        ar_nature_perturb(nature, 1, 1);
        status = ar_nature_advance(nature, 1, err);
    }
    /* At least a second and three hours. */
    double start = ar_clock_seconds(), seconds = 0;
    int64_t hours = 0;
    while (status == AR_OK && (seconds < 1 || hours < 3)) {
        status = ar_nature_advance(nature, 1, err);
        seconds = ar_clock_seconds() - start;
        hours++;
    }
    if (status == AR_OK) {
        double transforms = time_transforms(nature, hours * settings.steps_per_hour);
        printf("T%-4lld %3lld levels  %d threads  %8.3f s/day  %8.0f days/hour  transforms alone "
               "%3.0f %%\n",
               (long long)truncation, (long long)nlev, threads, seconds * 24 / hours,
               3600 / (seconds * 24 / hours), 100 * transforms / seconds);
        fflush(stdout);
    }
    ar_nature_destroy(&nature);
    return status;
}

int main(void)
{
    const int64_t cases[][2] = {{21, 5}, {31, 8}, {42, 10}, {63, 15}, {85, 20}};
    int most = omp_get_max_threads();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int threads = 1; threads <= most; threads += most > 1 ? most - 1 : 1) {
            ar_error err = {""};
            if (time_run(cases[i][0], cases[i][1], threads, &err) != AR_OK) {
                return fail(&err);
            }
        }
    }
    return 0;
}
