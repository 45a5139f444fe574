/* What a nature run writes of a state: on the model's own grid and levels the model's own numbers,
 * at other levels what linear interpolation in ln σ and hydrostatics say. */
#include "nature/snapshot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/constants.h"
#include "nature/initial_states.h"

enum { L = 6, N = 21 };

/* A baroclinic wave after two hours, so that nothing is symmetric. */
static ar_nature *wave(void)
{
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(N, L);
    settings.held_suarez = false;
    assert_int_equal(ar_nature_create(&nature, &settings, NULL), AR_OK);
    ar_nature_fields fields = fields_allocate(nature);
    baroclinic_jet(nature, true, &fields);
    assert_int_equal(ar_nature_set_fields(nature, &fields, NULL), AR_OK);
    free(fields.eastward);
    assert_int_equal(ar_nature_advance(nature, 2, NULL), AR_OK);
    return nature;
}

static ar_snapshot take(const ar_nature *nature, const ar_nature_output_options *options)
{
    ar_snapshot snapshot;
    ar_error err = {""};
    if (ar_snapshot_init(&snapshot, nature, options, &err) != AR_OK ||
        ar_snapshot_take(&snapshot, nature, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return snapshot;
}

/* The same transforms of the same spectra: equal to the bit after rounding to float. */
static void own_grid_and_levels(void **state)
{
    (void)state;
    ar_nature *nature = wave();
    ar_snapshot s = take(nature, &(ar_nature_output_options){.grid = AR_NATURE_GRID_GAUSSIAN,
                                                             .level_kind = AR_NATURE_MODEL_LEVELS});
    ar_nature_fields fields = fields_allocate(nature);
    assert_int_equal(ar_nature_get_fields(nature, &fields, NULL), AR_OK);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t plane = grid->nlat * grid->nlon;
    assert_int_equal(s.level_count, L);
    for (int64_t i = 0; i < L * plane; i++) {
        assert_true(s.values[AR_NATURE_EASTWARD_WIND][i] == (float)fields.eastward[i]);
        assert_true(s.values[AR_NATURE_NORTHWARD_WIND][i] == (float)fields.northward[i]);
        assert_true(s.values[AR_NATURE_AIR_TEMPERATURE][i] == (float)fields.temperature[i]);
    }
    for (int64_t p = 0; p < plane; p++) {
        assert_true(s.values[AR_NATURE_SURFACE_PRESSURE][p] == (float)fields.surface_pressure[p]);
    }
    free(fields.eastward);
    ar_snapshot_release(&s);
    ar_nature_destroy(&nature);
}

/* Halfway in ln σ between two levels is the mean of both (float rounding, 1e-6 of the largest);
 * beyond the outermost ones values stay, and geopotential changes by R T Δln σ. */
static void between_and_beyond(void **state)
{
    (void)state;
    ar_nature *nature = wave();
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    const double levels[3] = {sigma->full[0] / 2, sqrt(sigma->full[2] * sigma->full[3]), 1};
    ar_nature_output_options options = {
        .level_kind = AR_NATURE_SIGMA_LEVELS, .levels = levels, .level_count = 3};
    ar_snapshot some = take(nature, &options);
    options.level_kind = AR_NATURE_MODEL_LEVELS;
    ar_snapshot all = take(nature, &options);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(some.grid);
    int64_t plane = grid->nlat * grid->nlon;
    const int64_t nearest[2] = {0, L - 1}, at[2] = {0, 2};
    for (int v = 0; v < AR_NATURE_LEVEL_VARIABLES; v++) {
        const float *x = all.values[v], *y = some.values[v];
        if (!x) {
            assert_int_equal(v, AR_NATURE_SPECIFIC_HUMIDITY); /* this atmosphere is dry */
            continue;
        }
        double largest = 0;
        for (int64_t i = 0; i < L * plane; i++) {
            largest = fmax(largest, fabs(x[i]));
        }
        for (int64_t p = 0; p < plane; p++) {
            assert_true(fabs(y[plane + p] - (x[2 * plane + p] + x[3 * plane + p]) / 2.0) <=
                        1e-6 * largest);
            for (int e = 0; e < 2; e++) {
                double rise = AR_GAS_CONSTANT_DRY * log(sigma->full[nearest[e]] / levels[at[e]]) *
                              all.values[AR_NATURE_AIR_TEMPERATURE][nearest[e] * plane + p];
                double expected =
                    x[nearest[e] * plane + p] + (v == AR_NATURE_GEOPOTENTIAL ? rise : 0);
                assert_true(fabs(y[at[e] * plane + p] - expected) <= 1e-6 * largest);
            }
        }
    }
    ar_snapshot_release(&some);
    ar_snapshot_release(&all);
    ar_nature_destroy(&nature);
}

/* Where the surface pressure is ps, the pressure σ ps is the level σ: with ps of one point both
 * kinds of level agree there (1e-6: ps is known as a float). */
static void pressure_is_sigma(void **state)
{
    (void)state;
    ar_nature *nature = wave();
    const double sigmas[2] = {0.7, 0.3};
    ar_nature_output_options options = {.grid = AR_NATURE_GRID_GAUSSIAN,
                                        .level_kind = AR_NATURE_SIGMA_LEVELS,
                                        .levels = sigmas,
                                        .level_count = 2};
    ar_snapshot at_sigma = take(nature, &options);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(at_sigma.grid);
    int64_t plane = grid->nlat * grid->nlon;
    for (int64_t p = 5; p < plane; p += plane / 7) {
        double surface = at_sigma.values[AR_NATURE_SURFACE_PRESSURE][p];
        const double pressures[2] = {0.7 * surface / 100, 0.3 * surface / 100};
        options.level_kind = AR_NATURE_PRESSURE_LEVELS;
        options.levels = pressures;
        ar_snapshot at_pressure = take(nature, &options);
        for (int v = 0; v < AR_NATURE_SPECIFIC_HUMIDITY; v++) {
            for (int64_t l = 0; l < 2; l++) {
                double x = at_sigma.values[v][l * plane + p];
                assert_true(fabs(at_pressure.values[v][l * plane + p] - x) <=
                            1e-5 * fabs(x) + 1e-12);
            }
        }
        ar_snapshot_release(&at_pressure);
    }
    ar_snapshot_release(&at_sigma);
    ar_nature_destroy(&nature);
}

int main(void)
{
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(5, 2);
    ar_error err = {""};
    if (ar_nature_create(&nature, &settings, &err) != AR_OK &&
        strstr(err.message, "ATMOREP_SPECTRAL")) {
        return 77;
    }
    ar_nature_destroy(&nature);
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_grid_and_levels),
                                       cmocka_unit_test(between_and_beyond),
                                       cmocka_unit_test(pressure_is_sigma)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
