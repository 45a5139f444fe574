/* The nature run on published cases at any truncation, longer and with more numbers than
 * tests/nature/test_published_cases.c has; prints what it gets, day by day or block by block.
 *     build/release/bin/bench-nature_cases wave|steady|climate [TRUNCATION [LEVELS [COUNT]]]
 * wave: the baroclinic wave of Jablonowski & Williamson (2006) for COUNT days (10); steady: their
 * jet without the perturbation. LEVELS equal layers or, as the default, cam: those of NCAR's CAM 3.
 * climate: Held & Suarez (1994), COUNT blocks (10) of 200 days after 200 of spin-up; 10 levels.
 * T42: a wave takes 20 s, a climate 20 min. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nature/cam_levels.h"
#include "nature/initial_states.h"
#include "nature/measures.h"
#include "nature/nature.h"

/* Lowest and highest surface pressure and their places, day by day. */
static ar_status run_wave(ar_nature *nature, int days, ar_error *err)
{
    ar_status status = AR_OK;
    double energy_at_start = 0, energy = 0;
    double *map = calloc(MAP_ROWS * MAP_COLUMNS, sizeof *map);
    ar_nature_fields fields = fields_allocate(nature);
    if (!map) {
        abort();
    }
    baroclinic_jet(nature, true, &fields);
    AR_TRY(ar_nature_set_fields(nature, &fields, err));
    AR_TRY(ar_nature_mean_energy(nature, &energy_at_start, err));
    for (int day = 1; day <= days; day++) {
        AR_TRY(ar_nature_advance(nature, 24, err));
        AR_TRY(map_surface_pressure(nature, map, err));
        AR_TRY(ar_nature_mean_energy(nature, &energy, err));
        pressure_centre low = find_centre(map, true, 0, 90, 0, 359);
        pressure_centre high = find_centre(map, false, 0, 90, 0, 359);
        printf(
            "day %2d: lowest %7.2f hPa at %2.0f N %3.0f E, highest %7.2f hPa at %2.0f N %3.0f E, "
            "energy changed by %+.1e\n",
            day, low.pressure_hpa, low.latitude, low.longitude, high.pressure_hpa, high.latitude,
            high.longitude, energy / energy_at_start - 1);
        fflush(stdout);
    }
cleanup:
    free(map);
    free(fields.eastward);
    return status;
}

/* The norms of Jablonowski & Williamson (2006), eqs. 14 and 15, day by day. */
static ar_status run_steady(ar_nature *nature, int days, ar_error *err)
{
    ar_status status = AR_OK;
    double energy_at_start = 0, energy = 0;
    ar_nature_fields start = fields_allocate(nature), now = fields_allocate(nature);
    baroclinic_jet(nature, false, &start);
    AR_TRY(ar_nature_set_fields(nature, &start, err));
    AR_TRY(ar_nature_get_fields(nature, &start, err));
    AR_TRY(ar_nature_mean_energy(nature, &energy_at_start, err));
    for (int day = 1; day <= days; day++) {
        AR_TRY(ar_nature_advance(nature, 24, err));
        AR_TRY(ar_nature_get_fields(nature, &now, err));
        AR_TRY(ar_nature_mean_energy(nature, &energy, err));
        jet_error error = measure_jet_error(nature, &start, &now);
        printf("day %2d: zonal mean off by %.4f m/s, asymmetry %.1e m/s, energy changed by %+.1e\n",
               day, error.zonal_mean, error.asymmetry, energy / energy_at_start - 1);
        fflush(stdout);
    }
cleanup:
    free(start.eastward);
    free(now.eastward);
    return status;
}

/* Mean and standard deviation of a column of values[count][stride]. */
static void print_statistics(const char *what, const double *values, int count, int stride)
{
    double mean = 0, square = 0;
    for (int i = 0; i < count; i++) {
        mean += values[i * stride] / count;
    }
    for (int i = 0; i < count; i++) {
        square += pow(values[i * stride] - mean, 2) / (count > 1 ? count - 1 : 1);
    }
    printf("%-36s mean %7.3f  standard deviation of a block %.3f\n", what, mean, sqrt(square));
}

static ar_status run_climate(ar_nature *nature, int blocks, ar_error *err)
{
    enum { DAYS = 200, NUMBERS = 6 };
    ar_status status = AR_OK;
    int64_t size = ar_nature_get_sigma(nature)->nlev *
                   ar_harmonics_get_settings(ar_nature_get_harmonics(nature))->nlat;
    double *mean = calloc((size_t)size, sizeof *mean);
    double *numbers = calloc((size_t)blocks * NUMBERS, sizeof *numbers);
    if (!mean || !numbers) {
        abort();
    }
    ar_nature_perturb(nature, 1, 1);
    AR_TRY(ar_nature_advance(nature, 200 * 24, err));
    for (int block = 0; block < blocks; block++) {
        memset(mean, 0, (size_t)size * sizeof *mean);
        AR_TRY(accumulate_zonal_wind(nature, DAYS, mean, err));
        climate c = measure_climate(nature, mean);
        printf("%3d: north %.1f m/s at %.1f, sigma %.3f; south %.1f m/s at %.1f, sigma %.3f; "
               "easterlies %.1f m/s; hemispheres %.1f m/s apart\n",
               block, c.speed[0], c.latitude[0], c.sigma[0], c.speed[1], c.latitude[1], c.sigma[1],
               c.easterlies, c.difference);
        fflush(stdout);
        const double row[NUMBERS] = {(c.speed[0] + c.speed[1]) / 2,
                                     c.speed[0] - c.speed[1],
                                     (c.latitude[0] + c.latitude[1]) / 2,
                                     c.latitude[0] - c.latitude[1],
                                     c.easterlies,
                                     c.difference};
        memcpy(numbers + block * NUMBERS, row, sizeof row);
    }
    const char *const what[NUMBERS] = {"jets, m/s",         "north less south, m/s",
                                       "latitude, degrees", "north less south, degrees",
                                       "easterlies, m/s",   "rms between hemispheres, m/s"};
    for (int i = 0; i < NUMBERS; i++) {
        print_statistics(what[i], numbers + i, blocks, NUMBERS);
    }
cleanup:
    free(mean);
    free(numbers);
    return status;
}

static ar_status run_case(const char *name, const ar_nature_settings *settings, int count,
                          ar_error *err)
{
    ar_nature *nature = NULL;
    ar_status status = ar_nature_create(&nature, settings, err);
    if (status == AR_OK && strcmp(name, "climate") == 0) {
        status = run_climate(nature, count, err);
    } else if (status == AR_OK && strcmp(name, "steady") == 0) {
        status = run_steady(nature, count, err);
    } else if (status == AR_OK) {
        status = run_wave(nature, count, err);
    }
    ar_nature_destroy(&nature);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    bool climate_case = strcmp(name, "climate") == 0;
    if (!climate_case && strcmp(name, "wave") != 0 && strcmp(name, "steady") != 0) {
        fprintf(stderr, "bench-nature_cases: '%s'; should be wave, steady or climate\n", name);
        return 2;
    }
    bool cam = argc > 3 ? strcmp(argv[3], "cam") == 0 : !climate_case;
    ar_nature_settings settings =
        ar_nature_default_settings(argc > 2 ? atoll(argv[2]) : 42, cam        ? CAM_LEVELS
                                                                   : argc > 3 ? atoll(argv[3])
                                                                              : 10);
    settings.held_suarez = climate_case;
    settings.sigma_half = cam ? cam_interfaces : NULL;
    int count = argc > 4 ? atoi(argv[4]) : 10;
    ar_error err = {""};
    if (run_case(name, &settings, count > 0 ? count : 1, &err) != AR_OK) {
        fprintf(stderr, "bench-nature_cases: %s\n", err.message);
        return 1;
    }
    return 0;
}
