/* The nature run on published cases, too long for tests; prints what it gets next to what the
 * source has.
 *     build/release/bin/bench-nature_cases [wave|climate] [TRUNCATION [LEVELS]]
 * wave: the baroclinic wave of Jablonowski & Williamson (2006), 10 days (T42, 20 levels: 10 s).
 * climate: Held & Suarez (1994), 200 days after 200 of spin-up (T42, 10 levels: 5 min). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nature/initial_states.h"
#include "nature/nature.h"

/* The lowest surface pressure and its place, day by day. */
static ar_status run_wave(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    ar_nature_fields fields = fields_allocate(nature);
    double energy_at_start = 0, energy = 0;
    baroclinic_jet(nature, true, &fields);
    AR_TRY(ar_nature_set_fields(nature, &fields, err));
    AR_TRY(ar_nature_mean_energy(nature, &energy_at_start, err));
    puts("Jablonowski & Williamson (2006): lows near 60 N deepen fast from day 7 on, deeper at T85 "
         "than "
         "at T42");
    for (int day = 1; day <= 10; day++) {
        AR_TRY(ar_nature_advance(nature, 24, err));
        AR_TRY(ar_nature_get_fields(nature, &fields, err));
        AR_TRY(ar_nature_mean_energy(nature, &energy, err));
        int64_t lowest = 0;
        for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
            lowest = fields.surface_pressure[p] < fields.surface_pressure[lowest] ? p : lowest;
        }
        printf("day %2d: lowest pressure %.2f hPa at %5.1f N %5.1f E, energy changed by %+.1e\n",
               day, fields.surface_pressure[lowest] / 100,
               90 - ar_harmonics_get_colatitude(h)[lowest / grid->nlon] * 180 / AR_PI,
               360.0 * (lowest % grid->nlon) / grid->nlon, energy / energy_at_start - 1);
        fflush(stdout);
    }
cleanup:
    free(fields.eastward);
    return status;
}

/* The strongest zonal-mean wind between rows `first` and `last` over all levels. */
static void print_jet(const char *side, const ar_nature *nature, const double *mean, int64_t first,
                      int64_t last)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    int64_t nlat = ar_harmonics_get_settings(h)->nlat, level = 0, row = first;
    for (int64_t k = 0; k < sigma->nlev; k++) {
        for (int64_t i = first; i < last; i++) {
            if (mean[k * nlat + i] > mean[level * nlat + row]) {
                level = k;
                row = i;
            }
        }
    }
    printf("%s jet %.1f m/s at %.1f, sigma %.3f\n", side, mean[level * nlat + row],
           90 - ar_harmonics_get_colatitude(h)[row] * 180 / AR_PI, sigma->full[level]);
}

static ar_status run_climate(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const int days = 200;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t nlev = ar_nature_get_sigma(nature)->nlev, nlat = grid->nlat;
    ar_nature_fields fields = fields_allocate(nature);
    double *mean = calloc((size_t)(nlev * nlat), sizeof *mean), trades = 0;
    if (!mean) {
        abort();
    }
    ar_nature_perturb(nature, 1, 1);
    AR_TRY(ar_nature_advance(nature, 200 * 24, err));
    for (int day = 0; day < days; day++) {
        AR_TRY(ar_nature_advance(nature, 24, err));
        AR_TRY(ar_nature_get_fields(nature, &fields, err));
        for (int64_t p = 0; p < nlev * nlat * grid->nlon; p++) {
            mean[p / grid->nlon] += fields.eastward[p] / grid->nlon / days;
        }
    }
    for (int64_t i = nlat / 3; i < 2 * nlat / 3; i++) {
        trades = fmin(trades, mean[(nlev - 1) * nlat + i]);
    }
    puts("Held & Suarez (1994): jets of about 30 m/s near 45 degrees and 250 hPa in both "
         "hemispheres, "
         "easterlies near the ground in the tropics");
    print_jet("northern", nature, mean, 0, nlat / 2);
    print_jet("southern", nature, mean, nlat / 2, nlat);
    printf("strongest easterlies of the lowest level %.1f m/s\n", -trades);
cleanup:
    free(mean);
    free(fields.eastward);
    return status;
}

int main(int argc, char **argv)
{
    bool wave = argc < 2 || strcmp(argv[1], "wave") == 0;
    if (!wave && strcmp(argv[1], "climate") != 0) {
        fprintf(stderr, "bench-nature_cases: %s; should be wave or climate\n", argv[1]);
        return 2;
    }
    ar_nature_settings settings =
        ar_nature_default_settings(argc > 2 ? atoll(argv[2]) : 42, argc > 3 ? atoll(argv[3])
                                                                   : wave   ? 20
                                                                            : 10);
    settings.held_suarez = !wave;
    ar_nature *nature = NULL;
    ar_error err = {""};
    ar_status status = ar_nature_create(&nature, &settings, &err);
    if (status == AR_OK) {
        status = wave ? run_wave(nature, &err) : run_climate(nature, &err);
    }
    if (status != AR_OK) {
        fprintf(stderr, "bench-nature_cases: %s\n", err.message);
    }
    ar_nature_destroy(&nature);
    return status != AR_OK;
}
